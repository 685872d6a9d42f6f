import { stat } from "node:fs/promises";
import { constants, getPriority, setPriority } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { toBackdropError } from "../../shared/errors.ts";
import type { TargetChoice } from "../../shared/providers.ts";
import { createAssistant } from "../assist/assistant.ts";
import { watchedPreviewShare } from "../pipeline/previewPacing.ts";
import { findDepthHelper } from "./depthHelper.ts";
import type { AssistAnswer, AssistRequest, EngineCommand, EngineMessage, EngineRequest } from "./messages.ts";
import { type OpenModel, openModel } from "./openModel.ts";
import { findPackage, modelsDirs } from "./packages.ts";
import { runRequest } from "./runRequest.ts";

// The engine's process: it holds the sessions and does one thing at a time, a job or a helper's task. `run` of ONNX Runtime blocks its thread, and
// only killing a process stops it, so nothing else lives here.

// It takes every core it is given: what the designer works in goes first.
const { PRIORITY_BELOW_NORMAL } = constants.priority;
if (getPriority() < PRIORITY_BELOW_NORMAL) setPriority(PRIORITY_BELOW_NORMAL);

let current: { readonly jobId: string; readonly cancel: AbortController } | undefined;
const assistant = createAssistant(modelsDirs());
let model: { readonly key: string; readonly opened: OpenModel } | undefined;

process.on("message", (command: EngineCommand) => {
  switch (command.type) {
    case "run":
      void perform(command.request.jobId, (signal) => run(command.request, signal));
      break;
    case "assist":
      void perform(command.request.jobId, (signal) => assist(command.request, signal));
      break;
    case "cancel":
      if (current?.jobId === command.jobId) current.cancel.abort();
      break;
  }
});
// Without the main process there is nobody to work for.
process.on("disconnect", () => process.exit(0));
// These reach the whole process group; the main process decides what becomes of the job.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
send({ type: "ready" });

/** Does one thing and tells how it ended. */
async function perform(jobId: string, work: (signal: AbortSignal) => Promise<EngineMessage>): Promise<void> {
  const cancel = new AbortController();
  current = { jobId, cancel };
  try {
    send(await work(cancel.signal));
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

async function run(request: EngineRequest, signal: AbortSignal): Promise<EngineMessage> {
  const { jobId } = request;
  const done = await runRequest(request, open, {
    signal,
    onStep: (progress) => send({ type: "progress", jobId, ...progress }),
    onVariant: (finished) => send({ type: "variant_done", jobId, ...finished }),
    onWarning: (message) => send({ type: "warning", jobId, message }),
    previewShare: watchedPreviewShare,
    ...(request.previews && { onPreview: (preview) => send({ type: "preview", jobId, ...preview }) }),
  });
  return { ...done, jobId, rssBytes: process.memoryUsage.rss() };
}

async function assist(request: AssistRequest, signal: AbortSignal): Promise<EngineMessage> {
  const answer = await answerTo(request, signal);
  signal.throwIfAborted();
  return { type: "answered", jobId: request.jobId, answer };
}

async function answerTo(request: AssistRequest, signal: AbortSignal): Promise<AssistAnswer> {
  switch (request.task) {
    case "segment":
      return { type: "segmented", png: await assistant.segment(request.picture, request.points) };
    case "describe":
      return { type: "described", text: await assistant.describe(request.picture, signal) };
  }
}

/** One model at a time is held: two large ones would not fit. */
async function open(name: string, target: TargetChoice): Promise<OpenModel> {
  // Another package of that name, or another helper, may have been installed since.
  const { mtimeMs } = await stat(join(await findPackage(name), "backdrop.json"));
  const depthHelper = await findDepthHelper(name);
  const key = JSON.stringify([name, mtimeMs, target, depthHelper?.sha256]);
  if (model?.key === key) return model.opened;
  await model?.opened.dispose();
  model = undefined;
  const opened = await openModel(name, { ...target, depthHelper });
  model = { key, opened };
  return opened;
}

function send(message: EngineMessage): void {
  // A failing send means that the main process is gone, and `disconnect` follows.
  process.send?.(message, undefined, {}, () => {});
}
