import { randomUUID } from "node:crypto";
import { createConnection } from "node:net";
import { uuidv7 } from "uuidv7";
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from "vitest";
import { encodeFrame } from "../../shared/protocol/frame.ts";
import { chunkBytes, maxTextBytes, maxUploadBytes } from "../../shared/protocol/limits.ts";
import type { RawClient } from "../server/rawClient.ts";
import { sha256Of, startTestServer, stubParams, type TestServer } from "../server/testServer.ts";

// What a hostile or broken client gets; the message schemas themselves are in test/shared/protocol.

let server: TestServer;
let client: RawClient;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  client = await server.client();
  return async () => {
    client.socket.terminate();
    await client.closed;
  };
});
afterAll(async () => {
  // Whatever a client did, the server still serves.
  await (await server.client()).close();
  await server.remove();
});

describe("messages", () => {
  it.each([
    "",
    "hello",
    "[]",
    '{"type":"ping","extra":1}',
    '{"type":"ping","__proto__":{"x":1}}',
    '{"type":"jobs","limit":NaN}',
    '{"__proto__":{"type":"ping"}}',
  ])("%j is bad_message, and the third closes with 1008", async (text) => {
    for (let i = 0; i < 3; i++) {
      client.socket.send(text);
      expect(await client.take("error")).toMatchObject({ code: "bad_message", retryable: false });
    }
    expect((await client.closed).code).toBe(1008);
  });

  it("the handshake again is refused", async () => {
    client.send({ type: "pair_begin" });
    expect(await client.take("error")).toMatchObject({ code: "bad_message" });
  });

  it.each([
    ['{"steps":-1}', "invalid_params", "/params/settings/steps"],
    ['{"steps":1e9}', "invalid_params", "/params/settings/steps"],
    ['{"seed":9007199254740992}', "invalid_params", "/params/settings/seed"],
    ['{"width":0,"height":0}', "invalid_params", "/params/settings/width"],
    ['{"width":100000,"height":100000}', "invalid_params", "/params/settings/width"],
    ['{"guidance":null}', "invalid_params", "/params/settings/guidance"],
    ['{"guidance":1e999}', "invalid_params", "/params/settings/guidance"],
    ['{"prompt":"\\ud800"}', "prompt_invalid", "/params/settings/prompt"],
    ['{"prompt":"\\u0000"}', "prompt_invalid", "/params/settings/prompt"],
    [`{"prompt":"${"a".repeat(60_000)}"}`, "prompt_invalid", "/params/settings/prompt"],
  ])("settings %.40s: the code and where, however often", async (settings, code, pointer) => {
    const jobId = uuidv7();
    const inputs = JSON.stringify(stubParams().inputs);
    for (let i = 0; i < 4; i++) {
      client.socket.send(`{"type":"submit","jobId":"${jobId}","params":{"settings":${settings},"inputs":${inputs}}}`);
      expect(await client.take("error")).toMatchObject({ code, pointer, jobId });
    }
  });

  it("text above 64 KiB closes with 1009; so does a prompt of 1 MB", async () => {
    client.socket.send(`"${"a".repeat(maxTextBytes - 1)}"`);
    expect((await client.closed).code).toBe(1009);
    const other = await server.client();
    other.socket.send(`{"prompt":"${"a".repeat(1_000_000)}"}`);
    expect((await other.closed).code).toBe(1009);
  });

  it("text that is not UTF-8 closes with 1007", async () => {
    client.socket.send(Buffer.from([0x7b, 0xff, 0xfe]), { binary: false });
    expect((await client.closed).code).toBe(1007);
    const other = await server.client();
    const surrogate = Buffer.from([0xed, 0xa0, 0x80]);
    other.socket.send(Buffer.concat([Buffer.from('{"prompt":"'), surrogate, Buffer.from('"}')]), { binary: false });
    expect((await other.closed).code).toBe(1007);
  });

  it("a message in very many fragments closes", async () => {
    for (let i = 0; i < 100; i++) client.socket.send("a", { fin: false, binary: false });
    expect((await client.closed).code).toBe(1008);
  });

  it("more than 200 messages in a second close with 4429", async () => {
    for (let i = 0; i < 300; i++) client.send({ type: "pong" });
    expect((await client.closed).code).toBe(4429);
  });
});

