import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { HelperPackage } from "../../server/assist/helperPackage.ts";
import type { RgbaImage } from "../../server/image/rgba.ts";
import type { CatalogueEntry } from "../../server/install/catalogue/entry.ts";

/** The tiny random helpers, in the layout of the real ones. */
export const tinyHelpersDir = fileURLToPath(new URL("../fixtures/helpers/", import.meta.url));

export function tinyHelper(folder: "segmenter" | "captioner", task: "segment" | "describe"): HelperPackage {
  const dir = `${tinyHelpersDir}${folder}`;
  return { schemaVersion: 1, name: folder, title: folder, licence: "Apache-2.0", task, files: [], dir, sha256: "" };
}

/** A tiny helper's files, as if they were the published ones: by their repository's path. */
export async function publishedHelper(
  { repositories }: CatalogueEntry,
  folder: "segmenter" | "captioner",
): Promise<ReadonlyMap<string, Buffer>> {
  const remote = new Map<string, Buffer>();
  for (const { name, files } of repositories) {
    for (const { path } of files) remote.set(`${name}/${path}`, await readFile(join(tinyHelpersDir, folder, path)));
  }
  return remote;
}

export async function expected(folder: "segmenter" | "captioner"): Promise<unknown> {
  return JSON.parse(await readFile(`${tinyHelpersDir}${folder}/expected.json`, "utf8"));
}

/** The picture of make_segmenter.py and make_captioner.py. */
export function formulaPicture(width: number, height: number): RgbaImage {
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const tile = (Math.floor(x / 16) + Math.floor(y / 12)) % 2;
      for (let c = 0; c < 3; c++) data[(y * width + x) * 4 + c] = (x * 5 + y * 3 + c * 60 + tile * 90) % 256;
    }
  }
  return { width, height, data };
}
