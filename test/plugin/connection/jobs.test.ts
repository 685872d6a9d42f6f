import { uuidv7 } from "uuidv7";
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from "vitest";
import { startTestServer, stubParams, type TestServer, uploadPictures } from "../../server/testServer.ts";
import { closePanels, openPanel, type Panel } from "./panel.ts";

// A job is followed to its end whatever happens to the connection: the real server with a stub for its engine, over real sockets.

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  const client = await server.client();
  await uploadPictures(client);
  await client.close();
});
afterEach(closePanels);
afterAll(async () => {
  await server.remove();
});

const undisturbed = (steps: number) => [
  "queued",
  "started",
  ...Array.from({ length: steps }, () => "progress"),
  "variant_done",
  "done",
];
const typesOf = (panel: Panel, jobId: string) => panel.eventsOf(jobId).map(({ type }) => type);
const slow = stubParams({ stepMs: 30 }, { steps: 20 });

test("a job from submit to done, with its previews", async () => {
  const panel = openPanel(server);
  const jobId = uuidv7();
  panel.connection.submit(jobId, stubParams());
  expect(await panel.end(jobId)).toMatchObject({ type: "done", seed: 7 });
  expect(typesOf(panel, jobId)).toEqual(undisturbed(4));
  expect(
    panel.previews.map(({ jobId: id, variant, step, steps, jpeg }) => [id, variant, step, steps, jpeg[0]]),
  ).toEqual([1, 2, 3, 4].map((step) => [jobId, 1, step, 4, step]));
});

describe("a lost connection", () => {
  it("in the middle of a job: every event once and in order, and previews go on", async () => {
    const panel = openPanel(server);
    const jobId = uuidv7();
    panel.connection.submit(jobId, slow);
    await panel.until(() => panel.previews.length > 3);
    panel.cut();
    await panel.lost("dropped");
    expect((await panel.end(jobId)).type).toBe("done");
    expect(typesOf(panel, jobId)).toEqual(undisturbed(20));
    const steps = panel.eventsOf(jobId).flatMap((event) => (event.type === "progress" ? [event.step] : []));
    expect(steps).toEqual(steps.map((_, i) => i + 1));
    expect(panel.previews.at(-1)?.step).toBe(20);
  });

  it("before the submit arrives: it is sent again", async () => {
    let cuts = 0;
    const panel = openPanel(server, {
      onSend(data, socket) {
        if (typeof data === "string" && data.includes('"submit"') && cuts++ === 0) socket.terminate();
      },
    });
    await panel.state("ready");
    const jobId = uuidv7();
    panel.connection.submit(jobId, stubParams());
    expect((await panel.end(jobId)).type).toBe("done");
    expect(cuts).toBe(2);
    expect(typesOf(panel, jobId)).toEqual(undisturbed(4));
  });

  it("a job submitted while there is none waits for the next", async () => {
    const panel = openPanel(server);
    await panel.state("ready");
    panel.cut();
    await panel.lost("dropped");
    const jobId = uuidv7();
    panel.connection.submit(jobId, stubParams());
    expect((await panel.end(jobId)).type).toBe("done");
  });

  it("more unfinished jobs than one prove can resume", async () => {
    const panel = openPanel(server);
    const ids = Array.from({ length: 17 }, () => uuidv7());
    for (const jobId of ids) {
      panel.connection.submit(jobId, stubParams({ stepMs: 20 }));
      await panel.until(() => typesOf(panel, ids[0] ?? "").includes("started"));
    }
    await panel.until(() => ids.every((jobId) => panel.eventsOf(jobId).length > 0));
    panel.cut();
    for (const jobId of ids) {
      expect((await panel.end(jobId)).type).toBe("done");
      expect(typesOf(panel, jobId)).toEqual(undisturbed(4));
    }
  });
});

test("a server that restarts on the same port: the job starts over there, and ends", async () => {
  const first = await startTestServer({ timing: { stopMs: 20 } });
  const client = await first.client();
  await uploadPictures(client);
  const panel = openPanel(first);
  const jobId = uuidv7();
  panel.connection.submit(jobId, slow);
  await panel.until(() => typesOf(panel, jobId).includes("progress"));
  await first.stop();
  await panel.lost("server_not_running");
  expect(panel.states).toContainEqual(expect.objectContaining({ type: "lost", cause: "shutting_down" }));
  const second = await startTestServer({ home: first.home, port: first.port });
  expect((await panel.end(jobId)).type).toBe("done");
  const types = typesOf(panel, jobId);
  const again = types.indexOf("retrying");
  expect(types.slice(again + 1)).toEqual(undisturbed(20).slice(1));
  expect(types.slice(0, again)).toEqual(undisturbed(20).slice(0, again));
  await second.stop();
  await first.remove();
});

