import type { FinishedVariant, JobEnd, JobParams } from "../../../shared/protocol/jobs.ts";
import type { Recipe } from "../../recipe.ts";
import type { Shown } from "./pictures.ts";
import type { Problem } from "./problem.ts";

/** What the panel remembers of a job beyond what the server keeps: enough for a layer's recipe, in the document that it names. */
export interface JobNote extends Pick<Recipe, "layers" | "hiddenPatches" | "scale"> {
  readonly documentId: string;
}

/** What is known of the job that the run submitted. */
export interface RunJob {
  readonly jobId: string;
  readonly params: JobParams;
  readonly seed: number;
  readonly note: JobNote | null;
}

/** What a run has finished that did not come to its end. */
export interface KeptVariants {
  readonly job: RunJob;
  readonly variants: readonly FinishedVariant[];
}

export interface RunProgress {
  readonly variant: number;
  readonly step: number;
  readonly steps: number;
  /** ms since the epoch of the first and the latest measured step, for the time that is left (state/pace.ts) */
  readonly firstStepAtMs: number;
  readonly lastStepAtMs: number;
  /** steps that were made between the two */
  readonly stepsMeasured: number;
}

/** The run in hand: exactly one thing at a time. */
export type Run =
  | { readonly type: "idle" }
  | {
      readonly type: "preparing";
      readonly jobId: string;
      readonly seed: number;
      readonly task: "freezing" | "exporting" | "uploading";
    }
  | { readonly type: "queued"; readonly job: RunJob; readonly ahead: number; readonly warnings: readonly string[] }
  | {
      readonly type: "running";
      readonly job: RunJob;
      /** null until the first step */
      readonly progress: RunProgress | null;
      /** of the variant that is being painted */
      readonly preview: Shown | null;
      /** finished so far, in order */
      readonly variants: readonly FinishedVariant[];
      /** from 2 on, the engine died and the job is tried again */
      readonly attempt: number;
      readonly warnings: readonly string[];
    }
  | {
      readonly type: "cancelling";
      readonly job: RunJob;
      readonly progress: RunProgress | null;
      readonly preview: Shown | null;
      readonly variants: readonly FinishedVariant[];
    }
  | {
      readonly type: "done";
      readonly job: RunJob;
      readonly end: Extract<JobEnd, { type: "done" }>;
      readonly variants: readonly FinishedVariant[];
      readonly warnings: readonly string[];
    }
  /** `kept` of null: it never got as far as painting */
  | {
      readonly type: "failed";
      readonly jobId: string;
      readonly problem: Problem;
      readonly kept: KeptVariants | null;
    }
  | { readonly type: "cancelled"; readonly jobId: string; readonly kept: KeptVariants | null };

/** A run that can be cancelled, or is being cancelled. */
export type ActiveRun = Extract<Run, { type: "preparing" | "queued" | "running" | "cancelling" }>;

export function isActive(run: Run): run is ActiveRun {
  return run.type === "preparing" || run.type === "queued" || run.type === "running" || run.type === "cancelling";
}

/** null: there was no run yet */
export function jobIdOf(run: Run): string | null {
  switch (run.type) {
    case "idle":
      return null;
    case "preparing":
    case "failed":
    case "cancelled":
      return run.jobId;
    case "queued":
    case "running":
    case "cancelling":
    case "done":
      return run.job.jobId;
  }
}
