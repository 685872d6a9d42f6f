import { BackdropError } from "../../../shared/errors.ts";
import { isEnd, type JobEnd } from "../../../shared/protocol/jobs.ts";
import type { Preview } from "../connection/connection.ts";
import { findPainted } from "../state/focus.ts";
import { problemOf } from "../state/problem.ts";
import { isActive, jobIdOf } from "../state/run.ts";
import { noteHere, resultKey } from "../state/state.ts";
import type { CanvasPreviews } from "./canvasPreviews.ts";
import type { Context } from "./context.ts";
import type { History } from "./history.ts";
import type { Inserting } from "./inserting.ts";

export interface FollowJobsOptions {
  readonly history: History;
  readonly results: Pick<Inserting, "insert">;
  readonly canvasPreviews: CanvasPreviews;
}

/**
 * What the server tells becomes state. Jobs that an earlier opening left unfinished are followed to their end; the newest that was begun in
 * this document is the run again.
 */
export function followJobs(context: Context, { history, results, canvasPreviews }: FollowJobsOptions): void {
  const { host, connection, clock, state, dispatch } = context;
  const showPreview = createPreviewShowing(context);
  /** whose unfinished jobs are followed already */
  let followedServer: string | null = null;

  async function readHistory(): Promise<void> {
    const jobs = await history.refresh();
    const { serverId } = state().jobs;
    if (jobs === null || serverId === followedServer) return;
    followedServer = serverId;
    const unfinished = jobs.filter(({ end }) => end === null);
    const ours = unfinished.find(({ jobId }) => noteHere(state(), jobId) !== null);
    if (ours !== undefined && !isActive(state().run)) dispatch({ type: "run_found", job: ours });
    for (const { jobId } of unfinished) connection.follow(jobId);
  }

  /** The preview in the canvas stays until the result takes its place. */
  async function finish(jobId: string, end: JobEnd): Promise<void> {
    if (end.type === "done") await insertFirst(jobId);
    host.post({ type: "end_run", runId: jobId });
  }

  async function insertFirst(jobId: string): Promise<void> {
    const { variants } = findPainted(state(), jobId) ?? { variants: [] };
    const [first] = variants;
    // Without its note nobody knows which layer the result belongs beneath.
    if (first === undefined || noteHere(state(), jobId) === null) return;
    // Whoever has inserted one by hand, while others were painted, has chosen.
    if (variants.some(({ variant }) => resultKey(jobId, variant) in state().insertions)) return;
    // The first result of “Regenerate background” takes the place of its layer.
    const { replaceable, regenerated } = state();
    const how = replaceable !== null && replaceable === regenerated ? "replace" : "add";
    await results.insert(jobId, first.variant, how, true);
  }

  connection.listen({
    onState(changed) {
      dispatch({ type: "connection_changed", connection: changed });
      if (changed.type === "ready") void readHistory();
    },
    onInventory: (inventory) => dispatch({ type: "inventory_changed", inventory }),
    onJobEvent(jobId, event) {
      const isOfRun = isActive(state().run) && jobIdOf(state().run) === jobId;
      dispatch({ type: "run_event", jobId, event, atMs: clock.now() });
      // What the run in hand has finished, the panel knows; of any other, it is in the history.
      if (isEnd(event) || (event.type === "variant_done" && !isOfRun)) void history.refresh();
      if (isOfRun && isEnd(event)) void finish(jobId, event);
    },
    onPreview(preview) {
      canvasPreviews.offer(preview);
      void showPreview(preview);
    },
    onRefused(jobId, { code, message, pointer }) {
      const problem = problemOf(new BackdropError(code, message, pointer === undefined ? {} : { pointer }));
      dispatch({ type: "run_failed", jobId, problem });
      host.post({ type: "end_run", runId: jobId });
    },
  });
  if (connection.state.type === "ready") void readHistory();
}

/**
 * Previews as an <img> can show them, one after the other; where they come faster than they are decoded, the newest is next. The one
 * before is revoked once it is out of the state.
 */
function createPreviewShowing({ pixels, state, dispatch, subscribe }: Context): (preview: Preview) => Promise<void> {
  let newest: Preview | null = null;
  let isDecoding = false;
  let shownUrl: string | null = null;

  subscribe(({ run }) => {
    const url = run.type === "running" || run.type === "cancelling" ? (run.preview?.url ?? null) : null;
    if (url === shownUrl) return;
    if (shownUrl !== null) URL.revokeObjectURL(shownUrl);
    shownUrl = url;
  });

  async function show({ jobId, variant, jpeg }: Preview): Promise<void> {
    const preview = await pixels.show(jpeg);
    dispatch({ type: "run_preview", jobId, variant, preview });
    const { run } = state();
    const isTaken = (run.type === "running" || run.type === "cancelling") && run.preview === preview;
    if (!isTaken) URL.revokeObjectURL(preview.url);
  }

  return async (preview) => {
    newest = preview;
    if (isDecoding) return;
    isDecoding = true;
    for (let next: Preview | null = newest; next !== null; next = newest) {
      newest = null;
      // A preview is a courtesy: when one cannot be shown, the next one comes.
      await show(next).catch(() => {});
    }
    isDecoding = false;
  };
}
