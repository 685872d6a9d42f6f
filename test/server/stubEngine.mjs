// Speaks the engine's side of server/engine/messages.ts without a model. A prompt that is JSON tells it how to behave:
// stepMs, previewBytes, crashAt (a step; once), crashAlways, hangAt (a step that never ends), inVariant (of these; the first), fail (a code),
// resultBytes, dieUntold (with each variant that is finished, before it is told).
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

let current;
process.on("message", (command) => {
  if (command.type === "run") void run(command.request);
  else if (command.type === "assist") void assist(command.request);
  else if (current?.jobId === command.jobId) current.cancelled = true;
});
process.on("disconnect", () => process.exit(0));
process.on("SIGTERM", () => {});
send({ type: "ready" });

async function run({ jobId, settings, files, outDir, previews }) {
  const state = { jobId, cancelled: false };
  current = state;
  const directive = settings.prompt.startsWith("{") ? JSON.parse(settings.prompt) : {};
  if (directive.fail) {
    return send({
      type: "failed",
      jobId,
      code: directive.fail,
      message: "/secret/path failed",
      detail: "at /secret/path",
    });
  }
  await mkdir(outDir, { recursive: true });
  const outputs = [];
  for (let variant = 1; variant <= settings.variants; variant++) {
    const record = join(outDir, `variant-${variant}.json`);
    if (!existsSync(record)) {
      for (let step = 1; step <= settings.steps; step++) {
        await sleep(directive.stepMs ?? 1);
        const isHere = variant === (directive.inVariant ?? 1);
        if (isHere && directive.hangAt === step) for (;;);
        if (isHere && directive.crashAt === step && !existsSync(join(outDir, "crashed"))) {
          if (!directive.crashAlways) await writeFile(join(outDir, "crashed"), "");
          process.kill(process.pid, "SIGKILL");
        }
        if (state.cancelled) return send({ type: "cancelled", jobId });
        const progress = { jobId, variant, step, steps: settings.steps };
        send({ type: "progress", ...progress });
        if (previews) send({ type: "preview", ...progress, jpeg: Buffer.alloc(directive.previewBytes ?? 100, step) });
      }
      const bytes = Buffer.alloc(directive.resultBytes ?? 1000, await contentOf(settings, variant, files));
      const name = `result-${variant}.png`;
      await writeFile(join(outDir, name), bytes);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      const output = { name, role: "result", variant, sizeBytes: bytes.length, sha256 };
      const finished = { variant, seed: settings.seed + variant - 1, outputs: [output], productPixelsChanged: 0 };
      await writeFile(`${record}.unfinished`, JSON.stringify({ ...finished, paintedBy: {} }));
      await rename(`${record}.unfinished`, record);
      if (directive.dieUntold) process.kill(process.pid, "SIGKILL");
    }
    const { paintedBy: _, ...finished } = JSON.parse(await readFile(record, "utf8"));
    outputs.push(...finished.outputs);
    send({ type: "variant_done", jobId, ...finished });
  }
  const done = { outputs, seed: settings.seed, timingsMs: {}, productPixelsChanged: 0 };
  send({ type: "done", jobId, ...done, rssBytes: 1 });
}

async function contentOf(settings, variant, files) {
  const hash = createHash("sha256").update(JSON.stringify(settings)).update(String(variant));
  for (const path of Object.values(files)) hash.update(await readFile(path));
  return hash.digest("hex");
}

// Describes a picture by its bytes as text; "wait" takes 300 ms, "crash" dies. Of clicks, the mask is their JSON.
async function assist({ jobId, task, picture, points }) {
  const text = await readFile(picture.path, "utf8");
  const state = { jobId, cancelled: false };
  current = state;
  if (text.startsWith("crash")) process.kill(process.pid, "SIGKILL");
  if (text.startsWith("wait")) await sleep(300);
  if (state.cancelled) return send({ type: "cancelled", jobId });
  const message = "describing a picture needs a helper; install it";
  if (text.startsWith("missing")) return send({ type: "failed", jobId, code: "helper_missing", message, detail: "" });
  const png = Buffer.from(JSON.stringify(points ?? []));
  const answer = task === "segment" ? { type: "segmented", png } : { type: "described", text };
  send({ type: "answered", jobId, answer });
}

function send(message) {
  process.send(message, undefined, {}, () => {});
}
