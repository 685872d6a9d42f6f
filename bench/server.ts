import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { uuidv7 } from "uuidv7";
import { openModel } from "../server/engine/openModel.ts";
import { programDir } from "../server/engine/packages.ts";
import { Identity } from "../server/home/identity.ts";
import { homeAt } from "../server/home/paths.ts";
import { generate } from "../server/pipeline/generate.ts";
import { decodeJob } from "../server/pipeline/job.ts";
import { watchedPreviewShare } from "../server/pipeline/previewPacing.ts";
import { type JobParams, jobParamsSchema } from "../shared/protocol/jobs.ts";
import { parseSettings, type SettingsInput } from "../shared/settings.ts";
import { RawClient } from "../test/server/rawClient.ts";
import { machine, median, percentile, time } from "./support.ts";

// What the server adds to the engine: `npm run build && node dist/bench/server.js`, on an otherwise idle machine. The server runs as its
// own process, as `backdrop start` has it; BACKDROP_BENCH_RUNS=1 tries the script itself.

const runs = Number(process.env.BACKDROP_BENCH_RUNS ?? 5);
const stuckReaders = 20;
const stuckSteps = 150;
const previewBytes = 200_000;
const dist = join(programDir(), "dist");
const scratch = await mkdtemp(join(tmpdir(), "backdrop-bench-server-"));
const children: ChildProcess[] = [];
const rows: [name: string, value: string, target: string][] = [];
const settings = {
  prompt: "a wooden table in warm evening light",
  strength: 1,
  steps: 30,
  width: 256,
  height: 256,
  seed: 1,
} satisfies SettingsInput;

const files = {
  product: await named("product", "bottle.png"),
  reference: await named("reference", "reference-podium.jpg"),
};

try {
  const engineMs = await measureEngine();
  await measureServer(engineMs);
  await measureStuckReaders();
} finally {
  for (const child of children) child.kill("SIGKILL");
  await rm(scratch, { recursive: true, force: true });
}

console.log(`${machine()}; models/mini at 256×256, ${settings.steps} steps, median of ${runs}\n`);
console.log("| what | measured | target |\n|---|---|---|");
for (const row of rows) console.log(`| ${row.join(" | ")} |`);

/** The command line's engine in this process: pictures in, PNGs out, previews on. Median ms of a job. */
async function measureEngine(): Promise<number> {
  const model = await openModel("mini", { provider: "cpu" });
  const parsed = { ...parseSettings(settings), seed: settings.seed };
  const times = await time(runs, async () => {
    await generate(model, await decodeJob(files, parsed), { previewShare: watchedPreviewShare, onPreview() {} });
  });
  await model.dispose();
  rows.push(["a job in the command line's engine", `${(median(times) / 1000).toFixed(2)} s`, ""]);
  return median(times);
}

/** The same job from the question whether its pictures are there to the result's last byte, and control messages meanwhile. */
async function measureServer(engineMs: number): Promise<void> {
  const server = await start(join(dist, "cli.js"), ["start", "--port", "0", "--provider", "cpu", "--json"]);
  const client = await server.client();
  const params = jobParamsSchema.parse({ settings, inputs: await upload(client) });
  const shares: number[] = [];
  const times = await time(runs, async () => {
    const begin = performance.now();
    await upload(client);
    const done = await finish(client, await client.submit(params));
    await Promise.all(done.outputs.map(({ name }) => read(server.port, client, `/results/${done.jobId}/${name}`)));
    const wallMs = performance.now() - begin;
    shares.push((wallMs - (done.timingsMs.total ?? Number.NaN)) / wallMs);
  });
  const overheadMs = median(times) - engineMs;
  rows.push(
    ["the same job through the socket", `${(median(times) / 1000).toFixed(2)} s`, ""],
    ["server beyond the engine", `${percent(overheadMs / median(times))} (${overheadMs.toFixed(0)} ms)`, "≤ 5 %"],
    ["… beyond what the engine's process says of itself", percent(median(shares.slice(1))), "≤ 5 %"],
  );

  rows.push(["control round trip, idle", latency(await roundTrips(client, () => false)), ""]);
  const busy = await client.submit({ ...params, settings: { ...params.settings, steps: 150 } });
  await client.take("event", ({ jobId, event }) => jobId === busy && event.type === "progress");
  let isOver = false;
  const end = client.end(busy, 600_000).then(() => {
    isOver = true;
  });
  rows.push([
    "control round trip, both cores inferring",
    latency(await roundTrips(client, () => isOver)),
    "p99 ≤ 10 ms",
  ]);
  client.send({ type: "cancel", jobId: busy });
  await end;
  await server.stop();
}

