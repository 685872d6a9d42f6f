import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ClientMessageInput } from "../../shared/protocol/clientMessages.ts";
import { noHelpers } from "../../shared/protocol/helpers.ts";
import { maxQueuedAssists } from "../../shared/protocol/limits.ts";
import type { RawClient } from "../server/rawClient.ts";
import {
  miniInfo,
  sha256Of,
  startTestServer,
  stubParams,
  type TestServer,
  uploadPictures,
} from "../server/testServer.ts";

// Questions to helpers over the socket, with the stub in the engine's place.

let server: TestServer;
let client: RawClient;
beforeAll(async () => {
  server = await startTestServer({
    readInstalled: async () => ({ models: [miniInfo], helpers: { ...noHelpers, segment: "slimsam" }, damaged: {} }),
  });
  client = await server.client();
  await uploadPictures(client);
});
afterAll(() => server.remove());

async function uploaded(text: string): Promise<string> {
  const sha256 = sha256Of(Buffer.from(text));
  await client.upload(Buffer.from(text), sha256);
  return sha256;
}

function describe(picture: string, requestId: string = randomUUID()): string {
  client.send({ type: "describe", requestId, picture });
  return requestId;
}

const answerTo = (requestId: string) => client.take("described", (message) => message.requestId === requestId);
const refusalOf = (requestId: string) => client.take("error", (message) => message.requestId === requestId);

test("welcome tells which helpers are there", async () => {
  const other = await server.client();
  const welcome = other.messages.find(({ type }) => type === "welcome");
  expect(welcome).toMatchObject({ helpers: { ...noHelpers, segment: "slimsam" } });
  await other.close();
});

test("clicks are answered by a mask, a picture by a sentence", async () => {
  const picture = await uploaded("a red chair");
  const points = [{ x: 0.5, y: 0.25, keep: true }];
  const requestId = randomUUID();
  client.send({ type: "segment", requestId, picture, points });
  const mask = await client.takeMask(requestId);
  expect(JSON.parse(Buffer.from(mask.payload).toString())).toEqual(points);
  expect(await answerTo(describe(picture))).toMatchObject({ text: "a red chair" });
});

test("what cannot be answered is refused by its request id", async () => {
  expect(await refusalOf(describe("0".repeat(64)))).toMatchObject({ code: "image_missing", pointer: "/picture" });
  expect(await refusalOf(describe(await uploaded("missing")))).toMatchObject({ code: "helper_missing" });
  const picture = await uploaded("a red chair");
  for (const points of [
    [],
    [{ x: 1.5, y: 0, keep: true }],
    Array.from({ length: 65 }, () => ({ x: 0, y: 0, keep: true })),
  ]) {
    const other = await server.client();
    const requestId = randomUUID();
    other.send({ type: "segment", requestId, picture, points } satisfies ClientMessageInput);
    expect(await other.take("error")).toMatchObject({ code: "bad_message", requestId });
    await other.close();
  }
});

test("a running job is not disturbed, and the question is answered after it", async () => {
  const picture = await uploaded("a red chair");
  const jobId = await client.submit(stubParams({ stepMs: 60 }));
  await client.take("event", ({ event }) => event.type === "progress");
  await answerTo(describe(picture));
  expect(client.events(jobId).filter(({ event }) => event.type === "progress")).toHaveLength(4);
  expect(await client.end(jobId)).toMatchObject({ type: "done" });
});

test("withdrawn questions are not answered, and the next one is", async () => {
  const [slow, quick] = [await uploaded("wait"), await uploaded("a red chair")];
  const [running, waiting] = [describe(slow), describe(quick)];
  for (const requestId of [waiting, running, running]) client.send({ type: "withdraw", requestId });
  await answerTo(describe(quick));
  const told = JSON.stringify(client.messages);
  expect(told).not.toContain(running);
  expect(told).not.toContain(waiting);
});

test("no more than so many wait, and they end with their connection", async () => {
  const slow = await uploaded("wait");
  const other = await server.client();
  for (let i = 0; i <= maxQueuedAssists; i++) other.send({ type: "describe", requestId: randomUUID(), picture: slow });
  expect(await other.take("error")).toMatchObject({ code: "queue_full", retryable: true });
  const begin = performance.now();
  await other.close();
  await answerTo(describe(await uploaded("a red chair")));
  expect(performance.now() - begin).toBeLessThan(300 * 4);
});

test("an engine that dies on a question is replaced, and jobs go on", async () => {
  expect(await refusalOf(describe(await uploaded("crash")))).toMatchObject({ code: "engine_crashed", retryable: true });
  expect(await client.end(await client.submit(stubParams()))).toMatchObject({ type: "done" });
});
