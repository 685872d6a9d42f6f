import { existsSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { askProviderChild } from "../../server/cli/providerChild.ts";
import { triedTarget } from "../../server/cli/requireProvider.ts";
import { runCli } from "../../server/cli/run.ts";
import { programDir } from "../../server/engine/packages.ts";
import { providerTrySchema } from "../../server/engine/providerCheck.ts";
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
const isBuilt = existsSync(join(programDir(), "dist", "engineChild.js"));

/** Starts a server and waits until it listens. */
async function start(options: readonly string[]) {
  const lines: Record<string, unknown>[] = [];
  const interrupt = new AbortController();
  const exit = runCli(["start", ...options, "--json"], {
    stdout: (text) => lines.push(JSON.parse(text)),
    stderr: () => {},
    isTerminal: false,
    signal: interrupt.signal,
  });
  await expect.poll(() => lines.at(-1)?.type, { timeout: 20_000 }).toBe("pairing");
  return {
    lines,
    async stop() {
      interrupt.abort();
      expect(await exit).toBe(0);
    },
  };
}

/** Listens on those of the ports that are free; what is not is held by somebody else already. */
async function hold(ports: readonly number[]): Promise<readonly Server[]> {
  const servers = ports.map(() => createServer());
  await Promise.all(
    servers.map(async (server, i) => {
      await new Promise<void>((resolve) => {
        server.once("error", () => resolve());
        server.listen(ports[i], "127.0.0.1", resolve);
      });
    }),
  );
  return servers;
}

async function release(servers: readonly Server[]): Promise<void> {
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
}

test.runIf(isBuilt)("start tells its port and a code that pairs, and stops when it is interrupted", async () => {
  const { lines, stop } = await start(["--port", "0"]);
  expect(lines).toEqual([
    { type: "listening", port: expect.any(Number), version },
    { type: "pairing", code: expect.stringMatching(/^[A-HJ-NP-Z2-9]{6}$/) },
  ]);
  const client = await RawClient.connect(Number(lines[0]?.port));
  client.send({ type: "pair_begin" });
  await client.take("pair_ready");
  client.send({ type: "pair", code: String(lines[1]?.code) });
  await client.prove((await client.take("paired")).secret);
  await stop();
  expect((await client.closed).code).toBe(1001);
  expect(lines.at(-1)).toEqual({ type: "stopped" });
  const identity = await stat(join(dir, "home", "identity.json"));
  if (process.platform !== "win32") expect(identity.mode & 0o777).toBe(0o600);
});

describe.runIf(isBuilt)("without --port", () => {
  const known = [41730, 41731, 41732];

  it("takes the first free one of its ports, and says so when it is not the default", async () => {
    const held = await hold(known.slice(0, 1));
    const started = await start([]);
    const lines = started.lines.filter(({ type }) => type === "listening" || type === "warning");
    const port = Number(lines.at(-1)?.port);
    expect(known.slice(1)).toContain(port);
    const message = expect.stringContaining(`41730 is taken by another program; using port ${port}`);
    expect(lines[0]).toEqual({ type: "warning", message });
    await started.stop();
    await release(held);
  });

  it("fails when all are taken; so does --port with one that is", async () => {
    const held = await hold(known);
    const { exitCode, events } = await command(["start", "--json"]);
    const message = expect.stringContaining("41730, 41731, 41732");
    expect([exitCode, events()]).toEqual([2, [{ type: "failed", code: "port_taken", message }]]);
    const given = await command(["start", "--port", "41731", "--json"]);
    expect(given.events()).toEqual([
      { type: "failed", code: "port_taken", message: expect.stringContaining("port 41731:") },
    ]);
    await release(held);
  });
});

test.runIf(isBuilt)("a second server on the same data is refused, and told where the first is", async () => {
  const first = await start(["--port", "0"]);
  const { events } = await command(["start", "--port", "0", "--json"]);
  const port = first.lines.find(({ type }) => type === "listening")?.port;
  expect(events()).toEqual([
    expect.objectContaining({ code: "already_running", message: expect.stringContaining(`port ${port}`) }),
  ]);
  await first.stop();
});

test.each([
  ["--port", "70000", "invalid_params"],
  ["--port", "-1", "invalid_params"],
  ["--model", "../mini", "model_unknown"],
  ["--log", "loud", "invalid_params"],
])("start %s %s is refused", async (option, value, code) => {
  const { exitCode, events } = await command(["start", `${option}=${value}`, "--json"]);
  expect([exitCode, events()]).toEqual([2, [expect.objectContaining({ type: "failed", code })]]);
});

describe.runIf(isBuilt)("a provider that is named", () => {
  const cudaLibrary = "node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so";
  const hasNoCuda =
    process.platform === "linux" && process.arch === "x64" && !existsSync(join(programDir(), cudaLibrary));

  it.each([
    [process.platform === "darwin" ? "dml" : "coreml", "expected one that this machine has"],
    ...(hasNoCuda ? [["cuda", "npm run cuda:install"]] : []),
  ])("and cannot run here is refused before the server listens: %s", async (provider, says) => {
    const { exitCode, events } = await command(["start", "--port=0", `--provider=${provider}`, "--json"]);
    expect([exitCode, events()]).toEqual([
      2,
      [{ type: "failed", code: "invalid_params", message: expect.stringContaining(says) }],
    ]);
    expect(events()[0]?.message).toMatch(/^provider.*backdrop doctor/);
  });

  it("is tried in a process of its own, which says whether it runs", async () => {
    expect(await askProviderChild(providerTrySchema, ["cpu", "fp32"])).toEqual({ type: "runs" });
  });

  it("is not tried for long once the start is interrupted", async () => {
    const { exitCode, events } = await command(["start", "--provider=cuda", "--json"], AbortSignal.abort());
    expect([exitCode, events()]).toEqual([130, [{ type: "cancelled" }]]);
  });
});

test("what fails in the provider's hands refuses it, and what fails for another reason does not", () => {
  const [choice, io] = [{ provider: "webgpu", precision: "fp32" } as const, { stderr: () => {} }];
  const failed = { type: "fails", operators: "fused", message: "control.onnx: failed while running" } as const;
  expect(() => triedTarget(choice, { ...failed, code: "internal" }, io)).toThrow(
    "provider webgpu: control.onnx: failed while running",
  );
  for (const code of ["model_corrupt", "model_unknown", "output_unwritable", "memory_insufficient"] as const) {
    expect(triedTarget(choice, { ...failed, code }, io)).toEqual({ ...choice, operators: "fused" });
  }
});
