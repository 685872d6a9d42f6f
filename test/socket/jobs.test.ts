import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { uuidv7 } from "uuidv7";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { closeCodes } from "../../shared/protocol/closeCodes.ts";
import { maxQueuedJobs } from "../../shared/protocol/limits.ts";
import type { RawClient } from "../server/rawClient.ts";
import {
  pictures,
  sha256Of,
  startTestServer,
  stubParams,
  type TestServer,
  uploadPictures,
} from "../server/testServer.ts";

let server: TestServer;
let client: RawClient;
beforeAll(async () => {
  server = await startTestServer();
  client = await server.client();
  await uploadPictures(client);
});
afterAll(async () => {
  await server.remove();
});

test("a job from submit to its result's bytes", async () => {
  const jobId = await client.submit(stubParams());
  const done = await client.end(jobId);
  if (done.type !== "done") throw new Error(JSON.stringify(done));
  const events = client.events(jobId);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
  expect(events.map(({ event }) => event.type)).toEqual([
    "queued",
    "started",
    ...Array.from({ length: 4 }, () => "progress"),
    "variant_done",
    "done",
  ]);
  const previews = client.previews.filter(({ id }) => id === jobId);
  expect(previews.map(({ seq, step, steps, payload }) => [seq, step, steps, payload[0]])).toEqual([
    [3, 1, 4, 1],
    [4, 2, 4, 2],
    [5, 3, 4, 3],
    [6, 4, 4, 4],
  ]);

  const [output] = done.outputs;
  const path = `/results/${jobId}/${output?.name}`;
  const response = await server.get(path, { Authorization: `Bearer ${client.sessionToken}` });
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect([response.status, response.headers.get("content-type"), bytes.length]).toEqual([200, "image/png", 1000]);
  expect(sha256Of(bytes)).toBe(output?.sha256);
});

test("the same id and parameters are the same job; others are a conflict", async () => {
  const jobId = await client.submit(stubParams());
  const first = await client.end(jobId);
  const other = await server.client();
  await other.submit(stubParams(), jobId);
  expect(await other.end(jobId)).toEqual(first);
  expect(other.events(jobId)).toEqual(client.events(jobId));
  other.send({ type: "submit", jobId, params: stubParams({}, { seed: 8 }) });
  expect(await other.take("error")).toMatchObject({ code: "job_conflict", jobId });
  await other.close();
});

test("previews are made only when they are wanted", async () => {
  const jobId = await client.submit({ ...stubParams(), previews: false });
  await client.end(jobId);
  expect(client.previews.filter(({ id }) => id === jobId)).toEqual([]);
});

describe("cancel", () => {
  it("is acknowledged within 100 ms, and the job ends between two steps", async () => {
    const jobId = await client.submit(stubParams({ stepMs: 40 }, { steps: 100 }));
    await client.take("event", ({ event }) => event.type === "progress");
    const begin = performance.now();
    client.send({ type: "cancel", jobId });
    expect(await client.take("cancel_ack")).toEqual({ type: "cancel_ack", jobId, state: "cancelling" });
    expect(performance.now() - begin).toBeLessThan(100);
    expect(await client.end(jobId)).toEqual({ type: "cancelled" });
  });

  it("right after submit is no race", async () => {
    const jobId = uuidv7();
    client.send({ type: "submit", jobId, params: stubParams({ stepMs: 50 }, { steps: 100 }) });
    client.send({ type: "cancel", jobId });
    expect((await client.take("cancel_ack")).state).toBe("cancelled");
    expect(await client.end(jobId)).toEqual({ type: "cancelled" });
    expect(client.events(jobId).map(({ event }) => event.type)).toEqual(["cancelled"]);
  });

  it("of an unknown, a finished or a cancelled job changes nothing", async () => {
    const unknown = uuidv7();
    const finished = await client.submit(stubParams());
    await client.end(finished);
    for (const [jobId, state] of [
      [unknown, "unknown"],
      [finished, "done"],
      [finished, "done"],
    ] as const) {
      client.send({ type: "cancel", jobId });
      expect(await client.take("cancel_ack")).toEqual({ type: "cancel_ack", jobId, state });
    }
  });

  it("of a step that hangs kills the engine after its grace, and the next job runs", async () => {
    const impatient = await startTestServer({ engine: { cancelGraceMs: 100 } });
    const other = await impatient.client();
    await uploadPictures(other);
    const hung = await other.submit(stubParams({ hangAt: 2 }));
    await other.take("event", ({ event }) => event.type === "progress");
    other.send({ type: "cancel", jobId: hung });
    other.send({ type: "cancel", jobId: hung });
    expect(await other.end(hung)).toEqual({ type: "cancelled" });
    expect((await other.end(await other.submit(stubParams()))).type).toBe("done");
    await impatient.remove();
  });
});

test("the queue is bounded", async () => {
  const blocker = await client.submit(stubParams({ stepMs: 200 }, { steps: 150 }));
  const ids = Array.from({ length: maxQueuedJobs + 1 }, () => uuidv7());
  for (const jobId of ids) client.send({ type: "submit", jobId, params: stubParams() });
  expect(await client.take("error")).toMatchObject({ code: "queue_full", retryable: true, jobId: ids.at(-1) });
  for (const jobId of [...ids.slice(0, -1), blocker]) {
    client.send({ type: "cancel", jobId });
    expect(await client.end(jobId)).toEqual({ type: "cancelled" });
  }
});

