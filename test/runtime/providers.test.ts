import { describe, expect, test } from "vitest";
import { chooseTarget, listProviders } from "../../server/runtime/providers.ts";
import { referenceTarget } from "../../shared/providers.ts";

test("auto is the CPU's reference", () => {
  expect(chooseTarget({ provider: "auto", precision: "fp32" })).toEqual(referenceTarget);
});

describe.runIf(listProviders().some(({ name }) => name === "webgpu"))("a GPU's provider", () => {
  const choice = { provider: "webgpu", precision: "fp16" } as const;

  test.each([
    [undefined, "plain"],
    ["plain", "plain"],
    ["fused", "fused"],
  ] as const)("with %s operators asked for gets %s ones", (operators, chosen) => {
    expect(chooseTarget({ ...choice, operators })).toEqual({ ...choice, operators: chosen });
  });
});
