import { expect } from "vitest";
import type { ServerMessageOf } from "../../shared/protocol/serverMessages.ts";
import type { RawClient } from "../server/rawClient.ts";
import { sha256Of, startTestServer, stubParams, uploadPictures } from "../server/testServer.ts";

/**
 * `count` connections are cut at random moments of jobs, each resumed after a random pause: every event of every job
 * arrives once and in order, and the result's bytes are those of an undisturbed run.
 */
export async function surviveDisconnects(count: number): Promise<void> {
  const server = await startTestServer();
  const params = stubParams({ stepMs: 2, resultBytes: 50_000 }, { steps: 20, variants: 2 });
  let client = await server.client();
  await uploadPictures(client);
  const undisturbed = await endOf(client, await client.submit(params));

  let cuts = 0;
  while (cuts < count) {
    const jobId = await client.submit(params);
    const seen: ServerMessageOf<"event">[] = [];
    for (;;) {
      await pause(Math.random() * 40);
      client.socket.terminate();
      await client.closed;
      cuts++;
      seen.push(...client.events(jobId));
      if (isOver(seen)) break;
      await pause(Math.random() * 20);
      client = await server.client();
      const lastSeq = seen.at(-1)?.seq ?? 0;
      client.send({ type: "resume", jobId, lastSeq });
      await client.take("resumed");
    }
    expect(seen.map(({ seq }) => seq)).toEqual(seen.map((_, i) => i + 1));
    expect(seen.at(-1)?.event).toEqual(undisturbed);
    client = await server.client();
    const response = await server.get(`/results/${jobId}/result-1.png`, {
      Authorization: `Bearer ${client.sessionToken}`,
    });
    const [output] = undisturbed.outputs;
    expect(sha256Of(new Uint8Array(await response.arrayBuffer()))).toBe(output?.sha256);
  }
  await server.remove();
}

/** `count` times the engine's process is killed at a random moment; every job ends, and as an undisturbed one would. */
export async function surviveKills(count: number): Promise<void> {
  const server = await startTestServer();
  const client = await server.client();
  await uploadPictures(client);
  const params = stubParams({ stepMs: 3 }, { steps: 8, variants: 2 });
  const undisturbed = await endOf(client, await client.submit(params));
  let retried = 0;
  for (let kills = 0; kills < count; kills++) {
    const jobId = await client.submit(params);
    await client.take("event", ({ jobId: id, event }) => id === jobId && event.type === "started");
    await pause(Math.random() * 40);
    const pid = server.enginePid();
    if (pid !== undefined) process.kill(pid, "SIGKILL");
    expect(await endOf(client, jobId)).toEqual(undisturbed);
    const types = client.events(jobId).map(({ event }) => event.type);
    if (types.includes("retrying")) retried++;
  }
  expect(retried, "some kills hit a running job").toBeGreaterThan(0);
  await server.remove();
}

async function endOf(client: RawClient, jobId: string) {
  const end = await client.end(jobId, 60_000);
  if (end.type !== "done") throw new Error(`expected done, got ${JSON.stringify(end)}`);
  return end;
}

function isOver(events: readonly ServerMessageOf<"event">[]): boolean {
  return events.at(-1)?.event.type === "done";
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
