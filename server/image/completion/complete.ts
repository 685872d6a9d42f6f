import { setImmediate as nextTurn } from "node:timers/promises";
import { mulberry32 } from "../../../shared/mulberry32.ts";
import { fillDropped } from "../fill.ts";
import type { GreyImage, RgbaImage } from "../rgba.ts";
import { match, type PatchField, startField } from "./patchField.ts";
import { enlargeInto, type Level, pyramid, withoutFringe } from "./pyramid.ts";
import { blendSeam, elect } from "./votes.ts";

/** Rounds of matching and voting at the finest level, and how many more each coarser one has: what goes where is decided there. */
const finestRounds = 2;
const roundsMore = 2;

/**
 * `image` with every pixel that the mask does not keep wholly continued from the others: patches of what is kept are put together so that
 * they agree with one another and with the surroundings; wood goes on as wood, sand as sand. What is dropped has no influence.
 * Deterministic. Where no patch is kept whole, as `fillDropped` does. Cancelling throws the signal's reason.
 *
 * Wexler, Shechtman, Irani 2007, "Space-Time Completion of Video", for one picture: matching and voting in turns, coarse to fine.
 */
export async function completeDropped(image: RgbaImage, mask: GreyImage, signal?: AbortSignal): Promise<RgbaImage> {
  const kept = await withoutFringe(mask);
  if (!kept.data.includes(0)) return image;
  if (!kept.data.includes(255)) return fillDropped(image, mask);
  const smooth = fillDropped(image, kept);

  const random = mulberry32(1);
  let filled: { level: Level; field: PatchField } | undefined;
  for (const [coarseness, level] of [...pyramid(smooth, kept).entries()].reverse()) {
    if (!level.isSource.includes(1)) continue;
    if (filled) enlargeInto(level, filled.level);
    const field = startField(level, random, filled);
    for (let round = 0; round < finestRounds + roundsMore * coarseness; round++) {
      // Only a turn of the event loop lets a signal be noticed.
      await nextTurn();
      signal?.throwIfAborted();
      match(level, field, random);
      elect(level, field);
    }
    filled = { level, field };
  }
  if (filled?.level.width !== image.width) return smooth;
  blendSeam(filled.level, filled.field);

  const { dropped, colours } = filled.level;
  const data = image.data.slice();
  dropped.forEach((isDropped, i) => {
    if (isDropped) for (let c = 0; c < 3; c++) data[i * 4 + c] = Math.round(colours[i * 3 + c] ?? 0);
  });
  return { ...image, data };
}
