import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { placeLora, requirePlainAlpha } from "../../server/checkpoint/lora.ts";
import { readSafetensors } from "../../server/checkpoint/safetensors.ts";
import { buildDenoiser } from "../../server/networks/denoiser.ts";
import { parseControlNetConfig, parseUNetConfig } from "../../server/networks/unetConfig.ts";
import { Graph, type StoredTensor } from "../../server/onnx/graph.ts";
import { Scope, type Updates, type Weights } from "../../server/onnx/scope.ts";
import { expectClose, pick, readFixture, runGraph, type TestTensor, under } from "../networks/support.ts";

// Protects that a package's LoRA changes the denoiser as it does in diffusers, and that one with no place in it is refused.
// Expected values come from diffusers' load_lora_weights and fuse_lora: test/fixtures/networks/lora/make.py.

const fixtures = fileURLToPath(new URL("../fixtures/networks/", import.meta.url));
const latent = { height: 16, width: 8 };

describe.each([
  ["kohya", "sd15"],
  ["peft", "sdxl"],
])("a LoRA in the form of %s", (form, unetName) => {
  const file = `${form}.safetensors`;
  const unetDir = join(fixtures, "unet", unetName);

  it("predicts what diffusers predicts with it fused", async () => {
    const expected = await readFixture(join(fixtures, "lora", `${form}.expected.safetensors`));
    const scale = Number(pick(expected, "scale").data[0]);
    const cases = await readFixture(join(unetDir, "cases.safetensors"));
    const predict = async (updates: Updates) => await predictText(unetDir, file, updates, cases);

    const [lora, unet] = [await readSafetensors(join(fixtures, "lora", file), file), await unetWeights(unetDir)];
    expectClose(await predict(placeLora(lora, unet, file, scale)), expected.get("noise_prediction"), 2e-4);
    expectClose(await predict(placeLora(lora, unet, file, 0)), cases.get("text.noise_prediction"), 1e-4);
  });
});

describe("a LoRA is refused", () => {
  const unet: Weights = new Map([
    ["mid.to_q.weight", stored([8, 6])],
    ["conv_in.weight", stored([8, 4, 3, 3])],
    ["conv_in.bias", stored([8])],
  ]);
  const fitting = { "unet.mid.to_q.lora_A.weight": [2, 6], "unet.mid.to_q.lora_B.weight": [8, 2] };
  const place = (tensors: Readonly<Record<string, readonly number[]>>) =>
    placeLora(new Map(Object.entries(tensors).map(([key, shape]) => [key, stored(shape)])), unet, "few.safetensors", 1);

  it("not when it fits", () => {
    expect([...place({ ...fitting, "unet.mid.to_q.alpha": [] }).keys()]).toEqual(["mid.to_q.weight"]);
    const conv = {
      "lora_unet_conv_in.lora_down.weight": [2, 4, 3, 3],
      "lora_unet_conv_in.lora_up.weight": [8, 2, 1, 1],
    };
    expect([...place(conv).keys()]).toEqual(["conv_in.weight"]);
  });

  it.each<[string, Readonly<Record<string, readonly number[]>>, string]>([
    ["empty", {}, "holds no tensors"],
    [
      "for another UNet",
      { "unet.mid.to_k.lora_A.weight": [2, 6] },
      "unet.mid.to_k.lora_A.weight: expected the name of a layer",
    ],
    ["in another naming", { "lora_unet_input_blocks_1.lora_up.weight": [8, 2] }, "as diffusers or kohya write it"],
    ["on a bias", { "unet.conv_in.bias.lora_A.weight": [2, 6] }, "expected the name of a layer"],
    ["half", { "unet.mid.to_q.lora_A.weight": [2, 6] }, "expected both matrices, got down only"],
    [
      "of two ranks",
      { ...fitting, "unet.mid.to_q.lora_B.weight": [8, 3] },
      "expected matrices [2,6] and [8,2], got [2,6] and [8,3]",
    ],
    ["of another width", { ...fitting, "unet.mid.to_q.lora_A.weight": [2, 7] }, "got [2,7] and [8,2]"],
    [
      "of rank 0",
      { "unet.mid.to_q.lora_A.weight": [0, 6], "unet.mid.to_q.lora_B.weight": [8, 0] },
      "expected matrices",
    ],
    ["with many alphas", { ...fitting, "unet.mid.to_q.alpha": [8] }, "alpha: expected one number, got [8]"],
    [
      "twice on one layer",
      { ...fitting, "lora_unet_mid_to_q.lora_down.weight": [2, 6] },
      "mid.to_q.weight is changed twice",
    ],
    ["a DoRA", { "lora_unet_mid_to_q.dora_scale": [8, 1] }, "is a DoRA"],
    ["a DoRA of PEFT", { "unet.mid.to_q.lora_magnitude_vector": [8] }, "is a DoRA"],
    ["a LoHa", { "lora_unet_mid_to_q.hada_w1_a": [8, 2] }, "is a LoHa"],
    ["a LoKr", { "lora_unet_mid_to_q.lokr_w1": [2, 2] }, "is a LoKr"],
    ["for a text encoder", { "lora_te1_text_model_encoder.lora_up.weight": [8, 2] }, "changes a text encoder"],
    ["for a text encoder, as PEFT writes it", { "text_encoder.x.lora_A.weight": [2, 6] }, "changes a text encoder"],
  ])("%s", (_, tensors, message) => {
    expect(() => place(tensors)).toThrow(message);
  });
});

