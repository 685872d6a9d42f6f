import { inspect } from "node:util";
import { toBackdropError } from "../../shared/errors.ts";
import { watchedPreviewShare } from "../pipeline/previewPacing.ts";
import type { EngineCommand, EngineMessage, EngineRequest } from "./messages.ts";
import { type OpenModel, openModel } from "./openModel.ts";
import { runRequest } from "./runRequest.ts";

// The engine's process: it holds the sessions and runs one job at a time. `run` of ONNX Runtime blocks its thread, and
// only killing a process stops it, so nothing else lives here.

let current: { readonly jobId: string; readonly cancel: AbortController } | undefined;
let model: { readonly key: string; readonly opened: OpenModel } | undefined;

process.on("message", (command: EngineCommand) => {
  if (command.type === "run") void run(command.request);
  else if (current?.jobId === command.jobId) current.cancel.abort();
});
// Without the main process there is nobody to work for.
process.on("disconnect", () => process.exit(0));
// These reach the whole process group; the main process decides what becomes of the job.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
send({ type: "ready" });

async function run(request: EngineRequest): Promise<void> {
  const { jobId } = request;
  const cancel = new AbortController();
  current = { jobId, cancel };
  try {
    const done = await runRequest(request, open, {
      signal: cancel.signal,
      onStep: (progress) => send({ type: "progress", jobId, ...progress }),
      onWarning: (message) => send({ type: "warning", jobId, message }),
      previewShare: watchedPreviewShare,
      ...(request.previews && { onPreview: (preview) => send({ type: "preview", jobId, ...preview }) }),
    });
    send({ ...done, jobId, rssBytes: process.memoryUsage.rss() });
  } catch (thrown) {
    if (cancel.signal.aborted) send({ type: "cancelled", jobId });
    else {
      const error = toBackdropError(thrown);
      send({ type: "failed", jobId, code: error.code, message: error.message, detail: inspect(error) });
    }
  } finally {
    current = undefined;
  }
}

/** One model at a time is held: two large ones would not fit. */
async function open(name: string, provider: EngineRequest["provider"]): Promise<OpenModel> {
  const key = `${name} on ${provider}`;
  if (model?.key === key) return model.opened;
  await model?.opened.dispose();
  model = undefined;
  const opened = await openModel(name, { provider });
  model = { key, opened };
  return opened;
}

function send(message: EngineMessage): void {
  // A failing send means that the main process is gone, and `disconnect` follows.
  process.send?.(message, undefined, {}, () => {});
}
