import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { crossAttentionPaths } from "../../server/networks/adapterOrder.ts";
import { parseControlNetConfig, parseUNetConfig } from "../../server/networks/unetConfig.ts";

async function fixture(path: string): Promise<object> {
  return JSON.parse(await readFile(new URL(`../fixtures/networks/unet/${path}`, import.meta.url), "utf8"));
}

/** The options of stabilityai/stable-diffusion-xl-base-1.0 that are not defaults. */
const sdxl = {
  _class_name: "UNet2DConditionModel",
  block_out_channels: [320, 640, 1280],
  down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
  up_block_types: ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
  transformer_layers_per_block: [1, 2, 10],
  attention_head_dim: [5, 10, 20],
  cross_attention_dim: 2048,
  use_linear_projection: true,
  addition_embed_type: "text_time",
  addition_time_embed_dim: 256,
  projection_class_embeddings_input_dim: 2816,
};

describe("parseUNetConfig", () => {
  it("reads attention_head_dim as head counts, one number for all blocks or one each", async () => {
    const heads = (json: unknown) => parseUNetConfig(json).down.map((block) => block.attention?.numHeads);
    expect(heads(await fixture("sd15/unet/config.json"))).toEqual([8, 8, 8, undefined]);
    expect(heads(sdxl)).toEqual([undefined, 10, 20]);
  });

  it("reads SDXL", () => {
    const config = parseUNetConfig(sdxl);
    expect(config.addition).toEqual({ timeIdWidth: 256, pooledWidth: 1280 });
    expect(config.up[0]).toEqual({ channels: 1280, layers: 2, attention: { numHeads: 20, layers: 10 } });
    expect(config.mid.attention?.layers).toBe(10);
  });

  it.each([
    [{ class_embed_type: "projection" }, /class_embed_type: Invalid input: expected null, got "projection"/],
    [{ num_class_embeds: 10 }, /num_class_embeds/],
    [{ time_embedding_type: "fourier" }, /time_embedding_type.*"fourier"/],
    [{ dual_cross_attention: true }, /dual_cross_attention/],
    [{ only_cross_attention: true }, /only_cross_attention/],
    [{ encoder_hid_dim_type: "ip_image_proj" }, /encoder_hid_dim_type/],
    [{ down_block_types: ["DownBlock2D", "AttnDownBlock2D", "DownBlock2D"] }, /down_block_types\.1/],
    [{ block_out_channels: [320, 640] }, /block_out_channels: expected 3 entries, one a down block, got 2/],
    [{ block_out_channels: [320, 640, 1290] }, /1290 does not divide into 32 groups and 20 heads/],
    [{ up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"] }, /up_block_types\[0\].*mirror image/],
    [{ projection_class_embeddings_input_dim: null }, /projection_class_embeddings_input_dim must exceed/],
    [{ new_option: 1 }, /new_option/],
  ])("refuses %j", (change, message) => {
    expect(() => parseUNetConfig({ ...sdxl, ...change })).toThrow(message);
  });

  it("refuses what is no object", () => {
    expect(() => parseUNetConfig("unet")).toThrow(/^unet\/config\.json: .*expected object/);
  });
});

describe("parseControlNetConfig", () => {
  it("reads what ControlNetModel.from_unet writes", async () => {
    const config = parseControlNetConfig(await fixture("mini/controlnet/config.json"));
    expect(config.conditioningChannels).toBe(2);
    expect(config.conditioningWidths).toEqual([8, 8, 12, 16]);
  });

  it("reads a ControlNet without attention in the middle", () => {
    const { up_block_types: _, ...shared } = sdxl;
    const config = parseControlNetConfig({ ...shared, mid_block_type: "UNetMidBlock2D" });
    expect(config.mid.attention).toBeUndefined();
  });

  it("refuses another channel order", async () => {
    const json = await fixture("mini/controlnet/config.json");
    expect(() => parseControlNetConfig({ ...json, controlnet_conditioning_channel_order: "bgr" })).toThrow(
      /controlnet\/config\.json: controlnet_conditioning_channel_order.*"rgb"/,
    );
  });
});

describe("crossAttentionPaths", () => {
  it("counts SDXL as the IP-Adapter does: down 1–47, up 49–119, middle 121–139", () => {
    const paths = crossAttentionPaths(parseUNetConfig(sdxl));
    const numbers = (prefix: string) =>
      paths
        .flatMap((path, i) => (path.startsWith(prefix) ? [2 * i + 1] : []))
        .filter((_, i, all) => i === 0 || i === all.length - 1);
    expect(numbers("down_blocks")).toEqual([1, 47]);
    expect(numbers("up_blocks")).toEqual([49, 119]);
    expect(numbers("mid_block")).toEqual([121, 139]);
    expect(paths[0]).toBe("down_blocks.1.attentions.0.transformer_blocks.0.attn2.");
  });
});
