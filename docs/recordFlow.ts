import { rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Locator, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { PlaygroundWindow } from "../test/browser/playgroundWindow.ts";
import { Studio } from "../test/browser/studio.ts";

// Films docs/flow.webp: the real server, the embedded model and the built plugin in the playground, in real time, silent.
// `npm run recording`; needs Chromium, as the browser tests do.

const file = fileURLToPath(new URL("./flow.webp", import.meta.url));
const window = { width: 1200, height: 750 };
const frameWidthPx = 960;
/** Frames that follow faster are left out. */
const frameMs = 80;
const lookMs = 1200;
const glideMs = 450;

let studio: Studio;
beforeAll(async () => {
  studio = await Studio.openPaired();
});
afterAll(async () => {
  await studio.close();
});

it("films the flow", async () => {
  await rm(file, { force: true });
  const playground = await studio.playground({
    form: { prompt: "", steps: 100, strength: 0.3, seed: 3, isSeedLocked: true },
  });
  await playground.page.setViewportSize(window);
  await playground.reload();
  await playground.generateButton.waitFor();
  await playground.panel.getByRole("button", { name: "Clear Style reference" }).click();
  await drawPointer(playground.page);
  const film = await startFilm(playground.page);
  await flow(playground);
  const frames = await film.stop();
  await writeFilm(frames);
  expect(playground.complaints).toEqual([]);
  await playground.close();
});

/** What is shown: a reference whose product is hidden, a prompt, previews, the layer beneath the product; then another reference. */
async function flow(playground: PlaygroundWindow): Promise<void> {
  const { page, panel } = playground;
  const click = async (target: Locator) => {
    await pointAt(page, await middle(target));
    await target.click();
  };
  const pickReference = async (name: string) => {
    const clear = panel.getByRole("button", { name: "Clear Style reference" });
    if ((await clear.count()) > 0) await click(clear);
    await pointAt(page, await playground.middleOf(name));
    await page.mouse.down();
    await page.mouse.up();
    await click(panel.getByRole("button", { name: "Use selection: Style reference" }));
    await page.waitForTimeout(lookMs / 2);
  };
  const prompt = async (text: string) => {
    const field = panel.getByRole("textbox", { name: "Prompt" });
    await click(field);
    await field.clear();
    await page.keyboard.type(text, { delay: 35 });
    await page.waitForTimeout(lookMs / 2);
  };
  const generate = async () => {
    await click(playground.generateButton);
    await playground.result();
    await page.waitForTimeout(2 * lookMs);
  };
  await page.waitForTimeout(lookMs);
  await pickReference("Reference / beach");
  await click(panel.getByRole("button", { name: "Edit visibility" }).last());
  const grid = panel.getByRole("grid");
  await grid.waitFor();
  await click(panel.getByRole("radio", { name: "5" }));
  await hideProduct(page, grid);
  await page.waitForTimeout(lookMs);
  await click(panel.getByRole("button", { name: "Done" }));
  await prompt("sand by the sea, soft morning light");
  await generate();

  await click(panel.getByRole("tab", { name: "Create" }));
  await pickReference("Reference / bokeh");
  await prompt("a glossy table at night, blurred city lights");
  await generate();
}

/** Strokes over the tube of the beach reference. */
async function hideProduct(page: Page, grid: Locator): Promise<void> {
  const box = await grid.boundingBox();
  if (box === null) throw new Error("the patches are not shown");
  const at = (x: number, y: number) => [box.x + box.width * x, box.y + box.height * y] as const;
  await pointAt(page, at(0.3, 0.33));
  await page.mouse.down();
  for (const [x, y] of [
    [0.3, 0.8],
    [0.42, 0.8],
    [0.42, 0.33],
  ] as const) {
    await pointAt(page, at(x, y));
  }
  await page.mouse.up();
}

async function middle(target: Locator): Promise<readonly [number, number]> {
  await target.scrollIntoViewIfNeeded();
  const box = await target.boundingBox();
  if (box === null) throw new Error(`${target} is not shown`);
  return [box.x + box.width / 2, box.y + box.height / 2];
}

/** A headless browser shows no pointer: this one follows the film's mouse. */
async function drawPointer(page: Page): Promise<void> {
  await page.evaluate(() => {
    const pointer = document.createElement("div");
    pointer.id = "film-pointer";
    pointer.style.cssText =
      "position:fixed;left:0;top:0;z-index:2147483647;width:20px;height:20px;border-radius:50%;pointer-events:none;" +
      "transform:translate(500px,700px);background:rgb(0 0 0 / 0.35);border:2px solid white;box-shadow:0 1px 4px rgb(0 0 0 / 0.4)";
    document.body.append(pointer);
  });
}

let pointer: readonly [number, number] = [500, 700];

/** Moves mouse and pointer there in a straight line, slowly enough to be followed. */
async function pointAt(page: Page, to: readonly [number, number]): Promise<void> {
  const from = pointer;
  const moves = Math.round(glideMs / frameMs);
  for (let move = 1; move <= moves; move++) {
    const part = (1 - Math.cos((Math.PI * move) / moves)) / 2;
    const x = from[0] + (to[0] - from[0]) * part;
    const y = from[1] + (to[1] - from[1]) * part;
    await page.mouse.move(x, y);
    await page.evaluate(
      ([left, top]) => {
        const element = document.getElementById("film-pointer");
        if (element !== null) element.style.transform = `translate(${left - 11}px, ${top - 11}px)`;
      },
      [x, y] as const,
    );
    await page.waitForTimeout(frameMs);
  }
  pointer = to;
}

interface Frame {
  readonly timeMs: number;
  readonly png: Buffer;
}

/** What the browser paints, with the time at which it did; it paints only what changes. */
async function startFilm(page: Page): Promise<{ stop(): Promise<readonly Frame[]> }> {
  const session = await page.context().newCDPSession(page);
  const frames: Frame[] = [];
  session.on("Page.screencastFrame", ({ data, metadata, sessionId }) => {
    const timeMs = 1000 * (metadata.timestamp ?? Date.now() / 1000);
    if (timeMs - (frames.at(-1)?.timeMs ?? 0) >= frameMs) frames.push({ timeMs, png: Buffer.from(data, "base64") });
    void session.send("Page.screencastFrameAck", { sessionId });
  });
  await session.send("Page.startScreencast", { format: "png" });
  return {
    async stop() {
      const endMs = Date.now();
      await session.send("Page.stopScreencast");
      const last = frames.at(-1);
      // The last frame stays as long as nothing changed.
      return last === undefined ? [] : [...frames, { ...last, timeMs: Math.max(endMs, last.timeMs + 1) }];
    },
  };
}

async function writeFilm(frames: readonly Frame[]): Promise<void> {
  const pictures = await Promise.all(
    frames
      .slice(0, -1)
      .map(({ png }) => sharp(png).resize({ width: frameWidthPx }).png({ compressionLevel: 1 }).toBuffer()),
  );
  const delay = frames.slice(1).map(({ timeMs }, i) => Math.round(timeMs - (frames[i]?.timeMs ?? timeMs)));
  const film = await sharp(pictures, { join: { animated: true } })
    .webp({ quality: 70, effort: 4, minSize: true, loop: 0, delay })
    .toBuffer();
  await writeFile(file, film);
  console.log(`${file}: ${pictures.length} frames, ${delay.reduce((sum, ms) => sum + ms, 0)} ms, ${film.length} bytes`);
}
