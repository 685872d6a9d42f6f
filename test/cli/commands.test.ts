import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build, type Metafile } from "esbuild";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { version } from "../../shared/version.ts";
import { command, workspace } from "./command.ts";

test("help and version exit 0", async () => {
  expect(await command(["--version"])).toMatchObject({ exitCode: 0, stdout: `${version}\n` });
  const { exitCode, stdout } = await command(["generate", "--help"]);
  expect(exitCode).toBe(0);
  for (const option of [
    "--product",
    "--reference-mask",
    "--fusion",
    "--visibility-threshold",
    "--previews",
    "--json",
  ]) {
    expect(stdout).toContain(option);
  }
});

test("what does not exist is said and exits 2", async () => {
  expect(await command(["fly"])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("unknown command") });
  for (const argv of [[], ["models"]]) {
    expect(await command(argv)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("expected a command") });
  }
});

test("doctor tells what is here", async () => {
  const programs = await mkdtemp(join(tmpdir(), "backdrop-doctor-"));
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(programs, { recursive: true, force: true });
  });
  const gpu = '#!/bin/sh\necho "81559, 40960, Disabled, NVIDIA H100 80GB HBM3"\n';
  await writeFile(join(programs, "nvidia-smi"), gpu, { mode: 0o755 });
  vi.stubEnv("PATH", `${programs}${delimiter}${process.env.PATH}`);
  const { events } = await command(["doctor", "--provider", "cpu", "--json"]);
  const findings = Object.fromEntries(events().map((event) => [event.about, event]));
  expect(findings["Node.js"]).toMatchObject({ ok: true, found: process.versions.node });
  expect(findings.onnxruntime).toMatchObject({ ok: true, found: expect.stringContaining("cpu") });
  expect(findings.pictures).toMatchObject({ ok: true });
  expect(events().at(-1)).toEqual({ type: "done", ok: true, start: "backdrop start" });
  if (process.platform === "win32") return; // where the GPU's program is taken from the system's folder
  expect(findings.GPU).toMatchObject({ ok: true, found: "NVIDIA H100 80GB HBM3, 79.6 GiB memory (40.0 GiB free)" });
});

// The bundle as users run it; beside node_modules, so that its packages are found.
const root = fileURLToPath(new URL("../..", import.meta.url));
let bundle: string;
let outputs: Metafile["outputs"];
beforeAll(async () => {
  bundle = await mkdtemp(join(root, "node_modules", ".backdrop-test-"));
  const built = await build({
    entryPoints: { cli: join(root, "server/cli/main.ts") },
    outdir: bundle,
    bundle: true,
    splitting: true,
    packages: "external",
    platform: "node",
    format: "esm",
    outExtension: { ".js": ".mjs" },
    logLevel: "error",
    metafile: true,
  });
  outputs = built.metafile.outputs;
});
afterAll(async () => {
  await rm(bundle, { recursive: true, force: true });
});

test("starting the program loads neither a network runtime nor a picture decoder", () => {
  const atStart = new Set<string>();
  const visit = (file: string) => {
    for (const { path, kind } of outputs[file]?.imports ?? []) {
      if (kind !== "import-statement" || atStart.has(path)) continue;
      atStart.add(path);
      visit(path);
    }
  };
  visit(Object.keys(outputs).find((file) => file.endsWith("/cli.mjs")) ?? "");
  const packages = [...atStart].filter((path) => !path.includes("/") && !path.startsWith("node:"));
  expect(packages.sort()).toEqual(["commander", "zod"]);
});

test("the bundled program exits 2 on bad input and prints one line of JSON", async () => {
  const argv = [join(bundle, "cli.mjs"), "generate", "--product", "a", "--reference", "b", "--out", "c", "--json"];
  const failure: unknown = await promisify(execFile)(process.execPath, argv).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: 2,
    stdout: expect.stringMatching(/^\{"type":"failed","code":"image_missing".*\}\n$/),
  });
});

// Windows has no signal that a parent could send in place of Ctrl+C.
test.skipIf(process.platform === "win32")("SIGINT ends the program as cancelled, with 130 and no results", async () => {
  const place = await workspace();
  try {
    const pictures = ["--product", place.product, "--reference", place.reference, "--out", place.out];
    const argv = [join(bundle, "cli.mjs"), "generate", ...pictures, "--steps", "150", "--json"];
    const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
    let stdout = "";
    let interrupted = false;
    child.stdout.on("data", (part: Buffer) => {
      stdout += part.toString();
      if (interrupted || !stdout.includes('"progress"')) return;
      interrupted = true;
      child.kill("SIGINT");
    });
    const [exitCode] = await once(child, "close");
    expect(exitCode).toBe(130);
    expect(stdout.trimEnd().split("\n").at(-1)).toBe('{"type":"cancelled"}');
    expect(await place.list()).not.toContain("out");
  } finally {
    await place.remove();
  }
});