/** A job whose previews nobody takes, with and without stuck readers: what they cost is the difference. */
async function measureStuckReaders(): Promise<void> {
  const server = await start(join(dist, "bench", "stubServer.js"), [join(scratch, "home")]);
  const watcher = await server.client();
  const inputs = await upload(watcher);
  const directive = JSON.stringify({ stepMs: 10, previewBytes });
  const params = jobParamsSchema.parse({ settings: { prompt: directive, steps: stuckSteps, seed: 1 }, inputs });
  const alone = await peakBytes(server, watcher, params, 0);
  const crowded = await peakBytes(server, watcher, params, stuckReaders);
  const naiveMb = (stuckReaders * stuckSteps * previewBytes) / 1e6;
  rows.push([
    `memory of ${stuckReaders} stuck readers`,
    `${((crowded - alone) / 1e6).toFixed(0)} MB (${naiveMb.toFixed(0)} MB of previews not taken)`,
    "≤ 64 MB",
  ]);
  await server.stop();
}

async function peakBytes(server: BenchServer, watcher: RawClient, params: JobParams, readers: number): Promise<number> {
  const jobId = uuidv7();
  const stuck = await Promise.all(Array.from({ length: readers }, () => server.client()));
  watcher.send({ type: "submit", jobId, params });
  await watcher.take("accepted", (accepted) => accepted.jobId === jobId);
  for (const reader of stuck) {
    reader.send({ type: "resume", jobId, lastSeq: 0 });
    reader.socket.pause();
  }
  let peak = 0;
  let isOver = false;
  const end = watcher.end(jobId, 120_000).then(() => {
    isOver = true;
  });
  while (!isOver) {
    const metrics = new TextDecoder().decode(await read(server.port, watcher, "/metrics"));
    peak = Math.max(peak, Number(/^backdrop_process_resident_memory_bytes (\S+)/m.exec(metrics)?.[1]));
    await sleep(25);
  }
  await end;
  for (const reader of stuck) reader.socket.terminate();
  return peak;
}

interface BenchServer {
  readonly port: number;
  client(): Promise<RawClient>;
  stop(): Promise<void>;
}

async function start(program: string, options: readonly string[]): Promise<BenchServer> {
  const home = join(scratch, "home");
  const child = spawn(process.execPath, [program, ...options], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, BACKDROP_HOME: home },
  });
  children.push(child);
  const port = await portOf(child);
  const secret = (await Identity.open(homeAt(home).identityFile)).revealSecret();
  return {
    port,
    async client() {
      const client = await RawClient.proven(port, secret);
      // Clients that say nothing for 30 s are dropped; a pong asks for no answer.
      setInterval(() => client.send({ type: "pong" }), 10_000).unref();
      return client;
    },
    async stop() {
      const exited = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await exited;
    },
  };
}

async function portOf(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new Error("bench: the server has no stdout");
  for await (const line of createInterface(child.stdout)) {
    const said: { readonly type?: string; readonly port?: number } = JSON.parse(line);
    if (said.type === "listening" && said.port !== undefined) return said.port;
  }
  throw new Error("bench: the server did not start");
}

async function upload(client: RawClient): Promise<JobParams["inputs"]> {
  const inputs = { product: sha256(files.product.bytes), reference: sha256(files.reference.bytes) };
  await client.upload(files.product.bytes, inputs.product);
  await client.upload(files.reference.bytes, inputs.reference);
  return inputs;
}

async function finish(client: RawClient, jobId: string) {
  const end = await client.end(jobId, 600_000);
  if (end.type !== "done") throw new Error(`bench: expected done, got ${JSON.stringify(end)}`);
  return { ...end, jobId };
}

async function read(port: number, client: RawClient, path: string): Promise<Uint8Array> {
  const headers = { Authorization: `Bearer ${client.sessionToken}` };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
  if (!response.ok) throw new Error(`bench: ${path} gave ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** ms of pings, one every 10 ms. */
async function roundTrips(client: RawClient, isOver: () => boolean): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < 100 * runs && !isOver(); i++) {
    const begin = performance.now();
    client.send({ type: "ping" });
    await client.take("pong");
    times.push(performance.now() - begin);
    await sleep(10);
  }
  return times;
}

function latency(times: readonly number[]): string {
  const [p50, p99] = [percentile(times, 0.5), percentile(times, 0.99)];
  return `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms (${times.length} pings)`;
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function named(name: string, file: string) {
  return { name, bytes: await readFile(join(programDir(), "samples", file)) };
}
