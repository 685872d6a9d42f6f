import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type DownloadOptions, downloadFile } from "../../server/install/download.ts";
import { describeFile } from "../../server/install/hub.ts";
import { cutAfter, sendContent, sha256, startHub } from "./hubServer.ts";

// A file is fetched whole and right or not at all, whatever the server does, and nothing that has arrived is asked for twice.

const path = "owner/repository/weights.safetensors";
const content = randomBytes(300_000);
const patience = { attempts: 4, firstWaitMs: 1, longestWaitMs: 50, stallMs: 1000 };
const stop = new AbortController();

let hub: Awaited<ReturnType<typeof startHub>>;
let dir: string;
let shownBytes: number;
beforeEach(async () => {
  hub = await startHub(new Map([[path, content]]));
  dir = await mkdtemp(join(tmpdir(), "backdrop-download-"));
  shownBytes = 0;
});
afterEach(async () => {
  await hub.stop();
  await rm(dir, { recursive: true, force: true });
});

function options(more: Partial<DownloadOptions> = {}): DownloadOptions {
  const onBytes = (bytes: number) => {
    shownBytes += bytes;
  };
  return { hub: { endpoint: hub.endpoint, token: "hf_secret" }, patience, signal: stop.signal, onBytes, ...more };
}

async function fetchFile(more: Partial<DownloadOptions> = {}): Promise<string> {
  const where = { repository: "owner/repository", revision: "main", path: "weights.safetensors" };
  const file = await describeFile(options().hub, where, stop.signal);
  if (file === undefined) throw new Error("the hub has no such file");
  return await downloadFile(join(dir, "weights.safetensors"), file, options(more));
}

/** Until the download has shown so many bytes. */
async function arrived(bytes: number): Promise<void> {
  while (shownBytes < bytes) await sleep(5);
}

async function expectWhole(): Promise<void> {
  expect(sha256(await readFile(join(dir, "weights.safetensors")))).toBe(sha256(content));
  expect(await readdir(dir)).toEqual(["weights.safetensors"]);
  expect(shownBytes).toBe(content.length);
}

test("a file comes whole; the token goes to the hub and not to the storage that it points to", async () => {
  expect(await fetchFile()).toBe(sha256(content));
  await expectWhole();
  const tokens = hub.asked.map(({ server, headers }) => [server, headers.authorization]);
  expect(tokens).toEqual([
    ["hub", "Bearer hf_secret"],
    ["hub", "Bearer hf_secret"],
    ["storage", undefined],
  ]);
});

test("a connection that is cut three times goes on where it was, and no byte is asked for twice", async () => {
  for (const bytes of [100_000, 50_000, 70_000]) hub.fault(path, cutAfter(bytes));
  await fetchFile();
  await expectWhole();
  expect(hub.ranges(path)).toEqual([undefined, "bytes=100000-", "bytes=150000-", "bytes=220000-"]);
  expect(hub.sentBytes()).toBe(content.length);
});

test("a connection that brings nothing any more is dropped, and the next goes on", async () => {
  hub.fault(path, ({ response }) => {
    response.writeHead(200, { etag: `"${sha256(content)}"`, "content-length": content.length });
    response.write(content.subarray(0, 10_000));
  });
  await fetchFile();
  await expectWhole();
  expect(hub.ranges(path)).toEqual([undefined, "bytes=10000-"]);
});

test("a server that ignores ranges gets the file from the start", async () => {
  hub.fault(path, cutAfter(100_000));
  hub.fault(path, ({ response }) => {
    response.writeHead(200, { "content-length": content.length }).end(content);
  });
  await fetchFile();
  await expectWhole();
});

test("another copy behind the same address, by its ETag, is fetched from the start", async () => {
  hub.fault(path, ({ response }) => {
    response.writeHead(200, { etag: '"old"', "content-length": content.length });
    response.write(randomBytes(50_000));
    void arrived(50_000).then(() => response.destroy());
  });
  await fetchFile();
  await expectWhole();
  expect(hub.asked.at(-1)?.headers["if-range"]).toBe('"old"');
});

test("429 with Retry-After, 503 and 500 are waited out", async () => {
  hub.fault(path, ({ response }) => response.writeHead(429, { "retry-after": "0" }).end());
  for (const status of [503, 500]) hub.fault(path, ({ response }) => response.writeHead(status).end());
  await fetchFile();
  await expectWhole();
});

test("what keeps failing ends after the attempts it may have, and keeps what has arrived", async () => {
  hub.fault(path, cutAfter(100_000));
  for (let i = 0; i < 4; i++) hub.fault(path, ({ response }) => response.writeHead(503).end());
  await expect(fetchFile()).rejects.toMatchObject({
    code: "download_failed",
    message: expect.stringMatching(/503.*4 attempts/),
  });
  expect((await stat(join(dir, "weights.safetensors.download"))).size).toBe(100_000);
  await fetchFile();
  await expectWhole();
  expect(hub.sentBytes()).toBe(content.length);
});

test("a wrong byte is found by the hash; the file is fetched once more, and refused when it is wrong again", async () => {
  const wrong = Buffer.from(content);
  wrong[150_000] = (wrong[150_000] ?? 0) ^ 1;
  hub.fault(path, ({ request, response, asked }) => sendContent(request, response, wrong, asked));
  await fetchFile();
  await expectWhole();

  await rm(join(dir, "weights.safetensors"));
  for (let i = 0; i < 2; i++) {
    hub.fault(path, ({ request, response, asked }) => sendContent(request, response, wrong, asked));
  }
  await expect(fetchFile()).rejects.toMatchObject({
    code: "download_failed",
    message: expect.stringContaining("hash"),
  });
  expect(await readdir(dir)).not.toContain("weights.safetensors");
});

test("a server that announces or sends another length is refused before that much is kept", async () => {
  hub.fault(path, ({ response }) => response.writeHead(200, { "content-length": 400_000 }).end(randomBytes(400_000)));
  await expect(fetchFile()).rejects.toMatchObject({
    code: "download_failed",
    message: expect.stringContaining("announces 400000"),
  });
  hub.fault(path, ({ response }) =>
    response.writeHead(200, { "transfer-encoding": "chunked" }).end(randomBytes(400_000)),
  );
  await expect(fetchFile()).rejects.toMatchObject({
    code: "download_failed",
    message: expect.stringContaining("sends more"),
  });
  const kept = await stat(join(dir, "weights.safetensors.download")).catch(() => ({ size: 0 }));
  expect(kept.size).toBeLessThanOrEqual(content.length);
  await fetchFile();
});

test("a redirect to another protocol, and one without end, are refused", async () => {
  hub.fault(path, ({ response }) => response.writeHead(302, { location: "file:///etc/passwd" }).end());
  await expect(fetchFile()).rejects.toMatchObject({
    code: "download_failed",
    message: expect.stringContaining("not allowed"),
  });
  for (let i = 0; i < 9; i++) hub.fault(path, ({ response }) => response.writeHead(302, { location: "" }).end());
  await expect(fetchFile()).rejects.toMatchObject({ code: "download_failed" });
});

test("an interruption stops within its file and keeps what has arrived", async () => {
  const interrupt = new AbortController();
  hub.fault(path, ({ response }) => {
    response.writeHead(200, { etag: `"${sha256(content)}"`, "content-length": content.length });
    response.write(content.subarray(0, 20_000));
    void arrived(20_000).then(() => interrupt.abort());
  });
  await expect(fetchFile({ signal: interrupt.signal })).rejects.toThrow();
  await fetchFile();
  await expectWhole();
  expect(hub.ranges(path).at(-1)).toBe("bytes=20000-");
});
