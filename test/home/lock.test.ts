import { spawn } from "node:child_process";
import { access, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { lockHome } from "../../server/home/lock.ts";

// Two servers never work in one home, and no lock outlives its server.

let dir: string;
let file: string;
let running: Server;
let port: number;
/** the number of a process that ran */
let gone: number | undefined;
beforeAll(async () => {
  const child = spawn(process.execPath, ["-e", ""]);
  await new Promise((resolve) => child.once("exit", resolve));
  gone = child.pid;
});
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-lock-"));
  file = join(dir, "home", "server.lock");
  running = createServer();
  await new Promise<void>((resolve) => running.listen(0, "127.0.0.1", resolve));
  const address = running.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
});
afterEach(async () => {
  running.close();
  await rm(dir, { recursive: true, force: true });
});

test("a home whose server runs is refused, with where it is; once released it is free", async () => {
  const release = await lockHome(file, port);
  await expect(lockHome(file, port + 1)).rejects.toMatchObject({
    code: "already_running",
    message: expect.stringContaining(`port ${port} (process ${process.pid})`),
  });
  await release();
  await expect(access(file)).rejects.toMatchObject({ code: "ENOENT" });
  await (await lockHome(file, port))();
});

test("a lock whose port is silent is stale, though another process has its pid by now", async () => {
  await lockHome(file, port);
  await new Promise((resolve) => running.close(resolve));
  await (await lockHome(file, port))();
});

test("a lock whose process is gone is stale, though another program has its port by now", async () => {
  await (await lockHome(file, port))();
  await writeFile(file, JSON.stringify({ pid: gone, port }));
  await (await lockHome(file, port))();
});

test.each(["", "{", '{"pid":0,"port":1}'])("what is no lock (%j) keeps nobody out", async (content) => {
  await (await lockHome(file, port))();
  await writeFile(file, content);
  await (await lockHome(file, port))();
});

test("of many that find a stale lock at once one gets it", async () => {
  await (await lockHome(file, port))();
  for (let round = 0; round < 50; round++) {
    await writeFile(file, JSON.stringify({ pid: gone, port }));
    const ends = await Promise.allSettled(Array.from({ length: 8 }, () => lockHome(file, port)));
    const won = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
    expect(won).toHaveLength(1);
    for (const release of won) await release();
    expect(await readdir(dirname(file))).toEqual([]);
  }
});

test("who was cut off while taking a stale lock over keeps nobody out", async () => {
  await (await lockHome(file, port))();
  for (const name of [file, `${file}.stale`]) await writeFile(name, String(gone));
  await (await lockHome(file, port))();
  expect(await readdir(dirname(file))).toEqual([]);
});
