import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { browserPixels } from "../../plugin/ui/pixels/browserPixels.ts";
import { describeInBrowser, launchBrowser } from "./chromium.ts";

// Protects the pictures and masks that leave the panel: a canvas that shifts, tints or premultiplies them would spoil every run, and only a
// real one can tell. Read back by another decoder than the browser's.

declare global {
  interface Window {
    browserPixels: typeof browserPixels;
    bytesOf(base64: string): Uint8Array;
    base64Of(bytes: Uint8Array): string;
  }
}

/** In the page, which has no modules of ours. */
const helpers = `
  export { browserPixels } from "./plugin/ui/pixels/browserPixels.ts";
  export const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  export const base64Of = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
`;

type Pixel = readonly [number, number, number, number];

/** A PNG from a function of its pixels. */
async function png(width: number, height: number, pixel: (x: number, y: number) => Pixel): Promise<Buffer> {
  const data = Buffer.alloc(width * height * 4);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set(pixel(x, y), (y * width + x) * 4);
  return await sharp(data, { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer();
}

async function read(base64: string) {
  const { data, info } = await sharp(Buffer.from(base64, "base64"))
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => [...data.subarray((y * info.width + x) * 4, (y * info.width + x) * 4 + 4)];
  return { width: info.width, height: info.height, at };
}

/** One grey a pixel; fails where a pixel is not grey and opaque. */
async function readGrey(base64: string) {
  const { width, height, at } = await read(base64);
  const greys: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [r = -1, g, b, alpha] = at(x, y);
      expect([g, b, alpha], `${x}, ${y}`).toEqual([r, r, 255]);
      greys.push(r);
    }
  }
  return { size: [width, height], greys };
}

