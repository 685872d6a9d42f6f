import { z } from "zod";
import { BackdropError } from "../../../shared/errors.ts";
import { settingRanges } from "../../../shared/settings.ts";
import { findPainted } from "../state/focus.ts";
import type { Shown } from "../state/pictures.ts";
import { problemOf } from "../state/problem.ts";
import { noteHere, resultKey } from "../state/state.ts";
import type { Context } from "./context.ts";
import type { History } from "./history.ts";
import { createInserting, type Inserting } from "./inserting.ts";
import { createPictureCache, type PictureCache } from "./pictureCache.ts";
import type { RestoreMask } from "./restoreMask.ts";

/** What the server found when it compared the product's opaque pixels before and after. */
export interface ProductProof {
  readonly opaquePixels: number;
  readonly changedPixels: number;
  readonly sha256Before: string;
  readonly sha256After: string;
}

export interface Results extends Inserting, Pick<History, "readMore"> {
  /** the picture of a variant, whole or large enough to choose by; kept while it is likely to be shown again */
  picture(jobId: string, variant: number, size: PictureSize): Promise<Shown>;
  /** from the recipe that the server wrote */
  proof(jobId: string, variant: number): Promise<ProductProof>;
  reuseSettings(jobId: string): void;
  /** deletes the job and its files on the server */
  deleteJob(jobId: string): Promise<void>;
}

export type PictureSize = "whole" | "thumbnail";

/** A few pages of the history; up to 64 MB decoded each, few of the whole pictures. */
const maxPictures: Readonly<Record<PictureSize, number>> = { whole: 8, thumbnail: 100 };

const recipeFileSchema = z.object({
  product: z.object({
    opaquePixels: z.int(),
    changedPixels: z.int(),
    sha256Before: z.string(),
    sha256After: z.string(),
  }),
});

/** What can be done with results and with the jobs that made them. */
export function createResults(context: Context, history: History, restoreMask: RestoreMask): Results {
  const { connection, pixels, clock, state, dispatch } = context;
  const caches: Readonly<Record<PictureSize, PictureCache>> = {
    whole: createPictureCache(maxPictures.whole),
    thumbnail: createPictureCache(maxPictures.thumbnail),
  };
  const hasThumbnail = (jobId: string, variant: number) => {
    const finished = findPainted(state(), jobId)?.variants.find((each) => each.variant === variant);
    return finished?.outputs.some(({ role }) => role === "thumbnail");
  };

  return {
    ...createInserting(context),
    picture(jobId, variant, wanted) {
      // Jobs of earlier servers have whole pictures only.
      const size = wanted === "thumbnail" && hasThumbnail(jobId, variant) ? "thumbnail" : "whole";
      const name = size === "thumbnail" ? `thumbnail-${variant}.jpg` : `result-${variant}.png`;
      return caches[size].get(resultKey(jobId, variant), async () =>
        pixels.show(await connection.fetchResult(jobId, name)),
      );
    },
    async proof(jobId, variant) {
      const bytes = await connection.fetchResult(jobId, `recipe-${variant}.json`);
      return parseProof(new TextDecoder().decode(bytes));
    },
    reuseSettings(jobId) {
      const { jobs, jobNotes } = state();
      const painted = findPainted(state(), jobId);
      const params = painted?.params ?? jobs.jobs.find((job) => job.jobId === jobId)?.params;
      if (params === undefined) return;
      const seed = painted?.variants[0]?.seed ?? params.settings.seed ?? clock.newSeed();
      dispatch({ type: "settings_reused", params, seed, note: jobNotes[jobId] ?? null });
      const note = noteHere(state(), jobId);
      if (note !== null) void restoreMask(note.layers.product, params.inputs.productMask ?? null);
    },
    async deleteJob(jobId) {
      try {
        await connection.remove(jobId);
        for (let variant = 1; variant <= settingRanges.variants.max; variant++) {
          for (const cache of Object.values(caches)) cache.drop(resultKey(jobId, variant));
        }
        dispatch({ type: "job_removed", jobId });
      } catch (thrown) {
        dispatch({ type: "problem_raised", problem: problemOf(thrown, "results") });
      }
    },
    readMore: history.readMore,
  };
}

function parseProof(text: string): ProductProof {
  try {
    return recipeFileSchema.parse(JSON.parse(text)).product;
  } catch (cause) {
    throw new BackdropError("internal", "the recipe that the server wrote has no proof of the product", { cause });
  }
}
