import { uuidv7 } from "uuidv7";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  pictures,
  sha256Of,
  startTestServer,
  stubParams,
  type TestServer,
  uploadPictures,
} from "../../server/testServer.ts";
import { closePanels, openPanel } from "./panel.ts";

// The history and finished files, over connections that come and go.

let server: TestServer;
let ids: readonly string[];
beforeAll(async () => {
  server = await startTestServer();
  const client = await server.client();
  await uploadPictures(client);
  const submitted: string[] = [];
  for (let i = 0; i < 3; i++) {
    const jobId = await client.submit(stubParams({}, { seed: i }));
    await client.end(jobId);
    submitted.unshift(jobId);
  }
  ids = submitted;
  await client.close();
});
afterEach(closePanels);
afterAll(async () => {
  await server.remove();
});

test("the history in pages, each answer with its question", async () => {
  const { connection } = openPanel(server);
  const [first, second] = await Promise.all([connection.history(2), connection.history(2, ids[1])]);
  expect([first.jobs.map(({ jobId }) => jobId), first.more]).toEqual([ids.slice(0, 2), true]);
  expect([second.jobs.map(({ jobId }) => jobId), second.more]).toEqual([ids.slice(2), false]);
});

test("a page that the server would not understand is refused here", async () => {
  const { connection } = openPanel(server);
  for (const limit of [0, 51, 1.5]) {
    await expect(connection.history(limit)).rejects.toMatchObject({ code: "invalid_params" });
  }
});

test("a page asked for while there is no connection, or lost with it, comes with the next", async () => {
  let cuts = 0;
  const panel = openPanel(server, {
    onSend(data, socket) {
      if (typeof data === "string" && data.includes('"jobs"') && cuts++ === 0) socket.terminate();
    },
  });
  expect((await panel.connection.history(1)).jobs[0]?.jobId).toBe(ids[0]);
  expect(cuts).toBe(2);
});

test("what was uploaded, while the server keeps it", async () => {
  const { connection } = openPanel(server);
  expect(await connection.fetchUpload(sha256Of(pictures.product))).toEqual(new Uint8Array(pictures.product));
  await expect(connection.fetchUpload("f".repeat(64))).rejects.toMatchObject({ code: "not_found" });
});

test("a result's bytes, also after the token that was valid has gone", async () => {
  const panel = openPanel(server);
  const [jobId = ""] = ids;
  const bytes = await panel.connection.fetchResult(jobId, "result-1.png");
  const [summary] = (await panel.connection.history(1)).jobs;
  if (summary?.end?.type !== "done") throw new Error("expected done");
  expect(sha256Of(bytes)).toBe(summary.end.outputs[0]?.sha256);
  panel.cut();
  expect(await panel.connection.fetchResult(jobId, "result-1.png")).toEqual(bytes);
});

test("a result that is not there is not_found at once", async () => {
  const { connection } = openPanel(server);
  await expect(connection.fetchResult(uuidv7(), "result-1.png")).rejects.toMatchObject({ code: "not_found" });
});

test("a browser that lets no request through: an error in the end, not a wait for ever", async () => {
  let requests = 0;
  const panel = openPanel(server, {
    environment: {
      async fetch() {
        requests++;
        throw new TypeError("Failed to fetch");
      },
    },
  });
  const [jobId = ""] = ids;
  await expect(panel.connection.fetchResult(jobId, "result-1.png")).rejects.toMatchObject({ code: "internal" });
  expect(requests).toBe(4);
});

test("remove, twice, and of a job that has not ended", async () => {
  const panel = openPanel(server);
  const running = uuidv7();
  panel.connection.submit(running, stubParams({ stepMs: 20 }, { steps: 100 }));
  await panel.until(() => panel.eventsOf(running).length > 2);
  const refused = [panel.connection.remove(running), panel.connection.remove(running)];
  for (const removal of refused) await expect(removal).rejects.toMatchObject({ code: "job_conflict" });
  expect(panel.refused).toEqual([]);
  panel.connection.cancel(running);
  expect((await panel.end(running)).type).toBe("cancelled");
  await Promise.all([panel.connection.remove(running), panel.connection.remove(running)]);
  await panel.connection.remove(running);
  expect((await panel.connection.history(1)).jobs[0]?.jobId).toBe(ids[0]);
});
