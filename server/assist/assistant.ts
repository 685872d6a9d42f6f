import { readFile } from "node:fs/promises";
import { BackdropError } from "../../shared/errors.ts";
import type { Point } from "../../shared/protocol/helpers.ts";
import { maxMaskSidePx } from "../../shared/protocol/limits.ts";
import { decodeImage } from "../image/decode.ts";
import { encodeMask } from "../image/encode.ts";
import { resample, whole } from "../image/resize.ts";
import type { RgbaImage } from "../image/rgba.ts";
import { openCaptioner } from "./describe.ts";
import { HeldHelper } from "./heldHelper.ts";
import { findHelper } from "./helperPackage.ts";
import { openSegmenter } from "./segment.ts";
import { segmentByColour } from "./segmentByColour.ts";

/** A picture on disk; its sha256 names it. */
export interface PictureFile {
  readonly path: string;
  readonly sha256: string;
}

/** What the small models are asked, in the engine's process. */
export interface Assistant {
  /** a PNG, white = the object that was clicked, of the picture's size or smaller */
  segment(picture: PictureFile, points: readonly Point[]): Promise<Uint8Array>;
  /** what the picture shows, in English */
  describe(picture: PictureFile, signal: AbortSignal): Promise<string>;
}

export function createAssistant(modelsDirs: readonly string[], idleMs = 60_000): Assistant {
  const segmenter = new HeldHelper(openSegmenter, idleMs);
  const captioner = new HeldHelper(openCaptioner, idleMs);
  return {
    async segment(file, points) {
      const picture = await readPicture(file);
      const helper = await findHelper("segment", modelsDirs);
      const mask =
        helper === undefined
          ? await segmentByColour(picture, points)
          : await segmenter.use(helper, (opened) => opened.segment(picture, file.sha256, points));
      return await encodeMask(mask);
    },
    async describe(file, signal) {
      const helper = await findHelper("describe", modelsDirs);
      if (helper === undefined) {
        throw new BackdropError(
          "helper_missing",
          "describing a picture needs the helper model captioner; install it with “More…” in the panel, or with backdrop models install captioner",
        );
      }
      const picture = await readPicture(file);
      return await captioner.use(helper, (opened) => opened.describe(picture, signal));
    },
  };
}

/** No larger than any helper reads. */
async function readPicture({ path }: PictureFile): Promise<RgbaImage> {
  const picture = await decodeImage(await readFile(path), "picture");
  const scale = maxMaskSidePx / Math.max(picture.width, picture.height);
  if (scale >= 1) return picture;
  const side = (px: number) => Math.max(1, Math.round(px * scale));
  return await resample(picture, whole(picture), { width: side(picture.width), height: side(picture.height) });
}
