import { afterAll, beforeAll, expect, it } from "vitest";
import { captioner } from "../../server/install/catalogue/helpers.ts";
import { publishedHelper } from "../assist/helpers.ts";
import { sha256, startHub } from "../install/hubServer.ts";
import { describeInBrowser } from "./chromium.ts";
import { Studio } from "./studio.ts";

// A helper is installed by clicks in the real panel, from a hub on this computer that has a tiny one under the published
// name, and answers at once, without a new server or a new panel.

const weights = "Xenova/vit-gpt2-image-captioning/onnx/decoder_model_merged.onnx";

describeInBrowser("installing", () => {
  let hub: Awaited<ReturnType<typeof startHub>>;
  let studio: Studio;
  beforeAll(async () => {
    const files = await publishedHelper(captioner, "captioner");
    hub = await startHub(files, (path) => path === weights);
    process.env.HF_ENDPOINT = hub.endpoint.href;
    studio = await Studio.openPaired();
  });
  afterAll(async () => {
    await studio.close();
    await hub.stop();
    delete process.env.HF_ENDPOINT;
  });

  it.each(["light", "dark"] as const)("what can be installed is shown in %s", async (theme) => {
    const playground = await studio.playground({ theme });
    const { panel } = playground;
    await panel.getByRole("button", { name: "More models" }).click();
    await panel.getByRole("button", { name: "Install Stable Diffusion XL 1.0" }).click();
    await panel.getByRole("link").first().waitFor();
    await playground.screenshot(`models-${theme}`);
    expect(playground.complaints).toEqual([]);
    await playground.close();
  });

  it("a helper, stopped and gone on with, that then describes the reference", async () => {
    // The storage gives the half and keeps the connection.
    hub.fault(weights, ({ response, content }) => {
      response.writeHead(200, { etag: `"${sha256(content)}"`, "content-length": content.length });
      response.write(content.subarray(0, content.length / 2));
    });
    const playground = await studio.playground({ form: { prompt: "" } });
    const { panel } = playground;
    await playground.use("Reference / podium", "Style reference");
    await panel.getByRole("button", { name: "Describe the reference" }).click();
    await panel.getByRole("button", { name: "Install it…" }).click();
    const install = panel.getByRole("button", { name: "Install ViT GPT-2 captions" });
    const accept = panel.getByRole("button", { name: "Accept the licences and install ViT GPT-2 captions" });
    await install.click();
    await accept.click();
    await panel.getByText(/ of 1 MB/).waitFor();
    await playground.screenshot("installing");
    await panel.getByRole("button", { name: "Stop installing ViT GPT-2 captions" }).click();
    await install.click();
    await accept.click();
    await panel.getByText("Installed", { exact: true }).waitFor();
    await panel.getByRole("button", { name: "Done" }).click();
    await panel.getByRole("button", { name: "Describe the reference" }).click();
    await expect.poll(() => panel.getByLabel("Prompt").inputValue()).not.toBe("");
    expect(playground.complaints).toEqual([]);
    await playground.close();
  });
});
