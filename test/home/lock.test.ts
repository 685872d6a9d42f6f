import { spawn } from "node:child_process";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockHome } from "../../server/home/lock.ts";

// Two servers never work in one home, and no lock outlives its server.

let dir: string;
let file: string;
let running: Server;
let port: number;
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
  const child = spawn(process.execPath, ["-e", ""]);
  await new Promise((resolve) => child.once("exit", resolve));
  await (await lockHome(file, port))();
  await writeFile(file, JSON.stringify({ pid: child.pid, port }));
  await (await lockHome(file, port))();
});

test.each(["", "{", '{"pid":0,"port":1}'])("what is no lock (%j) keeps nobody out", async (content) => {
  await (await lockHome(file, port))();
  await writeFile(file, content);
  await (await lockHome(file, port))();
});