test("history: newest first, in pages, without what was removed", async () => {
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) {
    const jobId = await client.submit(stubParams());
    await client.end(jobId);
    ids.unshift(jobId);
  }
  client.send({ type: "jobs", limit: 2 });
  const page = await client.take("jobs");
  expect(page.jobs.map(({ jobId, state, end }) => [jobId, state, end?.type])).toEqual([
    [ids[0], "done", "done"],
    [ids[1], "done", "done"],
  ]);
  expect(page.more).toBe(true);
  client.send({ type: "jobs", limit: 1, before: ids[1] });
  expect((await client.take("jobs")).jobs[0]?.jobId).toBe(ids[2]);

  for (let twice = 0; twice < 2; twice++) {
    client.send({ type: "remove", jobId: ids[0] ?? "" });
    expect((await client.take("removed")).jobId).toBe(ids[0]);
  }
  client.send({ type: "jobs", limit: 1 });
  expect((await client.take("jobs")).jobs[0]?.jobId).toBe(ids[1]);
  const gone = await server.get(`/results/${ids[0]}/result-1.png`, { Authorization: `Bearer ${client.sessionToken}` });
  expect(gone.status).toBe(404);
});

test("a missing picture, an unknown model: refused with a pointer", async () => {
  const params = stubParams();
  client.send({ type: "submit", jobId: uuidv7(), params: { ...params, model: "sdxl" } });
  expect(await client.take("error")).toMatchObject({ code: "model_unknown", pointer: "/params/model" });
  const inputs = { ...params.inputs, productMask: "00".repeat(32) };
  client.send({ type: "submit", jobId: uuidv7(), params: { ...params, inputs } });
  expect(await client.take("error")).toMatchObject({ code: "image_missing", pointer: "/params/inputs/productMask" });
});

test("what the engine says of its insides stays in the log", async () => {
  expect(await client.end(await client.submit(stubParams({ fail: "image_corrupt" })))).toMatchObject({
    code: "image_corrupt",
  });
  // A full disk, for one, is nothing of its insides.
  const unwritable = await client.end(await client.submit(stubParams({ fail: "storage_failed" })));
  expect(unwritable).toMatchObject({ code: "storage_failed", message: "/secret/path failed", retryable: true });
  const failed = await client.end(await client.submit(stubParams({ fail: "internal" })));
  expect(failed).toMatchObject({ type: "failed", code: "internal" });
  expect(JSON.stringify(failed)).not.toContain("/secret/path");
  expect(server.logLines.join("")).toContain("/secret/path");
});

test("the log has neither prompts nor secrets", async () => {
  const jobId = await client.submit({
    ...stubParams(),
    settings: { ...stubParams().settings, prompt: "PROMPT-IN-LOG", negative: "NEGATIVE-IN-LOG" },
  });
  await client.end(jobId);
  const log = server.logLines.join("");
  expect(log).toContain(jobId);
  for (const hidden of ["IN-LOG", server.secret, client.sessionToken, ...Object.keys(pictures)]) {
    expect(log).not.toContain(hidden);
  }
});

test("a slow reader loses previews, never events, and holds up nobody", async () => {
  const slow = await server.client();
  const jobId = uuidv7();
  const params = stubParams({ previewBytes: 500_000 }, { steps: 150 });
  slow.socket.pause();
  slow.send({ type: "submit", jobId, params });
  await client.submit(params, jobId);
  expect((await client.end(jobId)).type).toBe("done");
  slow.socket.resume();
  expect((await slow.end(jobId)).type).toBe("done");
  expect(slow.events(jobId).map(({ seq }) => seq)).toEqual(slow.events(jobId).map((_, i) => i + 1));
  expect(slow.previews.length).toBeLessThan(100);
  await slow.close();
});

test("20 stuck readers cost little memory and end when they take nothing", async () => {
  const patient = await startTestServer({ timing: { drainTimeoutMs: 1_500 } });
  const watcher = await patient.client();
  await uploadPictures(watcher);
  const readers = await Promise.all(Array.from({ length: 20 }, () => patient.client()));
  const jobId = uuidv7();
  const before = process.memoryUsage().arrayBuffers;
  for (const reader of readers) {
    reader.socket.pause();
    reader.send({ type: "submit", jobId, params: stubParams({ previewBytes: 1_500_000 }, { steps: 150 }) });
  }
  const isDone = async () => {
    watcher.send({ type: "jobs", limit: 1 });
    return (await watcher.take("jobs")).jobs[0]?.state === "done";
  };
  let mostBytes = 0;
  while (!(await isDone())) {
    mostBytes = Math.max(mostBytes, process.memoryUsage().arrayBuffers - before);
    await sleep(20);
  }
  expect(mostBytes).toBeLessThan(64 * 2 ** 20);
  const metrics = async () => {
    const response = await patient.get("/metrics", { Authorization: `Bearer ${watcher.sessionToken}` });
    return await response.text();
  };
  await expect.poll(metrics, { timeout: 20_000 }).toContain("backdrop_connections 1\n");
  await patient.remove();
}, 60_000);

test("a new connection of the same client replaces the old one", async () => {
  const clientId = randomUUID();
  const first = await server.client(clientId);
  const second = await server.client(clientId);
  expect((await first.closed).code).toBe(closeCodes.replaced);
  expect((await server.get("/metrics", { Authorization: `Bearer ${first.sessionToken}` })).status).toBe(401);
  second.send({ type: "ping" });
  await second.take("pong");
  await second.close();
});
