import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { decodeFrame } from "../../../shared/protocol/frame.ts";
import { chunkBytes, maxUploadBytes, uploadWindowChunks } from "../../../shared/protocol/limits.ts";
import { sha256Of, startTestServer, type TestServer } from "../../server/testServer.ts";
import { closePanels, openPanel } from "./panel.ts";

// Pictures reach the server whole and once, whatever happens to the connection.

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterEach(closePanels);
afterAll(async () => {
  await server.remove();
});

async function stored(sha256: string): Promise<Buffer> {
  return await readFile(join(server.home.uploadsDir, sha256));
}

test.each([1, chunkBytes - 1, chunkBytes, chunkBytes + 1, 11 * chunkBytes + 7])("%i bytes", async (sizeBytes) => {
  const bytes = randomBytes(sizeBytes);
  const sha256 = await openPanel(server).connection.upload(bytes);
  expect(sha256).toBe(sha256Of(bytes));
  expect((await stored(sha256)).equals(bytes)).toBe(true);
});

test("a picture that the server has is not sent", async () => {
  const bytes = randomBytes(1000);
  await openPanel(server).connection.upload(bytes);
  let chunks = 0;
  const again = openPanel(server, { onSend: (data) => void (typeof data === "string" || chunks++) });
  expect(await again.connection.upload(bytes)).toBe(sha256Of(bytes));
  expect(chunks).toBe(0);
});

test("the same bytes at the same time are sent once; others wait their turn", async () => {
  const [bytes, other] = [randomBytes(3 * chunkBytes), randomBytes(10)];
  let chunks = 0;
  const panel = openPanel(server, { onSend: (data) => void (typeof data === "string" || chunks++) });
  const wanted = [bytes, Buffer.from(bytes), other, bytes];
  const hashes = await Promise.all(wanted.map((each) => panel.connection.upload(each)));
  expect(hashes).toEqual(wanted.map(sha256Of));
  expect(chunks).toBe(4);
});

test("no more chunks than the window are ever unacknowledged", async () => {
  let [sent, most] = [0, 0];
  const panel = openPanel(server, {
    onSend(data, socket) {
      if (typeof data === "string") return;
      if (sent++ === 0) {
        socket.prependListener("message", (message) => {
          if (message.toString().includes('"upload_ack"')) sent--;
        });
      }
      most = Math.max(most, sent);
    },
  });
  await panel.connection.upload(randomBytes(40 * chunkBytes));
  expect(most).toBe(uploadWindowChunks);
});

test.each([0, 3, 11])("cut after chunk %i: it starts again, and the bytes are the same", async (last) => {
  const bytes = randomBytes(11 * chunkBytes + 7);
  let cuts = 0;
  const panel = openPanel(server, {
    onSend(data, socket) {
      if (typeof data !== "string" && decodeFrame(data).seq === last && cuts++ === 0) socket.terminate();
    },
  });
  const sha256 = await panel.connection.upload(bytes);
  expect(cuts).toBe(2);
  expect((await stored(sha256)).equals(bytes)).toBe(true);
});

test("a chunk that is damaged on the way: the upload starts again", async () => {
  const bytes = randomBytes(chunkBytes + 10);
  let damaged = 0;
  const panel = openPanel(server, {
    onSend(data) {
      if (typeof data !== "string" && damaged++ === 0) data[40] = (data[40] ?? 0) ^ 1;
    },
  });
  const sha256 = await panel.connection.upload(Buffer.from(bytes));
  expect(damaged).toBe(4);
  expect((await stored(sha256)).equals(bytes)).toBe(true);
});

test("one that is damaged every time fails, and the next upload goes on", async () => {
  const panel = openPanel(server, {
    onSend(data) {
      if (typeof data !== "string" && data.length > 100) data[40] = (data[40] ?? 0) ^ 1;
    },
  });
  const [bad, good] = [panel.connection.upload(randomBytes(1000)), panel.connection.upload(randomBytes(10))];
  await expect(bad).rejects.toMatchObject({ code: "upload_invalid" });
  expect(await good).toMatch(/^[0-9a-f]{64}$/);
});

test("abort ends the wait with the signal's reason, and leaves the others", async () => {
  const bytes = randomBytes(20 * chunkBytes);
  const abort = new AbortController();
  const panel = openPanel(server, {
    onSend(data) {
      if (typeof data !== "string") abort.abort(new Error("changed my mind"));
    },
  });
  const aborted = panel.connection.upload(bytes, abort.signal);
  const waiting = panel.connection.upload(bytes);
  await expect(aborted).rejects.toThrow("changed my mind");
  expect(await waiting).toBe(sha256Of(bytes));
  await expect(panel.connection.upload(bytes, abort.signal)).rejects.toThrow("changed my mind");
});

test("what is aborted before a connection is there is never sent", async () => {
  const sent: string[] = [];
  const abort = new AbortController();
  const panel = openPanel(server, { onSend: (data) => sent.push(typeof data === "string" ? data : "chunk") });
  const aborted = panel.connection.upload(randomBytes(10), abort.signal);
  abort.abort(new Error("changed my mind"));
  await expect(aborted).rejects.toThrow("changed my mind");
  await panel.connection.upload(randomBytes(11));
  expect(sent.filter((data) => data.includes('"upload"'))).toHaveLength(1);
});

test("an empty and a far too large picture are refused before anything is sent", async () => {
  const { connection } = openPanel(server);
  await expect(connection.upload(new Uint8Array())).rejects.toMatchObject({ code: "image_corrupt" });
  await expect(connection.upload(new Uint8Array(maxUploadBytes + 1))).rejects.toMatchObject({
    code: "image_too_large",
  });
});

test("closing the panel ends every wait", async () => {
  const panel = openPanel(server, { ports: {} });
  const waiting = [
    panel.connection.upload(randomBytes(10)),
    panel.connection.history(1),
    panel.connection.fetchResult("x", "y"),
  ];
  await panel.lost("server_not_running");
  panel.connection.close();
  for (const each of waiting) await expect(each).rejects.toMatchObject({ code: "shutting_down" });
});
