import { beforeEach, expect, test, vi } from "vitest";
import { askProviderChild } from "../../server/cli/providerChild.ts";
import { measuredTarget } from "../../server/engine/measuredOperators.ts";
import type { ProviderCheck } from "../../server/engine/providerCheck.ts";
import { BackdropError } from "../../shared/errors.ts";
import type { Operators } from "../../shared/providers.ts";
import { temporaryHome } from "../home/temporaryHome.ts";
import { command } from "./command.ts";

// What doctor says of a GPU, and remembers, where checks find what a test says. test/slow/webgpu.test.ts checks a device.

vi.mock("../../server/cli/providerChild.ts", () => ({ askProviderChild: vi.fn() }));
temporaryHome();

const speed = { error: 2e-6, cpuStepMs: 100 };
let found: Record<Operators, readonly ProviderCheck[] | Error>;
beforeEach(() => {
  vi.mocked(askProviderChild).mockImplementation(async (schema, [, operators]) => {
    const checks = operators === "fused" ? found.fused : found.plain;
    if (checks instanceof Error) throw checks;
    return schema.parse(checks);
  });
});

const doctor = () => command(["doctor", "--provider", "webgpu"]);
const operatorsIn = async (precision: "fp32" | "fp16") =>
  (await measuredTarget({ provider: "webgpu", precision })).operators;

test("fused operators that are wrong are not used, plain ones are, and it is remembered", async () => {
  found = {
    fused: [{ type: "differs", precision: "fp32", operators: "fused", graph: "attention", error: 0.0123 }],
    plain: [
      { type: "runs", precision: "fp32", operators: "plain", stepMs: 20, ...speed },
      { type: "differs", precision: "fp16", operators: "plain", graph: "denoiser", error: null },
    ],
  };
  const { exitCode, stdout } = await doctor();
  expect(exitCode).toBe(0);
  const lines = stdout.split("\n").filter((line) => line.includes("webgpu in"));
  expect(lines).toEqual([
    "ok  webgpu in fp32 with plain operators: differs from the CPU by 0.00020 %; a step of the embedded model takes 20 ms, on the CPU 100 ms",
    "-   webgpu in fp16 with plain operators: wrong here, denoiser is no number: do not use it here",
    "-   webgpu in fp32 with fused operators: wrong here, attention differs from the CPU's by 1.2 %: plain operators are used instead",
  ]);
  expect(stdout).toMatch(/start with: backdrop start --provider webgpu --precision fp32\n$/);
  expect(stdout).toMatch(/^ok {2}provider webgpu: .* a running server follows it after a restart$/m);
  expect([await operatorsIn("fp32"), await operatorsIn("fp16")]).toEqual(["plain", null]);
});

test("of two that are right the faster one is used, and a driver that ends one check leaves the other", async () => {
  found = {
    fused: [
      { type: "runs", precision: "fp32", operators: "fused", stepMs: 11, ...speed },
      { type: "runs", precision: "fp16", operators: "fused", stepMs: 7, ...speed },
    ],
    plain: [{ type: "runs", precision: "fp32", operators: "plain", stepMs: 10, ...speed }],
  };
  const first = await doctor();
  expect(first.stdout).toMatch(
    /webgpu in fp32 with fused operators: differs .* 11 ms.*: plain operators are used instead$/m,
  );
  expect(first.stdout).toMatch(/start with: backdrop start --provider webgpu --precision fp16\n$/);
  expect([await operatorsIn("fp32"), await operatorsIn("fp16")]).toEqual(["plain", "fused"]);

  found = { ...found, plain: new BackdropError("invalid_params", "provider webgpu: the check was ended by SIGSEGV") };
  const second = await doctor();
  expect(second.stdout).toMatch(
    /plain operators: not usable: provider webgpu: .* SIGSEGV; fused operators are used instead$/m,
  );
  expect([await operatorsIn("fp32"), await operatorsIn("fp16")]).toEqual(["fused", "fused"]);
});

test("checks that fail leave what was known, and none that is right is remembered, for half precision too", async () => {
  const check = { precision: "fp32", operators: "fused" } as const;
  const right = { ...check, type: "runs", stepMs: 9, ...speed } as const;
  found = { fused: [right, { ...right, precision: "fp16" }], plain: [] };
  await doctor();
  found = { fused: [{ ...check, type: "fails", message: "no memory" }], plain: [] };
  await doctor();
  expect([await operatorsIn("fp32"), await operatorsIn("fp16")]).toEqual(["fused", "fused"]);
  found = { ...found, plain: [{ ...check, type: "differs", operators: "plain", graph: "gate", error: 0.5 }] };
  await doctor();
  expect([await operatorsIn("fp32"), await operatorsIn("fp16")]).toEqual([null, null]);
});

test("a provider that cannot be used is said once, fails where it was named, and nothing is remembered of it", async () => {
  const failed = { type: "fails", precision: "fp32", message: "no device" } as const;
  found = { fused: [{ ...failed, operators: "fused" }], plain: [{ ...failed, operators: "plain" }] };
  const named = await doctor();
  expect(named.exitCode).not.toBe(0);
  expect(named.stdout.split("\n").filter((line) => line.includes("no device"))).toEqual([
    "-   webgpu: not usable: no device",
  ]);
  expect(named.stdout).toMatch(/^NOT provider webgpu: cannot be used on this computer$/m);
  expect(named.stdout).not.toContain("start with");
  expect(await operatorsIn("fp32")).toBeUndefined();
  const all = await command(["doctor"]);
  expect([all.exitCode, all.stdout.trimEnd().split("\n").at(-1)]).toEqual([0, "start with: backdrop start"]);
});
