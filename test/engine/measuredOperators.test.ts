import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { tryProvider } from "../../server/engine/checkProvider.ts";
import { measuredTarget, rememberOperators } from "../../server/engine/measuredOperators.ts";
import { openModel } from "../../server/engine/openModel.ts";
import { findHome } from "../../server/home/paths.ts";
import { BackdropError } from "../../shared/errors.ts";
import { command, workspace } from "../cli/command.ts";
import { temporaryHome } from "../home/temporaryHome.ts";

// Protects what becomes of a measurement: it counts where nothing that tells has changed, and nowhere else.

vi.mock("../../server/engine/openModel.ts", () => ({ openModel: vi.fn() }));
const home = temporaryHome();
const webgpu = { provider: "webgpu", precision: "fp32" } as const;
const fused = { precision: "fp32", operators: "fused" } as const;

beforeEach(() => useGpu("NVIDIA RTX 4090"));

/** As its driver's program tells it. */
async function useGpu(name: string): Promise<void> {
  await mkdir(join(home(), "bin"), { recursive: true });
  const says = `#!/bin/sh\necho "24564, 24000, [N/A], ${name}"\n`;
  await writeFile(join(home(), "bin", "nvidia-smi"), says, { mode: 0o755 });
  vi.stubEnv("PATH", `${join(home(), "bin")}${delimiter}${process.env.PATH}`);
}

const readText = () => readFile(findHome().measurementsFile, "utf8");

async function write(text: string): Promise<void> {
  await mkdir(dirname(findHome().measurementsFile), { recursive: true });
  await writeFile(findHome().measurementsFile, text);
}

test("without a measurement nothing is chosen", async () => {
  expect(await measuredTarget(webgpu)).toEqual(webgpu);
});

test("what was measured is chosen, for its provider and precision only", async () => {
  await rememberOperators("webgpu", [fused]);
  expect(await measuredTarget(webgpu)).toEqual({ ...webgpu, operators: "fused" });
  for (const other of [
    { provider: "webgpu", precision: "fp16" },
    { provider: "cuda", precision: "fp32" },
    { provider: "auto", precision: "fp32" },
  ] as const) {
    expect(await measuredTarget(other)).toEqual(other);
  }
});

test("a new measurement takes the place of the last in its precision, and of no other", async () => {
  await rememberOperators("cuda", [{ precision: "fp32", operators: "plain" }]);
  await rememberOperators("webgpu", [fused, { precision: "fp16", operators: "fused" }]);
  await rememberOperators("webgpu", [{ precision: "fp32", operators: "plain" }]);
  expect(await measuredTarget(webgpu)).toMatchObject({ operators: "plain" });
  expect(await measuredTarget({ ...webgpu, precision: "fp16" })).toMatchObject({ operators: "fused" });
  expect(await measuredTarget({ ...webgpu, provider: "cuda" })).toMatchObject({ operators: "plain" });
  await rememberOperators("webgpu", []);
  expect(await measuredTarget(webgpu)).toMatchObject({ operators: "plain" });
});

test("where none is right nothing is tried, and a job is refused", async () => {
  await rememberOperators("webgpu", [{ precision: "fp32", operators: null }]);
  expect(await tryProvider(webgpu)).toEqual({ type: "wrong" });
  const place = await workspace();
  const pictures = ["--product", place.product, "--reference", place.reference, "--out", place.out];
  const { exitCode, stderr } = await command(["generate", ...pictures, "--provider", "webgpu"]);
  await place.remove();
  expect([exitCode, stderr]).toEqual([
    2,
    expect.stringMatching(/^invalid_params: provider webgpu: .* in fp32, .*right/),
  ]);
});

test("a try that fails says what was measured all the same", async () => {
  await rememberOperators("cpu", [fused]);
  vi.mocked(openModel).mockRejectedValueOnce(new BackdropError("model_corrupt", "damaged"));
  const failed = { type: "fails", operators: "fused", code: "model_corrupt", message: "damaged" };
  expect(await tryProvider({ ...webgpu, provider: "cpu" })).toEqual(failed);
});

describe("what is outdated or damaged counts as absent", () => {
  beforeEach(() => rememberOperators("webgpu", [fused]));

  test.each([
    ["nothing", () => ""],
    ["a part", (text: string) => text.slice(0, 40)],
    ["another schema", (text: string) => text.replace('"schemaVersion": 1', '"schemaVersion": 2')],
    ["an unknown field", (text: string) => text.replace('"gpu"', '"device": "x", "gpu"')],
    ["unknown operators", (text: string) => text.replace('"fused"', '"faster"')],
    ["operators that the provider has not", (text: string) => text.replace('"webgpu"', '"coreml"')],
    ["another compiler", (text: string) => text.replace(/"compiler": "[^"]+"/, '"compiler": "0a1b"')],
    ["another runtime", (text: string) => text.replace(/"onnxruntime": "[^"]+"/, '"onnxruntime": "1.29.0"')],
  ])("%s", async (_, change) => {
    const text = await readText();
    expect(change(text)).not.toBe(text);
    await write(change(text));
    for (const provider of ["webgpu", "coreml"] as const) {
      expect(await measuredTarget({ ...webgpu, provider })).not.toHaveProperty("operators");
    }
    await rememberOperators("webgpu", [fused]);
    expect(await measuredTarget(webgpu)).toMatchObject({ operators: "fused" });
  });

  // On Windows the driver's program is taken from the system's folder.
  test.skipIf(process.platform === "win32")(
    "another GPU, or one that the driver does not tell, which is said",
    async () => {
      expect(await readText()).toContain('"gpu": "NVIDIA RTX 4090"');
      const because = (why: string) => ({
        ...webgpu,
        warning: expect.stringMatching(`webgpu: .* fp32 .* since ${why};`),
      });
      await useGpu("NVIDIA RTX 5090");
      expect(await measuredTarget(webgpu)).toEqual(because("gpu was NVIDIA RTX 4090 and is NVIDIA RTX 5090"));
      await useGpu('"; exit "9');
      await write((await readText()).replace(/"compiler": "[^"]+"/, '"compiler": "0a1b"'));
      expect(await measuredTarget(webgpu)).toEqual(
        because("compiler was 0a1b and is unbundled .*, gpu was .* and is not told by nvidia-smi"),
      );
    },
  );
});
