import { afterAll, beforeAll, expect, it } from "vitest";
import { describeInBrowser } from "./chromium.ts";
import type { Layer } from "./playgroundWindow.ts";
import { Studio } from "./studio.ts";

/** Long enough for previews in the canvas, which come 1.5 s apart at most. */
const longRun = { steps: 100 };
const isPreview = ({ name }: Layer) => name === "Backdrop preview";

describeInBrowser("interruptions", () => {
  let studio: Studio;
  beforeAll(async () => {
    studio = await Studio.openPaired();
  });
  afterAll(async () => {
    await studio.close();
  });

  it("cancelling in the middle of a run changes nothing in the document", async () => {
    const playground = await studio.playground({ form: longRun });
    await playground.use("Reference / table", "Style reference");
    const before = await playground.tree();
    await playground.generate();
    await playground.step(2);
    await playground.cancelButton.click();
    await playground.panel.getByText("This run was cancelled.").waitFor();
    await playground.generateButton.waitFor();
    await playground.screenshot("cancelled");
    expect(await playground.tree()).toEqual(before);
    expect(await playground.imageCount()).toBe(0);
    await playground.close();
  });

  it("a server that is killed and started again in the middle of a run brings the run to its end", async () => {
    const playground = await studio.playground({ form: longRun });
    await playground.use("Reference / bokeh", "Style reference");
    await playground.generate();
    await playground.step(3);
    await studio.server.kill();
    await playground.panel.getByRole("button", { name: "Try now" }).waitFor();
    await playground.screenshot("server-lost");
    await studio.server.start();
    await playground.result();
    expect((await playground.layer("Instagram post")).children).toHaveLength(3);
    await playground.close();
  });

  it("previews in the canvas stay within their cap, and leave nothing behind", async () => {
    const playground = await studio.playground({ form: { ...longRun, canvasPreviews: true } });
    await playground.use("Reference / beach", "Style reference");
    const before = await playground.layer("Instagram post");
    const previewIndex = async () => (await playground.layer("Instagram post")).children.findIndex(isPreview);
    await playground.generate();
    await expect.poll(previewIndex, { timeout: 60_000 }).toBe(0);
    await playground.screenshot("canvas-preview");
    await playground.result();
    expect(await playground.imageCount()).toBeGreaterThanOrEqual(2);
    expect(await playground.imageCount()).toBeLessThanOrEqual(8);
    expect(await previewIndex()).toBe(-1);
    await playground.undo();
    expect(await playground.layer("Instagram post")).toEqual(before);
    await playground.close();
  });

  it("a preview layer that is deleted by hand does not disturb the run", async () => {
    const playground = await studio.playground({ form: { ...longRun, canvasPreviews: true } });
    await playground.use("Reference / beach", "Style reference");
    await playground.generate();
    const preview = async () => (await playground.layer("Instagram post")).children.find(isPreview)?.id;
    await expect.poll(preview, { timeout: 60_000 }).toBeDefined();
    await playground.delete((await preview()) ?? "");
    await playground.result();
    const { children } = await playground.layer("Instagram post");
    expect([children.length, children.filter(isPreview)]).toEqual([3, []]);
    await playground.close();
  });

  it("the result comes to where a product was that is deleted in the middle of the run", async () => {
    const playground = await studio.playground({ form: longRun });
    await playground.use("Reference / table", "Style reference");
    await playground.generate();
    await playground.step(2);
    await playground.delete((await playground.layer("Bottle")).id);
    await playground.result();
    await playground.screenshot("product-deleted");
    const { children } = await playground.layer("Instagram post");
    expect(children.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^Background 1 #/),
      "Soft hands, bold days.",
    ]);
    await playground.close();
  });
});
