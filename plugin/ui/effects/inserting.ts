import type { FinishedVariant } from "../../../shared/protocol/jobs.ts";
import { type Recipe, recipeVersion } from "../../recipe.ts";
import { findPainted, type PaintedJob } from "../state/focus.ts";
import { noteOf } from "../state/note.ts";
import { problemOf } from "../state/problem.ts";
import { modelInUse, noteHere, resultKey, type State } from "../state/state.ts";
import type { Context } from "./context.ts";

export interface Inserting {
  /**
   * as a layer beneath the product; `replace` takes the place of the layer of ours that is there. `isAutomatic`: not where the document has, or
   * had, one of the run: whoever put it there has chosen
   */
  insert(jobId: string, variant: number, how: "add" | "replace", isAutomatic?: boolean): Promise<void>;
  removeFromDocument(jobId: string, variant: number): Promise<void>;
}

/** Results into the document and out of it. */
export function createInserting(context: Context): Inserting {
  const { host, connection, state, dispatch } = context;
  const fail = (thrown: unknown) => {
    dispatch({ type: "problem_raised", problem: { ...problemOf(thrown), place: "results" } });
  };

  /** jobs of which a result was inserted, or removed, since the panel was opened */
  const touched = new Set<string>();

  return {
    async insert(jobId, variant, how, isAutomatic = false) {
      const job = findPainted(state(), jobId);
      const finished = job?.variants.find((each) => each.variant === variant);
      const key = resultKey(jobId, variant);
      const before = state().insertions[key] ?? null;
      if (job === null || finished === undefined || before?.type === "inserting") return;
      if (isAutomatic && touched.has(jobId)) return;
      dispatch({ type: "problems_cleared", place: "results" });
      if (noteHere(state(), jobId) === null && state().slots.product.type !== "set") {
        const message = "This result was begun elsewhere. Choose the product that it goes beneath, then insert it.";
        return dispatch({
          type: "problem_raised",
          problem: { code: "layer_missing", place: "results", message, fix: null },
        });
      }
      dispatch({ type: "insertion_changed", key, insertion: { type: "inserting" } });
      try {
        const png = await connection.fetchResult(jobId, `background-${variant}.png`);
        const recipe = recipeOf(state(), job, finished);
        const replace = how === "replace" ? state().replaceable : null;
        const { nodeId, isNew, ...placed } = await host.request("insert_result", {
          runId: jobId,
          png,
          recipe,
          ...(replace !== null && { replace }),
          isAutomatic,
        });
        touched.add(jobId);
        if (replace !== null && isNew) dispatch({ type: "result_gone", nodeId: replace });
        dispatch({ type: "insertion_changed", key, insertion: before });
        const inserted = resultKey(jobId, placed.variant);
        dispatch({ type: "insertion_changed", key: inserted, insertion: { type: "inserted", nodeId } });
      } catch (thrown) {
        dispatch({ type: "insertion_changed", key, insertion: before });
        fail(thrown);
      }
    },
    async removeFromDocument(jobId, variant) {
      const insertion = state().insertions[resultKey(jobId, variant)];
      if (insertion?.type !== "inserted") return;
      const { nodeId } = insertion;
      touched.add(jobId);
      try {
        await host.request("remove_result", { nodeId });
        dispatch({ type: "result_gone", nodeId });
      } catch (thrown) {
        fail(thrown);
      }
    },
  };
}

function recipeOf(state: State, { jobId, params }: PaintedJob, { variant, seed }: FinishedVariant): Recipe {
  // A job that was begun elsewhere goes beneath the product in hand.
  const { layers, hiddenPatches, scale } = noteHere(state, jobId) ?? { ...noteOf(state, 1), hiddenPatches: [] };
  return {
    version: recipeVersion,
    jobId,
    variant,
    model: params.model ?? modelInUse(state)?.name ?? "",
    settings: { ...params.settings, seed, variants: 1 },
    layers,
    productMask: params.inputs.productMask ?? null,
    hiddenPatches,
    scale,
  };
}
