import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { homeAt } from "../../server/home/paths.ts";
import { RawClient } from "../server/rawClient.ts";
import { type Directive, startTestServer, stubParams, type TestServer, uploadPictures } from "../server/testServer.ts";

// Protects that a variant counts as soon as it is finished: no end of its job, and no end of the engine or the server, takes it back.

let dir: string;
let server: TestServer;
let client: RawClient;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-variants-"));
  await open();
  await uploadPictures(client);
});
afterEach(async () => {
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

async function open(): Promise<void> {
  server = await startTestServer({ home: homeAt(dir), timing: { stopMs: 50 }, engine: { cancelGraceMs: 50 } });
  client = await server.client();
}

const submit = (directive: Directive = {}) => client.submit(stubParams(directive, { variants: 3 }));
/** The engine never gets beyond this variant. */
const hungIn = (variant: number): Directive => ({ hangAt: 2, inVariant: variant });
const variantDone = (jobId: string, variant: number, by = client) =>
  by.take("event", (message) => {
    const { event } = message;
    return message.jobId === jobId && event.type === "variant_done" && event.variant === variant;
  });
const told = (jobId: string, by = client) => {
  const events = by.events(jobId).map(({ event }) => event);
  return events.flatMap((event) => (event.type === "variant_done" ? [event] : []));
};

async function summary(jobId: string, by = client) {
  by.send({ type: "jobs", limit: 5 });
  const job = (await by.take("jobs")).jobs.find((each) => each.jobId === jobId);
  return { state: job?.state, variants: job?.variants.map(({ variant }) => variant) };
}

/** Which of three results can be read. */
async function readable(jobId: string): Promise<readonly number[]> {
  const headers = { Authorization: `Bearer ${client.sessionToken}` };
  const responses = await Promise.all(
    [1, 2, 3].map((variant) => server.get(`/results/${jobId}/result-${variant}.png`, headers)),
  );
  return responses.flatMap(({ ok }, i) => (ok ? [i + 1] : []));
}

test("each is told in order and with its own seed, and the end lists the files of all", async () => {
  const jobId = await submit();
  const end = await client.end(jobId);
  expect(told(jobId).map(({ variant, seed }) => [variant, seed])).toEqual([
    [1, 7],
    [2, 8],
    [3, 9],
  ]);
  expect(end).toMatchObject({ type: "done", seed: 7, outputs: told(jobId).flatMap(({ outputs }) => outputs) });
  expect(client.previews.map(({ variant }) => variant)).toEqual([1, 2, 3].flatMap((v) => [v, v, v, v]));
});

test("the first is listed and readable while the second is painted; a cancel keeps it, until the job is deleted", async () => {
  const jobId = await submit(hungIn(2));
  await variantDone(jobId, 1);
  expect(await summary(jobId)).toEqual({ state: "running", variants: [1] });
  expect(await readable(jobId)).toEqual([1]);
  client.send({ type: "cancel", jobId });
  expect(await client.end(jobId)).toEqual({ type: "cancelled" });
  expect(await summary(jobId)).toEqual({ state: "cancelled", variants: [1] });
  expect(await readable(jobId)).toEqual([1]);
  client.send({ type: "remove", jobId });
  await client.take("removed");
  expect(await readable(jobId)).toEqual([]);
  expect(await readdir(homeAt(dir).jobsDir)).not.toContain(jobId);
});

test("a job whose engine dies twice at the second ends failed and keeps the first, painted once", async () => {
  const jobId = await submit({ crashAt: 2, crashAlways: true, inVariant: 2 });
  expect(await client.end(jobId)).toMatchObject({ type: "failed", code: "engine_crashed" });
  const types = client.events(jobId).map(({ event }) => event.type);
  expect(types.filter((type) => type === "started")).toHaveLength(2);
  const steps = client.events(jobId).flatMap(({ event }) => (event.type === "progress" ? [event.variant] : []));
  expect(steps).toEqual([1, 1, 1, 1, 2, 2]);
  expect([told(jobId).length, await readable(jobId)]).toEqual([1, [1]]);
});

test("what an engine finished and could not tell is told before the end", async () => {
  const jobId = await submit({ dieUntold: true });
  expect(await client.end(jobId)).toMatchObject({ type: "failed", code: "engine_crashed" });
  expect(told(jobId).map(({ variant, seed }) => [variant, seed])).toEqual([
    [1, 7],
    [2, 8],
  ]);
  expect([await readable(jobId), (await summary(jobId)).variants]).toEqual([
    [1, 2],
    [1, 2],
  ]);
});

test("a panel that comes late, or back, is told what is finished so far", async () => {
  const jobId = await submit({ stepMs: 60 });
  await variantDone(jobId, 1);
  const late = await server.client();
  late.send({ type: "resume", jobId, lastSeq: 0 });
  await late.take("resumed");
  expect(told(jobId, late)[0]).toEqual(told(jobId)[0]);

  const seen = client.events(jobId).at(-1)?.seq ?? 0;
  client.socket.terminate();
  await variantDone(jobId, 2, late);
  client = await RawClient.connect(server.port);
  await client.prove(server.secret, [{ jobId, lastSeq: seen }]);
  expect((await client.end(jobId)).type).toBe("done");
  expect(told(jobId).map(({ variant }) => variant)).toEqual([2, 3]);
  await late.close();
});

test("a server that starts again goes on with the first that is not finished, and tells of the others", async () => {
  const jobId = await submit({ stepMs: 60 });
  const first = (await variantDone(jobId, 1)).event;
  const lastSeq = client.events(jobId).at(-1)?.seq ?? 0;
  await server.stop();
  await open();
  client.send({ type: "resume", jobId, lastSeq });
  expect((await client.end(jobId)).type).toBe("done");
  expect(client.events(jobId).map(({ event }) => event)).toMatchObject([
    first,
    { type: "retrying" },
    {},
    ...stepsOf(2, 3),
  ]);
  expect(told(jobId).map(({ variant }) => variant)).toEqual([1, 2, 3]);
});

test("what an ended job has kept is known to the next server, and told before its end", async () => {
  const jobId = await submit(hungIn(3));
  await variantDone(jobId, 2);
  client.send({ type: "cancel", jobId });
  await client.end(jobId);
  const before = { told: told(jobId), summary: await summary(jobId), lastSeq: client.events(jobId).at(-1)?.seq };
  await server.stop();
  await open();
  client.send({ type: "resume", jobId, lastSeq: 0 });
  expect((await client.take("resumed")).lastSeq).toBe(before.lastSeq);
  expect(client.events(jobId).map(({ event }) => event)).toEqual([...before.told, { type: "cancelled" }]);
  expect(await summary(jobId)).toEqual(before.summary);
  expect(await readable(jobId)).toEqual([1, 2]);
});

test("a record that was torn counts as none; a job of an earlier server, which made none, has what its end lists", async () => {
  const old = await submit();
  await client.end(old);
  const torn = await submit(hungIn(3));
  await variantDone(torn, 2);
  client.send({ type: "cancel", jobId: torn });
  await client.end(torn);
  const before = await summary(old);
  await server.stop();
  const record = (jobId: string, variant: number) => join(homeAt(dir).jobsDir, jobId, `variant-${variant}.json`);
  await writeFile(record(torn, 2), '{"variant":2,');
  for (const variant of [1, 2, 3]) await rm(record(old, variant));
  await open();
  expect(await summary(torn)).toEqual({ state: "cancelled", variants: [1] });
  expect(await summary(old)).toEqual(before);
  expect(await readable(old)).toEqual([1, 2, 3]);
});

/** What is told of these variants, until the job's end. */
function stepsOf(...variants: readonly number[]) {
  const steps = [1, 2, 3, 4].map((step) => ({ type: "progress", step }));
  const each = variants.flatMap((variant) => [
    ...steps.map((progress) => ({ ...progress, variant })),
    { type: "variant_done", variant },
  ]);
  return [...each, { type: "done" }];
}
