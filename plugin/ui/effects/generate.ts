import { type JobParams, jobParamsSchema } from "../../../shared/protocol/jobs.ts";
import type { ExportedPicture } from "../../messages.ts";
import { checkForm, jobSettings } from "../state/form.ts";
import { noteOf } from "../state/note.ts";
import { erasedProductText, type Problem, problemOf } from "../state/problem.ts";
import { isActive, type JobNote } from "../state/run.ts";
import { hasReference, hiddenByHand, modelInUse, patchGrid, type State } from "../state/state.ts";
import type { Context } from "./context.ts";

/** px of the longer side: more than any model reads of a reference */
export const maxReferenceSidePx = 2048;

/** Starting and cancelling runs. */
export interface Runs {
  /** does nothing while a run is active */
  generate(): Promise<void>;
  cancel(): void;
}

export function createRuns(context: Context): Runs {
  const { host, connection, clock, dispatch } = context;
  let preparing: AbortController | null = null;

  return {
    async generate() {
      const { form, run } = context.state();
      if (isActive(run) || !isComplete(context)) return;
      const jobId = clock.newJobId();
      const seed = form.isSeedLocked && form.seed !== null ? form.seed : clock.newSeed();
      const controller = new AbortController();
      preparing = controller;
      dispatch({ type: "run_started", jobId, seed });
      try {
        const { params, note } = await prepare(context, jobId, seed, controller.signal);
        dispatch({ type: "run_submitted", jobId, params, note });
        connection.submit(jobId, params);
      } catch (thrown) {
        host.post({ type: "end_run", runId: jobId });
        if (controller.signal.aborted) dispatch({ type: "run_cancelled", jobId });
        else dispatch({ type: "run_failed", jobId, problem: problemOf(thrown) });
      }
    },
    cancel() {
      const { run } = context.state();
      if (run.type === "preparing") preparing?.abort();
      if (run.type !== "queued" && run.type !== "running") return;
      const { jobId } = run.job;
      dispatch({ type: "run_cancelling", jobId });
      connection.cancel(jobId);
      // Whenever the server hears of it: nothing more is shown in the canvas.
      host.post({ type: "end_run", runId: jobId });
    },
  };
}

/** Refuses, beside what is missing, what cannot start. */
function isComplete({ state, dispatch }: Context): boolean {
  const { slots, form, connection, isProductErased, problems } = state();
  if (connection.type !== "ready") return false;
  const refuse = (problem: Problem) => {
    dispatch({ type: "tab_chosen", tab: "create" });
    dispatch({ type: "problem_raised", problem });
    return false;
  };
  const missing = (place: "product" | "reference", message: string) =>
    refuse({ code: "layer_missing", place, message, fix: null });
  if (slots.product.type !== "set") {
    return missing("product", "There is no product yet. Select its layer, then “Use selection”.");
  }
  if (!hasReference(state())) {
    return missing("reference", "There is no style reference yet. Select a layer, or choose a picture file.");
  }
  if (isProductErased)
    return refuse({ code: "product_empty", place: "product", message: erasedProductText, fix: null });
  const mismatch = problems.find(({ code }) => code === "mask_mismatch");
  if (mismatch !== undefined) return refuse(mismatch);
  try {
    checkForm(form);
    return true;
  } catch (thrown) {
    return refuse(problemOf(thrown));
  }
}

/** Freezes the document's side, makes the masks and sends all pictures. Throws the signal's reason when it is cancelled. */
async function prepare(
  context: Context,
  jobId: string,
  seed: number,
  signal: AbortSignal,
): Promise<{ readonly params: JobParams; readonly note: JobNote }> {
  const { host, connection, dispatch } = context;
  const begun = context.state();
  const { form } = begun;
  const { frozen, product } = await host.request(
    "begin_run",
    { runId: jobId, scale: form.scale, canvasPreviews: form.canvasPreviews },
    signal,
  );
  const settings = jobSettings(form, seed, frozen);
  dispatch({ type: "run_task", jobId, task: "exporting" });
  const reference = begun.referenceFile ?? (await exportLayer(context, "reference", signal));
  const masks = await makeMasks(context, begun, product, reference, signal);

  dispatch({ type: "run_task", jobId, task: "uploading" });
  const upload = (bytes: Uint8Array) => connection.upload(bytes, signal);
  const inputs = {
    product: await upload(product.bytes),
    reference: await upload(reference.bytes),
    ...(masks.product !== null && { productMask: await upload(masks.product) }),
    ...(masks.reference !== null && { referenceMask: await upload(masks.reference) }),
  };
  signal.throwIfAborted();
  const params = jobParamsSchema.parse({ settings, model: modelInUse(begun)?.name, inputs, previews: true });
  return { params, note: noteOf(begun, frozen.scale) };
}

async function exportLayer(
  { host }: Context,
  slot: "reference" | "referenceMask",
  signal: AbortSignal,
): Promise<ExportedPicture> {
  return (await host.request("export_picture", { slot, maxSidePx: maxReferenceSidePx }, signal)).picture;
}

/** The masks that are needed: none where nothing was hidden, and none of the product unless it was refined. */
async function makeMasks(
  context: Context,
  begun: State,
  product: ExportedPicture,
  reference: { readonly sizePx: ExportedPicture["sizePx"] },
  signal: AbortSignal,
): Promise<{ readonly product: Uint8Array | null; readonly reference: Uint8Array | null }> {
  const { pixels } = context;
  const hidden = hiddenByHand(begun);
  const layer =
    begun.slots.referenceMask.type === "set" ? (await exportLayer(context, "referenceMask", signal)).bytes : null;
  const plan = { sizePx: reference.sizePx, grid: patchGrid(begun), hidden, maskLayer: layer };
  const isNeeded = hidden.length > 0 || layer !== null;
  const { productMask } = begun;
  const masks = {
    product: productMask === null ? null : await pixels.productMask(productMask, product.sizePx),
    reference: isNeeded ? await pixels.referenceMask(plan) : null,
  };
  signal.throwIfAborted();
  return masks;
}