describe("cancel", () => {
  it("ends a running job, however often it is asked", async () => {
    const panel = openPanel(server);
    const jobId = uuidv7();
    panel.connection.submit(jobId, slow);
    await panel.until(() => typesOf(panel, jobId).includes("progress"));
    for (let i = 0; i < 3; i++) panel.connection.cancel(jobId);
    expect(await panel.end(jobId)).toEqual({ type: "cancelled" });
    panel.connection.cancel(jobId);
    expect(typesOf(panel, jobId).filter((type) => type === "cancelled")).toHaveLength(1);
  });

  it("while the connection is lost is told when it is back", async () => {
    const panel = openPanel(server);
    const jobId = uuidv7();
    panel.connection.submit(jobId, stubParams({ stepMs: 50 }, { steps: 150 }));
    await panel.until(() => typesOf(panel, jobId).includes("progress"));
    panel.cut();
    await panel.lost("dropped");
    panel.connection.cancel(jobId);
    expect(await panel.end(jobId)).toEqual({ type: "cancelled" });
  });

  it("whose message is lost is told again", async () => {
    let cuts = 0;
    const panel = openPanel(server, {
      onSend(data, socket) {
        if (typeof data === "string" && data.includes('"cancel"') && cuts++ === 0) socket.terminate();
      },
    });
    const jobId = uuidv7();
    panel.connection.submit(jobId, stubParams({ stepMs: 50 }, { steps: 150 }));
    await panel.until(() => typesOf(panel, jobId).includes("progress"));
    panel.connection.cancel(jobId);
    expect(await panel.end(jobId)).toEqual({ type: "cancelled" });
    expect(cuts).toBe(2);
  });

  it("of a job that no server has heard of ends it at once", () => {
    const panel = openPanel(server, { ports: {} });
    const jobId = uuidv7();
    panel.connection.submit(jobId, slow);
    panel.connection.cancel(jobId);
    expect(panel.eventsOf(jobId)).toEqual([{ type: "cancelled" }]);
  });
});

describe("a job of an earlier opening", () => {
  it("is followed from its first event", async () => {
    const earlier = openPanel(server);
    const jobId = uuidv7();
    earlier.connection.submit(jobId, slow);
    await earlier.until(() => typesOf(earlier, jobId).includes("progress"));
    earlier.connection.close();
    const panel = openPanel(server);
    panel.connection.follow(jobId);
    await panel.end(jobId);
    expect(typesOf(panel, jobId)).toEqual(undisturbed(20));
  });

  it("that the server does not know is refused", async () => {
    const panel = openPanel(server);
    const jobId = uuidv7();
    panel.connection.follow(jobId);
    await panel.until(() => panel.refused.length > 0);
    expect(panel.refused).toEqual([{ jobId, code: "job_unknown", pointer: undefined }]);
  });
});

describe("a refused job", () => {
  it("of the server's: code and place are told, and nothing follows", async () => {
    const panel = openPanel(server);
    const jobId = uuidv7();
    const params = stubParams();
    panel.connection.submit(jobId, { ...params, inputs: { ...params.inputs, productMask: "00".repeat(32) } });
    await panel.until(() => panel.refused.length > 0);
    expect(panel.refused).toEqual([{ jobId, code: "image_missing", pointer: "/params/inputs/productMask" }]);
    panel.cut();
    await panel.lost("dropped");
    await panel.state("ready");
    expect(panel.eventsOf(jobId)).toEqual([]);
  });

  it("that every server would refuse is not sent, so it cannot cost the connection", () => {
    const sent: unknown[] = [];
    const panel = openPanel(server, { onSend: (data) => sent.push(data) });
    const jobId = uuidv7();
    const params = stubParams();
    panel.connection.submit(jobId, { ...params, settings: { ...params.settings, prompt: "a".repeat(1_000_000) } });
    expect(panel.refused).toEqual([{ jobId, code: "prompt_invalid", pointer: "/params/settings/prompt" }]);
    expect(sent).toEqual([]);
  });
});
