import fc from "fast-check";
import { uuidv7 } from "uuidv7";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { WebSocket } from "ws";
import type { RawClient } from "../../server/rawClient.ts";
import { startTestServer, stubParams, type TestServer, uploadPictures } from "../../server/testServer.ts";
import { closePanels, openPanel } from "./panel.ts";

// Wherever the connection is cut, and however often: what the panel hears of a job is what the server says of it.

let server: TestServer;
let witness: RawClient;
beforeAll(async () => {
  server = await startTestServer();
  witness = await server.client();
  // It is silent for longer than the server waits.
  witness.socket.on("message", (data) => {
    if (String(data) === '{"type":"ping"}') witness.send({ type: "pong" });
  });
  await uploadPictures(witness);
});
afterEach(closePanels);
afterAll(async () => {
  await server.remove();
});

/** BACKDROP_CUT_PLANS=500 looks harder. */
const numRuns = Number(process.env.BACKDROP_CUT_PLANS ?? 40);

const plans = fc.record({
  jobs: fc.array(fc.record({ steps: fc.integer({ min: 1, max: 12 }), stepMs: fc.integer({ min: 0, max: 4 }) }), {
    minLength: 1,
    maxLength: 3,
  }),
  /** messages, of either side, from one cut to the next */
  cuts: fc.array(fc.integer({ min: 1, max: 25 }), { maxLength: 6 }),
  /** the job, and after how many messages it is cancelled */
  cancel: fc.option(fc.record({ job: fc.nat(2), after: fc.integer({ min: 0, max: 40 }) })),
});

test("every job ends as the server says, each event once and in order", async () => {
  await fc.assert(
    fc.asyncProperty(plans, async ({ jobs, cuts, cancel }) => {
      let messages = 0;
      let untilCut = cuts[0] ?? Number.POSITIVE_INFINITY;
      const left = [...cuts.slice(1)];
      const count = (socket: WebSocket) => {
        messages++;
        if (cancel !== null && messages === cancel.after) panel.connection.cancel(cancelled);
        if (--untilCut > 0) return;
        untilCut = left.shift() ?? Number.POSITIVE_INFINITY;
        socket.terminate();
      };
      const panel = openPanel(server, { onSend: (_, socket) => count(socket), onReceive: count });
      const ids = jobs.map(() => uuidv7());
      const cancelled = ids[cancel?.job ?? 0] ?? "";
      for (const [i, { steps, stepMs }] of jobs.entries()) {
        panel.connection.submit(ids[i] ?? "", stubParams({ stepMs }, { steps }));
      }
      if (cancel?.after === 0) panel.connection.cancel(cancelled);

      for (const jobId of ids) {
        await panel.end(jobId);
        expect(panel.eventsOf(jobId)).toEqual(await truth(jobId));
      }
      expect(panel.refused).toEqual([]);
      panel.connection.close();
    }),
    { numRuns },
  );
}, 1_800_000);

/** All events of a job, as the server has them. One that was cancelled before it was sent has none there. */
async function truth(jobId: string) {
  witness.send({ type: "resume", jobId, lastSeq: 0 });
  const isAbout = (message: { readonly jobId?: string | undefined }) => message.jobId === jobId;
  const answer = await Promise.race([witness.take("resumed", isAbout), witness.take("error", isAbout)]);
  if (answer.type === "error") return [{ type: "cancelled" }];
  return witness.events(jobId).map(({ event }) => event);
}
