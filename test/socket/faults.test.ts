import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterEach, beforeEach, expect, test } from "vitest";
import { programDir } from "../../server/engine/packages.ts";
import { Identity } from "../../server/home/identity.ts";
import { homeAt } from "../../server/home/paths.ts";
import { seqsPerRestart } from "../../server/jobs/jobRecord.ts";
import { RawClient } from "../server/rawClient.ts";
import { startTestServer, stubEngine, stubParams, type TestServer, uploadPictures } from "../server/testServer.ts";
import { surviveDisconnects, surviveKills } from "./survive.ts";

/** test/soak has more of them */
const disconnects = 50;
const kills = 20;

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-faults-"));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

test(`${disconnects} random disconnects lose no event and no byte`, () => surviveDisconnects(disconnects), 120_000);

test(`${kills} kills of the engine lose no job`, () => surviveKills(kills), 120_000);

test("an engine that dies twice on a job fails it, and the next job runs", async () => {
  const server = await startTestServer();
  const client = await server.client();
  await uploadPictures(client);
  const jobId = await client.submit(stubParams({ crashAt: 2, crashAlways: true }));
  expect(await client.end(jobId)).toMatchObject({ type: "failed", code: "engine_crashed", retryable: true });
  expect(client.events(jobId).filter(({ event }) => event.type === "started")).toHaveLength(2);
  expect((await client.end(await client.submit(stubParams()))).type).toBe("done");
  await server.remove();
});

test("an engine that hangs is replaced; one that never comes up fails the job; one that has grown is replaced", async () => {
  const hung = await startTestServer({ engine: { silenceMs: 300 } });
  const first = await hung.client();
  await uploadPictures(first);
  expect(await first.end(await first.submit(stubParams({ hangAt: 2 })))).toMatchObject({ code: "engine_crashed" });
  await hung.remove();

  const broken = join(dir, "broken.mjs");
  await writeFile(broken, "process.exit(3)");
  const absent = await startTestServer({ engine: { childPath: broken } });
  const second = await absent.client();
  await uploadPictures(second);
  expect(await second.end(await second.submit(stubParams()))).toMatchObject({ code: "engine_crashed" });
  await absent.remove();

  const grown = await startTestServer({ engine: { maxRssBytes: 0 } });
  const third = await grown.client();
  await uploadPictures(third);
  const pid = grown.enginePid();
  expect((await third.end(await third.submit(stubParams()))).type).toBe("done");
  expect(grown.enginePid()).not.toBe(pid);
  expect((await third.end(await third.submit(stubParams()))).type).toBe("done");
  await grown.remove();
}, 60_000);

test("what a stopped server left goes on; seqs go on above what was seen; the history is whole", async () => {
  const home = homeAt(dir);
  const first = await startTestServer({ home, timing: { stopMs: 50 } });
  const client = await first.client();
  await uploadPictures(client);
  const finished = await client.submit(stubParams());
  const end = await client.end(finished);
  const [running, waiting, cancelled] = [
    await client.submit(stubParams({ stepMs: 30 }, { steps: 30 })),
    await client.submit(stubParams()),
    await client.submit(stubParams()),
  ];
  client.send({ type: "cancel", jobId: cancelled });
  await client.take("event", ({ jobId, event }) => jobId === running && event.type === "progress");
  const lastSeq = client.events(running).at(-1)?.seq ?? 0;
  await first.stop();
  expect((await client.closed).code).toBe(1001);

  await writeFile(join(home.jobsDir, running, ".unfinished-x"), "torn");
  const second = await startTestServer({ home });
  const again = await RawClient.connect(second.port);
  await again.prove(first.secret, [
    { jobId: running, lastSeq },
    { jobId: waiting, lastSeq: 0 },
    { jobId: cancelled, lastSeq: 0 },
    { jobId: finished, lastSeq: 0 },
  ]);
  expect((await again.end(running)).type).toBe("done");
  expect((await again.end(waiting)).type).toBe("done");
  expect((await again.end(cancelled)).type).toBe("cancelled");
  expect(await again.end(finished)).toEqual(end);
  const seqs = again.events(running).map(({ seq }) => seq);
  expect(seqs).toEqual(seqs.map((_, i) => seqsPerRestart + 1 + i));
  expect(again.events(running)[0]?.event.type).toBe("retrying");
  expect((await readdir(join(home.jobsDir, running))).sort()).toEqual(["job.json", "result-1.png", "variant-1.json"]);
  await second.stop();
}, 60_000);