describe("an alpha in the file's notes", () => {
  const check = (note: string) => requirePlainAlpha({ lora_adapter_metadata: note }, "few.safetensors");

  it("is fine where it is the rank, or where there is none", () => {
    requirePlainAlpha({ format: "pt" }, "few.safetensors");
    check('{"unet.r":64,"unet.lora_alpha":64,"unet.rank_pattern":{},"unet.use_dora":false}');
  });

  it.each([
    ["another number", '{"unet.r":64,"unet.lora_alpha":32}'],
    ["one for each layer", '{"unet.r":64,"unet.lora_alpha":64,"unet.alpha_pattern":{"conv_in":8}}'],
    ["missing", '{"unet.r":64}'],
    ["no JSON", "{"],
  ])("is refused where it is %s", (_, note) => {
    expect(() => check(note)).toThrow("expected an alpha that is the rank");
  });
});

/** The prediction of the fixture's case without picture and ControlNet. */
async function predictText(
  unetDir: string,
  loraFile: string,
  updates: Updates,
  cases: ReadonlyMap<string, TestTensor>,
): Promise<TestTensor> {
  const json = async (path: string): Promise<unknown> => JSON.parse(await readFile(join(unetDir, path), "utf8"));
  const weights = (path: string) => readSafetensors(join(unetDir, path), path);
  const graph = new Graph("denoiser");
  buildDenoiser(
    new Scope(graph, await unetWeights(unetDir), "unet", updates),
    new Scope(graph, await weights("controlnet/diffusion_pytorch_model.safetensors"), "controlnet"),
    new Scope(graph, await weights("ip_adapter.safetensors"), "ip_adapter"),
    {
      unet: parseUNetConfig(await json("unet/config.json")),
      controlNet: parseControlNetConfig(await json("controlnet/config.json")),
      textTokens: 7,
      imageTokens: 5,
    },
    latent,
  );
  const settings = under(cases, "text.");
  settings.delete("noise_prediction");
  const inputs = new Map([
    ...under(cases, "input."),
    ["control_embedding", pick(cases, "control_embedding")] as const,
    ...settings,
  ]);
  const root = await mkdtemp(join(tmpdir(), "backdrop-lora-"));
  try {
    await cp(unetDir, root, { recursive: true });
    await cp(join(fixtures, "lora", loraFile), join(root, loraFile));
    return pick(await runGraph(graph, root, inputs), "noise_prediction");
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function unetWeights(unetDir: string): Promise<Weights> {
  const path = "unet/diffusion_pytorch_model.safetensors";
  return await readSafetensors(join(unetDir, path), path);
}

function stored(shape: readonly number[]): StoredTensor {
  const byteLength = shape.reduce((n, d) => n * d, 4);
  return { file: "few.safetensors", type: "float32", shape, offset: 8, byteLength };
}
