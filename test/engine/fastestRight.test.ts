import { expect, test } from "vitest";
import { fastestRight, type RightCheck } from "../../server/engine/fastestRight.ts";
import type { Operators } from "../../shared/providers.ts";

const runs = (precision: "fp32" | "fp16", operators: Operators, stepMs: number): RightCheck => {
  return { type: "runs", precision, operators, error: 1e-6, stepMs, cpuStepMs: 100 };
};

test("of each precision the fastest, and of equals the first", () => {
  const [first, second] = [runs("fp32", "fused", 12), runs("fp32", "plain", 12)];
  const [slow, fast] = [runs("fp16", "fused", 9), runs("fp16", "plain", 8)];
  expect(fastestRight([first, slow, second, fast])).toEqual([first, fast]);
});

test("only what is right counts, however fast", () => {
  const plain = runs("fp32", "plain", 900);
  const wrong = { type: "differs", precision: "fp32", operators: "fused", graph: "attention", error: 0.1 } as const;
  const failed = { type: "fails", precision: "fp16", operators: "plain", message: "no half precision" } as const;
  expect(fastestRight([wrong, plain, failed])).toEqual([plain]);
  expect(fastestRight([wrong, failed])).toEqual([]);
});
