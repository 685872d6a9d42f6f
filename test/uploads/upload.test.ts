import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openUploadStore, type UploadStore } from "../../server/uploads/uploadStore.ts";
import { chunkBytes } from "../../shared/protocol/limits.ts";

let dir: string;
let store: UploadStore;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-uploads-"));
  store = await openUploadStore(dir);
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const picture = Buffer.alloc(2 * chunkBytes + 1000, "picture");
const sha256 = createHash("sha256").update(picture).digest("hex");
const chunk = (i: number) => picture.subarray(i * chunkBytes, (i + 1) * chunkBytes);
const promised = { sha256, sizeBytes: picture.length };

test("chunks become the file, even when they come faster than they are written", async () => {
  const upload = await store.begin(promised);
  expect(await store.has(sha256)).toBe(false);
  expect(await Promise.all([0, 1, 2].map((i) => upload.write(i, chunk(i))))).toEqual([
    { chunks: 1, finished: false },
    { chunks: 2, finished: false },
    { chunks: 3, finished: true },
  ]);
  expect(await store.has(sha256)).toBe(true);
  expect(await readFile(store.pathOf(sha256))).toEqual(picture);
  expect(await readdir(dir)).toEqual([sha256]);
});

test.each<[string, number[], (i: number) => Uint8Array]>([
  ["a gap", [0, 2], chunk],
  ["a duplicate", [0, 0], chunk],
  ["a short chunk", [0, 1], (i) => chunk(i).subarray(i)],
  ["a long last chunk", [0, 1, 2], (i) => (i === 2 ? chunk(0) : chunk(i))],
  ["a wrong hash", [0, 1, 2], (i) => (i === 1 ? Buffer.alloc(chunkBytes) : chunk(i))],
  ["more after the end", [0, 1, 2, 3], (i) => (i === 3 ? Buffer.from("x") : chunk(i))],
])("%s is upload_invalid and leaves nothing unfinished", async (_, indexes, bytes) => {
  const upload = await store.begin(promised);
  const write = async () => {
    for (const i of indexes) await upload.write(i, bytes(i));
  };
  await expect(write()).rejects.toMatchObject({ code: "upload_invalid" });
  expect((await readdir(dir)).filter((name) => name !== sha256)).toEqual([]);
});

test("more chunks than the window are refused", async () => {
  const upload = await store.begin({ sha256, sizeBytes: 20 * chunkBytes });
  const writes = Array.from({ length: 20 }, (_, i) => upload.write(i, Buffer.alloc(chunkBytes)));
  const results = await Promise.allSettled(writes);
  expect(results.some(({ status }) => status === "rejected")).toBe(true);
  expect(await readdir(dir)).toEqual([]);
});

test("an abandoned upload leaves nothing; a sweep keeps what is new or in use", async () => {
  const upload = await store.begin(promised);
  await upload.write(0, chunk(0));
  await upload.abort();
  expect(await readdir(dir)).toEqual([]);

  const names = ["a", "b", "c"].map((letter) => letter.repeat(64));
  for (const name of [...names, ".unfinished-x"]) await writeFile(join(dir, name), "");
  for (const name of names.slice(0, 2)) await utimes(join(dir, name), 0, 0);
  await store.sweep(new Set(names.slice(0, 1)));
  expect((await readdir(dir)).sort()).toEqual([names[0], names[2]]);
});
