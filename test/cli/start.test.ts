import { existsSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCli } from "../../server/cli/run.ts";
import { programDir } from "../../server/engine/packages.ts";
import { version } from "../../shared/version.ts";
import { RawClient } from "../server/rawClient.ts";
import { command } from "./command.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-start-"));
  process.env.BACKDROP_HOME = join(dir, "home");
});
afterAll(async () => {
  delete process.env.BACKDROP_HOME;
  await rm(dir, { recursive: true, force: true });
});

// The engine's program is part of the bundle, which `npm ci` makes.
test.runIf(existsSync(join(programDir(), "dist", "engineChild.js")))(
  "start tells its port and a code that pairs, and stops when it is interrupted",
  async () => {
    const lines: Record<string, unknown>[] = [];
    const interrupt = new AbortController();
    const exit = runCli(["start", "--port", "0", "--json"], {
      stdout: (text) => lines.push(JSON.parse(text)),
      stderr: () => {},
      isTerminal: false,
      signal: interrupt.signal,
    });
    await expect.poll(() => lines.length, { timeout: 20_000 }).toBe(2);
    expect(lines).toEqual([
      { type: "listening", port: expect.any(Number), version },
      { type: "pairing", code: expect.stringMatching(/^[A-HJ-NP-Z2-9]{6}$/) },
    ]);
    const client = await RawClient.connect(Number(lines[0]?.port));
    client.send({ type: "pair_begin" });
    await client.take("pair_ready");
    client.send({ type: "pair", code: String(lines[1]?.code) });
    await client.prove((await client.take("paired")).secret);
    interrupt.abort();
    expect(await exit).toBe(0);
    expect((await client.closed).code).toBe(1001);
    expect(lines.at(-1)).toEqual({ type: "stopped" });
    const identity = await stat(join(dir, "home", "identity.json"));
    if (process.platform !== "win32") expect(identity.mode & 0o777).toBe(0o600);
  },
);

test.each([
  ["--port", "70000", "invalid_params"],
  ["--port", "-1", "invalid_params"],
  ["--model", "../mini", "model_unknown"],
  ["--log", "loud", "invalid_params"],
])("start %s %s is refused", async (option, value, code) => {
  const { exitCode, events } = await command(["start", `${option}=${value}`, "--json"]);
  expect([exitCode, events()]).toEqual([2, [expect.objectContaining({ type: "failed", code })]]);
});