test("a record that cannot be read harms no other", async () => {
  const home = homeAt(dir);
  const first = await startTestServer({ home });
  const client = await first.client();
  await uploadPictures(client);
  const [good, torn] = [await client.submit(stubParams()), await client.submit(stubParams())];
  for (const jobId of [good, torn]) await client.end(jobId);
  await first.stop();
  await writeFile(join(home.jobsDir, torn, "job.json"), '{"schemaVersion":1,');
  const second = await startTestServer({ home });
  const again = await second.client();
  again.send({ type: "jobs", limit: 5 });
  expect((await again.take("jobs")).jobs.map(({ jobId }) => jobId)).toEqual([good]);
  expect(second.logLines.join("")).toContain(torn);
  await second.stop();
});

test("a port that is taken is refused before anything of the history is touched", async () => {
  const server = await startTestServer();
  const home = homeAt(join(dir, "other"));
  await expect(startTestServer({ port: server.port, home })).rejects.toMatchObject({ code: "port_taken" });
  expect(await readdir(dir)).toEqual([]);
  await server.remove();
});

test("while stopping, new jobs are refused and the running one may end", async () => {
  const server: TestServer = await startTestServer();
  const client = await server.client();
  await uploadPictures(client);
  const running = await client.submit(stubParams({ stepMs: 30 }, { steps: 10 }));
  await client.take("event", ({ event }) => event.type === "progress");
  const stopped = server.remove();
  client.send({ type: "submit", jobId: "0192d3a4-5b6c-7d7e-8f90-a1b2c3d4e5f6", params: stubParams() });
  expect(await client.take("error")).toMatchObject({ code: "shutting_down", retryable: true });
  expect((await client.end(running)).type).toBe("done");
  expect((await client.closed).code).toBe(1001);
  await stopped;
});

test("SIGTERM ends the program with exit 0 within 5 s, though a job runs", async () => {
  // Inside the program's own folder, which the server looks for.
  const bundle = join(programDir(), "node_modules", ".cache", "backdrop-test", `server-${process.pid}.mjs`);
  await build({
    stdin: { contents: program, resolveDir: fileURLToPath(new URL("../..", import.meta.url)) },
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "esm",
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    logLevel: "error",
  });
  const home = homeAt(join(dir, "home"));
  const child = spawn(process.execPath, [bundle, join(dir, "home"), stubEngine], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const port = await firstLine(child);
    const client = await RawClient.proven(Number(port), (await Identity.open(home.identityFile)).revealSecret());
    await uploadPictures(client);
    await client.submit(stubParams({ stepMs: 100 }, { steps: 150 }));
    await client.take("event", ({ event }) => event.type === "progress");
    const begin = performance.now();
    child.kill("SIGTERM");
    const code = await new Promise((resolve) => child.once("exit", resolve));
    expect(code).toBe(0);
    expect(performance.now() - begin).toBeLessThan(5_000);
    expect((await client.closed).code).toBe(1001);
  } finally {
    child.kill("SIGKILL");
    await rm(bundle);
  }
}, 60_000);

/** `backdrop start` in short: the stub for its engine. */
const program = `
import { serve } from "./server/cli/serve.ts";
import { homeAt } from "./server/home/paths.ts";
import { createLog } from "./server/log/log.ts";
import { noHelpers } from "./shared/protocol/helpers.ts";
const [home, childPath] = process.argv.slice(2);
const installed = { models: [], helpers: noHelpers, damaged: {} };
const server = await serve({
  home: homeAt(home), port: 0, engine: { childPath }, install: { childPath: "", catalogue: [] },
  installed,
  readInstalled: async () => installed,
  defaultModel: "mini", target: { provider: "cpu", precision: "fp32" },
  log: createLog({ write() {} }, "error"), onPairingCode() {},
});
process.once("SIGTERM", () => server.stop());
console.log(server.port);
`;

async function firstLine(child: ChildProcess): Promise<string> {
  return await new Promise((resolve, reject) => {
    child.stdout?.once("data", (data: Buffer) => resolve(data.toString().trim()));
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
}
