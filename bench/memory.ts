import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildGraph } from "../server/checkpoint/buildGraph.ts";
import { openCheckpoint } from "../server/checkpoint/checkpoint.ts";
import { compileGraphs } from "../server/checkpoint/compile.ts";
import { type GraphRequest, graphsForSize, largestBatch } from "../server/checkpoint/graphRequest.ts";
import { inTurnBytes, sessionNeed, togetherBytes } from "../server/engine/memoryPlan.ts";
import { openModel } from "../server/engine/openModel.ts";
import { findPackage, modelsDir } from "../server/engine/packages.ts";
import { generate } from "../server/pipeline/generate.ts";
import { decodeJob } from "../server/pipeline/job.ts";
import { openSession } from "../server/runtime/session.ts";
import type { Tensor } from "../server/runtime/tensor.ts";
import { parseSettings } from "../shared/settings.ts";
import { publishedSidePx, writeHollowPackage } from "./hollowPackage.ts";
import { machine } from "./support.ts";

// How well the plan (server/engine/memoryPlan.ts) predicts the memory that is really taken: graph by graph and for whole jobs, each in a
// process of its own. `npm run build && node dist/bench/memory.js [mini|sd15|sdxl] [side] [graph …]`; sd15 and sdxl have their real shapes,
// and zeros as weights. What is mapped is from files, and the system takes it back when it needs it.

const [name = "mini", sideText, ...only] = process.argv.slice(2);
const [mode, dir = "", text = ""] = process.argv.slice(2);

if (mode === "--graph") await measureGraph(JSON.parse(text));
else if (mode === "--job") await measureJob(Number(text));
else await measureAll();

async function measureAll(): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), "backdrop-bench-memory-"));
  try {
    const published = name === "sd15" || name === "sdxl" ? name : undefined;
    if (published) await writeHollowPackage(published, scratch);
    else await cp(await findPackage(name), scratch, { recursive: true });
    const side = Number(sideText ?? (published ? publishedSidePx[published] : 256));
    console.log(`${machine()}; ${name} at ${side}², MB\n`);
    console.log("| graph | weights | activations | planned | process grew by | of that mapped | kept after release |");
    console.log("|---|---|---|---|---|---|---|");
    const requests = graphsForSize({ width: side, height: side });
    for (const request of requests) {
      if (only.length > 0 && !only.includes(request.graph)) continue;
      await runSelf("--graph", scratch, JSON.stringify(request));
    }
    if (published || only.length > 0) return;
    const sessions = (await compileGraphs(scratch, requests)).map(({ memory }) => sessionNeed(memory));
    console.log("\n| job of 2 steps | planned | process grew by |\n|---|---|---|");
    await runSelf("--job", scratch, "1e15");
    await runSelf("--job", scratch, String(inTurnBytes(sessions) + 10e6));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function runSelf(...args: readonly string[]): Promise<void> {
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(import.meta.url), ...args]);
  console.log(stdout.trim());
}

async function measureGraph(request: GraphRequest): Promise<void> {
  const batch = largestBatch(request);
  const graph = await buildGraph(await openCheckpoint(dir), request);
  const [compiled] = await compileGraphs(dir, [request]);
  if (!compiled) throw new Error(`${request.graph} was not compiled`);
  const inputs = graph.inputs.map(({ name: input, type, shape }): [string, Tensor] => {
    const dims = shape.map((d) => (d === "B" ? batch : d));
    const count = dims.reduce((n, d) => n * d, 1);
    return [
      input,
      type === "int64" ? { data: new BigInt64Array(count), dims } : { data: new Float32Array(count).fill(0.5), dims },
    ];
  });
  const mappedBefore = await mappedBytes();
  const before = process.memoryUsage.rss();
  const session = await openSession(compiled.file, { provider: "cpu", weightsBytes: compiled.memory.weightsBytes });
  for (let i = 0; i < 2; i++) await session.run(Object.fromEntries(inputs));
  const most = process.resourceUsage().maxRSS * 1024 - before;
  const mapped = (await mappedBytes()) - mappedBefore;
  await session.dispose();
  const kept = process.memoryUsage.rss() - before;
  const { weightsBytes, activationsBytes } = compiled.memory;
  const row = [weightsBytes, activationsBytes, togetherBytes([sessionNeed(compiled.memory)]), most, mapped, kept].map(
    megabytes,
  );
  console.log(`| ${request.graph} | ${row.join(" | ")} |`);
}

async function measureJob(availableBytes: number): Promise<void> {
  const samples = join(modelsDir(), "..", "samples");
  const named = async (file: string) => ({ name: file, bytes: await readFile(join(samples, file)) });
  const size = { width: 256, height: 256 };
  const settings = { ...parseSettings({ prompt: "a wooden table", steps: 2, ...size }), seed: 1 };
  const files = { product: await named("bottle.png"), reference: await named("reference.jpg") };
  const job = await decodeJob(files, settings);
  const sessions = (await compileGraphs(dir, graphsForSize(size))).map(({ memory }) => sessionNeed(memory));
  const before = process.memoryUsage.rss();
  const model = await openModel(dir, { provider: "cpu", availableMemory: async () => availableBytes });
  await generate(model, job);
  const most = process.resourceUsage().maxRSS * 1024 - before;
  const together = togetherBytes(sessions);
  const [kind, planned] = availableBytes > together * 2 ? ["together", together] : ["in turn", inTurnBytes(sessions)];
  console.log(`| graphs ${kind} | ${megabytes(planned)} | ${megabytes(most)} |`);
  await model.dispose();
}

/** Of this process, from files; Linux only. */
async function mappedBytes(): Promise<number> {
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  return 1024 * Number(/^RssFile:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