describeInBrowser("the panel's pixels in a real browser", () => {
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    const { outputFiles } = await build({
      stdin: { contents: helpers, resolveDir: process.cwd() },
      bundle: true,
      write: false,
      format: "iife",
      globalName: "exported",
      target: "es2022",
    });
    browser = await launchBrowser();
    page = await browser.newPage();
    await page.addScriptTag({ content: `${outputFiles[0]?.text}; Object.assign(window, exported);` });
  });
  afterAll(async () => {
    await browser.close();
  });

  it("the mask of hidden patches is black there and white elsewhere, to the pixel", async () => {
    const mask = await page.evaluate(async () => {
      const plan = { sizePx: { width: 100, height: 64 }, grid: 4, hidden: [0, 5, 15], maskLayer: null };
      return window.base64Of(await window.browserPixels.referenceMask(plan));
    });
    const { size, greys } = await readGrey(mask);
    expect(size).toEqual([100, 64]);
    // The centred square is 64 px wide and begins at x 18; patches at its border reach to the picture's edge.
    const cell = (at: number, from: number) => Math.min(Math.max(Math.floor((at - from) / 16), 0), 3);
    const expected = greys.map((_, i) => {
      const patch = cell(Math.floor(i / 100), 0) * 4 + cell(i % 100, 18);
      return [0, 5, 15].includes(patch) ? 0 : 255;
    });
    expect(greys).toEqual(expected);
  });

  it("a mask layer comes through with every grey as it was, and drops where it is transparent", async () => {
    const layer = await png(32, 16, (x, y) =>
      y < 8 ? [y * 32 + x, y * 32 + x, y * 32 + x, 255] : [255, 255, 255, x * 8],
    );
    const mask = await page.evaluate(async (base64) => {
      const plan = { sizePx: { width: 32, height: 16 }, grid: 4, hidden: [], maskLayer: window.bytesOf(base64) };
      return window.base64Of(await window.browserPixels.referenceMask(plan));
    }, layer.toString("base64"));
    const { greys } = await readGrey(mask);
    expect(greys.slice(0, 256)).toEqual(Array.from({ length: 256 }, (_, grey) => grey));
    expect(greys.slice(256, 288)).toEqual(Array.from({ length: 32 }, (_, x) => x * 8));
  });

  it("a mask layer has the engine's luminance, and is refused where its shape is another", async () => {
    const colours: readonly Pixel[] = [
      [255, 0, 0, 255],
      [0, 255, 0, 255],
      [0, 0, 255, 255],
      [255, 255, 255, 255],
    ];
    const layer = await png(4, 4, (x) => colours[x] ?? [0, 0, 0, 0]);
    const made = (height: number) =>
      page.evaluate(
        async ([base64, heightPx]) => {
          const plan = {
            sizePx: { width: 4, height: heightPx },
            grid: 1,
            hidden: [],
            maskLayer: window.bytesOf(base64),
          };
          return await window.browserPixels.referenceMask(plan).then(window.base64Of, (error) => String(error.code));
        },
        [layer.toString("base64"), height] as const,
      );
    expect((await readGrey(await made(4))).greys).toEqual(Array(4).fill([54, 182, 18, 255]).flat());
    expect(await made(8)).toBe("mask_mismatch");
  });

  it("the painted mask comes through to the byte, and larger without a shift", async () => {
    const [same, larger] = await page.evaluate(async () => {
      const data = Uint8Array.from({ length: 256 }, (_, i) => i);
      const mask = { sizePx: { width: 16, height: 16 }, data };
      const halves = { sizePx: { width: 2, height: 2 }, data: Uint8Array.of(0, 255, 0, 255) };
      const { productMask } = window.browserPixels;
      return [
        window.base64Of(await productMask(mask, mask.sizePx)),
        window.base64Of(await productMask(halves, { width: 64, height: 32 })),
      ];
    });
    expect((await readGrey(same ?? "")).greys).toEqual(Array.from({ length: 256 }, (_, i) => i));
    const { size, greys } = await readGrey(larger ?? "");
    expect(size).toEqual([64, 32]);
    // The border between the halves stays in the middle.
    const row = greys.slice(10 * 64, 11 * 64);
    expect([row.findIndex((grey) => grey >= 128), row[0], row[63]]).toEqual([32, 0, 255]);
  });

  it("a reference from disk that is small enough is sent as it is; a larger one keeps its colours, its alpha and its shape", async () => {
    const halves = await png(800, 400, (x) => (x < 400 ? [200, 40, 90, 255] : [10, 220, 30, 0]));
    const open = (maxSidePx: number) =>
      page.evaluate(
        async ([base64, side]) => {
          const file = new File([window.bytesOf(base64).slice()], "halves.png");
          const opened = await window.browserPixels.openReference(file, side);
          return { ...opened, bytes: window.base64Of(opened.bytes) };
        },
        [halves.toString("base64"), maxSidePx] as const,
      );
    expect(await open(800)).toEqual({
      name: "halves.png",
      bytes: halves.toString("base64"),
      sizePx: { width: 800, height: 400 },
      downscaledFrom: null,
    });
    const { sizePx, downscaledFrom, bytes } = await open(200);
    expect([sizePx, downscaledFrom]).toEqual([
      { width: 200, height: 100 },
      { width: 800, height: 400 },
    ]);
    const { width, height, at } = await read(bytes);
    expect([width, height, at(50, 50), at(150, 50)[3]]).toEqual([200, 100, [200, 40, 90, 255], 0]);
  });

  it("a photograph that lies on its side is turned upright", async () => {
    const upright = sharp({ create: { width: 60, height: 20, channels: 3, background: "#456" } });
    const jpeg = await upright.jpeg().withMetadata({ orientation: 6 }).toBuffer();
    const sizes = await page.evaluate(async (base64) => {
      const bytes = window.bytesOf(base64);
      const { sizePx, url } = await window.browserPixels.show(bytes);
      const image = new Image();
      image.src = url;
      await image.decode();
      const file = new File([bytes.slice()], "photo.jpg");
      return [
        sizePx,
        { width: image.naturalWidth, height: image.naturalHeight },
        (await window.browserPixels.openReference(file, 30)).sizePx,
      ];
    }, jpeg.toString("base64"));
    expect(sizes).toEqual([
      { width: 20, height: 60 },
      { width: 20, height: 60 },
      { width: 10, height: 30 },
    ]);
  });

  it("what is no picture, or a damaged one, is refused with its code", async () => {
    const whole = await png(64, 64, (x, y) => [x * 4, y * 4, 9, 255]);
    const codeOf = (bytes: Buffer) =>
      page.evaluate(async (base64) => {
        const file = new File([window.bytesOf(base64).slice()], "picture");
        return await window.browserPixels.openReference(file, 2048).then(
          () => "opened",
          (error) => String(error.code),
        );
      }, bytes.toString("base64"));
    expect(await codeOf(whole)).toBe("opened");
    expect(await codeOf(Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"))).toBe("image_unsupported");
    expect(await codeOf(whole.subarray(0, 40))).toBe("image_corrupt");
  });

  it("the part of each patch that transparency or the mask layer drops is exact", async () => {
    // 2 × 2 patches of 14 px: the first is opaque, of the second half is missing, the third is gone.
    const reference = await png(28, 28, (x, y) => [90, 90, 90, y < 14 ? (x < 21 ? 255 : 0) : x < 14 ? 0 : 255]);
    const layer = await png(28, 28, (x, y) =>
      x >= 14 && y >= 14 && x < 21 && y < 21 ? [0, 0, 0, 255] : [255, 255, 255, 255],
    );
    const parts = await page.evaluate(
      async ([picture, mask]) => {
        const { droppedParts } = window.browserPixels;
        return [
          await droppedParts(window.bytesOf(picture), null, 2),
          await droppedParts(window.bytesOf(picture), window.bytesOf(mask), 2),
          await droppedParts(window.bytesOf(mask), null, 2),
        ];
      },
      [reference.toString("base64"), layer.toString("base64")] as const,
    );
    expect(parts).toEqual([[0, 0.5, 1, 0], [0, 0.5, 1, 0.25], null]);
  });

  it("a mask that leaves only what is transparent anyway leaves nothing of the product", async () => {
    const product = await png(20, 10, (x) => [9, 9, 9, x < 10 ? 255 : 0]);
    const left = await page.evaluate(async (base64) => {
      const leaves = (keepsLeft: boolean) => {
        const data = Uint8Array.from({ length: 200 }, (_, i) => (i % 20 < 10 === keepsLeft ? 255 : 0));
        return window.browserPixels.leavesProduct(window.bytesOf(base64), { sizePx: { width: 20, height: 10 }, data });
      };
      return [await leaves(true), await leaves(false)];
    }, product.toString("base64"));
    expect(left).toEqual([true, false]);
  });

  it("a preview for the canvas is the server's own where it is small enough, else smaller", async () => {
    const jpeg = await sharp({ create: { width: 600, height: 300, channels: 3, background: "#c84" } })
      .jpeg()
      .toBuffer();
    const [same, smaller] = await page.evaluate(async (base64) => {
      const { shrinkJpeg } = window.browserPixels;
      const bytes = window.bytesOf(base64);
      return [window.base64Of(await shrinkJpeg(bytes, 600)), window.base64Of(await shrinkJpeg(bytes, 512))];
    }, jpeg.toString("base64"));
    expect(same).toBe(jpeg.toString("base64"));
    const { width, height, at } = await read(smaller ?? "");
    const off = [0xcc, 0x88, 0x44].map((value, i) => Math.abs(value - (at(200, 100)[i] ?? 0)));
    expect([width, height, Math.max(...off) <= 3]).toEqual([512, 256, true]);
  });
});
