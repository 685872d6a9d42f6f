import { afterAll, beforeAll, expect, it } from "vitest";
import { describeInBrowser } from "./chromium.ts";
import type { PlaygroundWindow } from "./playgroundWindow.ts";
import { Studio } from "./studio.ts";

// Selecting objects by clicks in the real panel on the real server, without any helper installed.

describeInBrowser("selecting objects", () => {
  let studio: Studio;
  beforeAll(async () => {
    studio = await Studio.openPaired();
  });
  afterAll(async () => {
    await studio.close();
  });

  async function clickAt(playground: PlaygroundWindow, selector: string, x: number, y: number, altKey = false) {
    const target = playground.panel.locator(selector);
    const box = await target.boundingBox();
    if (box === null) throw new Error(`${selector} is not shown`);
    const position = { x: x * box.width, y: y * box.height };
    await target.click({ position, ...(altKey && { modifiers: ["Alt"] }) });
    await playground.panel.getByText("Looking for the object…").waitFor({ state: "detached" });
  }

  it("one click hides the reference's product, Alt+click shows it again, undo steps back", async () => {
    const playground = await studio.playground();
    await playground.use("Reference / podium", "Style reference");
    await playground.panel.getByRole("button", { name: "Edit visibility" }).first().click();
    await playground.panel.getByRole("radio", { name: "Select object" }).check();
    const visible = async () => Number.parseInt(await playground.panel.getByText(/of 256 visible/).innerText(), 10);
    expect(await visible()).toBe(256);
    await clickAt(playground, ".patch-grid", 0.4, 0.62);
    await expect.poll(visible).toBeLessThan(256);
    const hidden = 256 - (await visible());
    await playground.screenshot("object-hidden");
    // The bottle with its cap takes about a twelfth of the picture.
    expect(hidden).toBeGreaterThan(15);
    expect(hidden).toBeLessThan(45);
    await playground.panel.getByRole("button", { name: "Undo" }).click();
    await expect.poll(visible).toBe(256);
    await clickAt(playground, ".patch-grid", 0.4, 0.62);
    await expect.poll(visible).toBe(256 - hidden);
    await playground.panel.getByRole("button", { name: "Undo" }).click();
    await playground.panel.getByRole("button", { name: "Swap hidden and visible" }).click();
    await expect.poll(visible).toBe(0);
    await clickAt(playground, ".patch-grid", 0.4, 0.62, true);
    await expect.poll(visible).toBe(hidden);
    expect(playground.complaints).toEqual([]);
    await playground.close();
  });

  it("one click keeps the product alone", async () => {
    const playground = await studio.playground();
    await playground.use("Reference / beach", "Product");
    await playground.panel.getByRole("button", { name: "Refine…" }).click();
    await playground.panel.getByRole("radio", { name: "Select object" }).check();
    await clickAt(playground, ".mask-canvas", 0.33, 0.4);
    await playground.panel
      .getByRole("button", { name: "Back to the layer’s own shape" })
      .and(playground.panel.locator(":enabled"))
      .waitFor();
    await playground.screenshot("object-kept");
    const taken = await playground.panel.locator(".mask-canvas").evaluate((canvas: HTMLCanvasElement) => {
      const { width, height } = canvas;
      const { data } = canvas.getContext("2d")?.getImageData(0, 0, width, height) ?? { data: [] };
      const isTaken = (x: number, y: number) =>
        (data[(Math.floor(y * height) * width + Math.floor(x * width)) * 4 + 3] ?? 0) > 0;
      return [isTaken(0.33, 0.45), isTaken(0.33, 0.7), isTaken(0.75, 0.58), isTaken(0.05, 0.05)];
    });
    expect(taken).toEqual([false, false, true, true]);
    await playground.close();
  });

  it("describing the reference leads to what has to be installed", async () => {
    const playground = await studio.playground();
    await playground.use("Reference / podium", "Style reference");
    await playground.panel.getByRole("button", { name: "Describe the reference" }).click();
    await playground.panel.getByRole("button", { name: "Install it…" }).click();
    await playground.panel.getByRole("button", { name: "Install ViT GPT-2 captions" }).click();
    await playground.panel.getByText("Accept and install").waitFor();
    await playground.screenshot("describe-install");
    await playground.close();
  });
});
