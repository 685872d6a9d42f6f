import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createWhole, writeWhole } from "../../server/files/wholeFiles.ts";

// Protects what everything that is written relies on: a file that is there is whole, and several come together or not at all.

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-files-"));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const files = () => [
  { path: join(dir, "a"), content: "new a" },
  { path: join(dir, "b"), content: Uint8Array.of(1, 2) },
];

it.each(["process", "power"] as const)("replaces files and leaves nothing beside them (%s)", async (outlives) => {
  await writeFile(join(dir, "a"), "a longer one from before");
  await writeWhole(files(), { outlives });
  expect(await readdir(dir)).toEqual(["a", "b"]);
  expect([await readFile(join(dir, "a"), "utf8"), ...(await readFile(join(dir, "b")))]).toEqual(["new a", 1, 2]);
});

it("changes nothing where one of the files cannot have its name", async () => {
  await writeFile(join(dir, "a"), "old a");
  await mkdir(join(dir, "b"));
  await expect(writeWhole(files(), { outlives: "process" })).rejects.toThrow("b is a folder");
  expect([await readdir(dir), await readFile(join(dir, "a"), "utf8")]).toEqual([["a", "b"], "old a"]);
});

it("changes nothing where one of the files cannot be written", async () => {
  const lost = { path: join(dir, "missing", "c"), content: "c" };
  await expect(writeWhole([...files(), lost], { outlives: "process" })).rejects.toThrow("ENOENT");
  expect(await readdir(dir)).toEqual([]);
});

it.skipIf(process.platform === "win32")("gives files the wanted permissions from the start", async () => {
  await writeWhole(files(), { outlives: "power", mode: 0o600 });
  expect((await stat(join(dir, "a"))).mode & 0o777).toBe(0o600);
});

it("creates a file once, however many try, and never shows it empty", async () => {
  const made = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const isMine = await createWhole(join(dir, "lock"), String(i));
      expect(await readFile(join(dir, "lock"), "utf8")).toMatch(/^\d+$/);
      return isMine ? [String(i)] : [];
    }),
  );
  expect(made.flat()).toEqual([await readFile(join(dir, "lock"), "utf8")]);
  expect(await readdir(dir)).toEqual(["lock"]);
});
