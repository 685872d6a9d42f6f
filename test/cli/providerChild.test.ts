import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { program } from "../../server/cli/program.ts";
import { askProviderChild } from "../../server/cli/providerChild.ts";
import { requireProvider } from "../../server/cli/requireProvider.ts";
import { providerTrySchema } from "../../server/engine/providerCheck.ts";
import { BackdropError } from "../../shared/errors.ts";

// Protects what a person is told of a check that did not end well: a broken driver is one reason of several.

vi.mock("../../server/cli/program.ts", () => ({ program: vi.fn() }));

let file: string;
beforeAll(async () => {
  file = join(await mkdtemp(join(tmpdir(), "backdrop-provider-")), "check.mjs");
  vi.mocked(program).mockReturnValue(file);
});
afterAll(async () => rm(join(file, ".."), { recursive: true, force: true }));

async function ask(source: string, timeoutMs?: number) {
  await writeFile(file, source);
  return await askProviderChild(providerTrySchema, ["cuda", "fp16"], { ...(timeoutMs !== undefined && { timeoutMs }) });
}

test("what the check finds is its answer", async () => {
  const found = `{ type: "fails", code: "internal", message: process.argv.slice(2).join() }`;
  expect(await ask(`console.log(JSON.stringify(${found}))`)).toMatchObject({ message: "cuda,fp16" });
});

test("a target is used with the operators that it was tried with, and a warning is printed", async () => {
  await writeFile(file, `console.log(JSON.stringify({ type: "runs", operators: "plain", warning: "another GPU" }))`);
  const choice = { provider: "cuda", precision: "fp16" } as const;
  const io = { stdout: vi.fn(), stderr: vi.fn(), isTerminal: false, signal: new AbortController().signal };
  expect(await requireProvider(choice, io)).toEqual({ ...choice, operators: "plain" });
  expect(io.stderr.mock.calls).toEqual([["warning: another GPU\n"]]);
  await writeFile(file, `console.log(JSON.stringify({ type: "wrong" }))`);
  await expect(requireProvider(choice, io)).rejects.toMatchObject({ code: "invalid_params" });
});

test.each([
  [
    "process.exit(139)",
    "invalid_params",
    "ended by exit code 139: the driver, or what the runtime makes of it, is broken",
  ],
  ["throw new TypeError('no such thing')", "invalid_params", "the check failed (TypeError: no such thing)"],
  ["console.log('{}')", "internal", 'expected the check\'s result, got "{}\\n"; if it is of another version'],
  ["console.log('libEGL warning')", "internal", 'got "libEGL warning\\n"'],
] as const)("%s", async (source, code, says) => {
  await expect(ask(source)).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
});

test.skipIf(process.platform === "win32")("a process that a signal ends", async () => {
  await expect(ask("process.kill(process.pid, 'SIGSEGV'); setInterval(() => {}, 1000)")).rejects.toThrow(
    /^provider cuda: the check was ended by SIGSEGV: the driver.*broken here; choose cpu or auto$/,
  );
});

test("a check that hangs is late, not broken", async () => {
  await expect(ask("setInterval(() => {}, 1000)", 500)).rejects.toThrow(
    /^provider cuda: the check was not done after 0\.5 s; choose cpu or auto$/,
  );
});

test("a program that is missing says so, and nothing of the provider", async () => {
  const missing = new BackdropError("internal", "the program is missing");
  vi.mocked(program).mockImplementationOnce(() => {
    throw missing;
  });
  await expect(ask("")).rejects.toBe(missing);
});
