import type { JobEvent } from "../../../shared/protocol/jobs.ts";
import type { RunProgress } from "./run.ts";

/** Steps closer than this were made while the panel was away, and are only told again. */
const replayGapMs = 4;

/** The progress after one more step. */
export function nextProgress(
  previous: RunProgress | null,
  { variant, step, steps }: Extract<JobEvent, { type: "progress" }>,
  atMs: number,
): RunProgress {
  const begun = { variant, step, steps, firstStepAtMs: atMs, lastStepAtMs: atMs, stepsMeasured: 0 };
  if (previous === null || atMs - previous.lastStepAtMs < replayGapMs) return begun;
  const newSteps = stepsDone(begun) - stepsDone(previous);
  return { ...begun, firstStepAtMs: previous.firstStepAtMs, stepsMeasured: previous.stepsMeasured + newSteps };
}

/** ms until the last step of the last variant, at the pace so far; null while too little was measured to say. */
export function timeLeftMs(progress: RunProgress, variants: number, nowMs: number): number | null {
  const { steps, firstStepAtMs, lastStepAtMs, stepsMeasured } = progress;
  if (stepsMeasured < 2) return null;
  const stepMs = (lastStepAtMs - firstStepAtMs) / stepsMeasured;
  const stepsLeft = steps * variants - stepsDone(progress);
  return Math.max(0, stepsLeft * stepMs - (nowMs - lastStepAtMs));
}

/** 0 … 1 of all steps of all variants. */
export function partDone(progress: RunProgress, variants: number): number {
  return stepsDone(progress) / (progress.steps * variants);
}

function stepsDone({ variant, step, steps }: Pick<RunProgress, "variant" | "step" | "steps">): number {
  return (variant - 1) * steps + step;
}