describe("binary frames", () => {
  const frame = () =>
    encodeFrame({ kind: "chunk", seq: 0, step: 0, steps: 0, variant: 0, id: randomUUID(), payload: Buffer.from("x") });

  it.each<[string, () => Uint8Array]>([
    ["an empty one", () => new Uint8Array()],
    ["a header alone", () => frame().subarray(0, 32)],
    ["another version", () => frame().fill(9, 0, 1)],
    ["a kind that is the server's", () => frame().fill(1, 1, 2)],
    ["reserved bytes", () => frame().fill(1, 14, 15)],
  ])("%s is bad_message", async (_, bytes) => {
    client.socket.send(bytes());
    expect(await client.take("error")).toMatchObject({ code: "bad_message" });
  });

  it("one above the largest closes with 1009", async () => {
    client.socket.send(Buffer.alloc(33 + chunkBytes));
    expect((await client.closed).code).toBe(1009);
  });
});

describe("uploads", () => {
  const bytes = Buffer.alloc(chunkBytes + 10, "upload");
  const promised = { sha256: sha256Of(bytes), sizeBytes: bytes.length };
  const begin = async (what = promised) => {
    const uploadId = randomUUID();
    client.send({ type: "upload", uploadId, ...what });
    await client.take("upload_ready");
    return uploadId;
  };
  const refused = async (uploadId: string) =>
    expect(await client.take("error")).toMatchObject({ code: "upload_invalid", uploadId });

  it("a gap, a duplicate, a wrong length: one answer, and the rest is ignored", async () => {
    for (const [first, second] of [
      [1, 0],
      [0, 0],
    ] as const) {
      const uploadId = await begin();
      client.sendChunk(uploadId, first, bytes.subarray(0, chunkBytes));
      client.sendChunk(uploadId, second, bytes.subarray(0, chunkBytes));
      client.sendChunk(uploadId, 1, bytes.subarray(chunkBytes));
      await refused(uploadId);
    }
    const uploadId = await begin();
    client.sendChunk(uploadId, 0, bytes.subarray(1, chunkBytes));
    await refused(uploadId);
    client.send({ type: "ping" });
    await client.take("pong");
    expect(client.messages.filter(({ type }) => type === "error")).toHaveLength(3);
  });

  it.each([
    [0, "image_corrupt"],
    [maxUploadBytes + 1, "image_too_large"],
    [2 ** 53 - 1, "image_too_large"],
  ])("%i bytes: %s, and no upload begins", async (sizeBytes, code) => {
    const uploadId = randomUUID();
    client.send({ type: "upload", uploadId, sha256: sha256Of(Buffer.alloc(0)), sizeBytes });
    expect(await client.take("error")).toMatchObject({ code, uploadId, retryable: false });
  });

  it("a wrong hash: nothing is kept", async () => {
    const uploadId = await begin({ ...promised, sha256: "00".repeat(32) });
    client.sendChunk(uploadId, 0, bytes.subarray(0, chunkBytes));
    client.sendChunk(uploadId, 1, bytes.subarray(chunkBytes));
    await refused(uploadId);
    client.send({ type: "have", sha256s: ["00".repeat(32), promised.sha256] });
    expect(await client.take("have")).toEqual({ type: "have", present: [] });
  });

  it("an id in use, and more than four at a time", async () => {
    const ids = [await begin(), await begin(), await begin(), await begin()];
    client.send({ type: "upload", uploadId: ids[0] ?? "", ...promised });
    await refused(ids[0] ?? "");
    const fifth = randomUUID();
    client.send({ type: "upload", uploadId: fifth, ...promised });
    await refused(fifth);
  });

  it("the same picture again is not sent", async () => {
    await client.upload(bytes, promised.sha256);
    client.send({ type: "have", sha256s: [promised.sha256, "11".repeat(32)] });
    expect(await client.take("have")).toEqual({ type: "have", present: [promised.sha256] });
    const uploadId = randomUUID();
    client.send({ type: "upload", uploadId, ...promised });
    expect((await client.take("upload_ready")).have).toBe(true);
    expect((await client.take("upload_done")).uploadId).toBe(uploadId);
  });
});

test("bytes that are no HTTP, and a client that goes in the middle of a frame, harm nobody", async () => {
  for (const raw of [
    "\0\x01\x02\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: \xff\r\n\r\n",
    "GET //[ HTTP/1.1\r\nHost: x\r\n\r\n",
  ]) {
    await new Promise<void>((resolve) => {
      const socket = createConnection({ port: server.port, host: "127.0.0.1" }, () => socket.end(raw, "latin1"));
      socket.on("error", () => {}).on("close", () => resolve());
      socket.resume();
    });
  }
  client.socket.send(Buffer.alloc(chunkBytes), { fin: false });
  client.socket.terminate();
  await client.closed;
});
