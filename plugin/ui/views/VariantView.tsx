import type { ComponentChildren, JSX } from "preact";
import { ProblemNote } from "../components/ProblemNote.tsx";
import { ResultPicture } from "../components/ResultPicture.tsx";
import type { PaintedJob } from "../state/focus.ts";
import { ProofBadge } from "./ProofBadge.tsx";
import { ResultActions } from "./ResultActions.tsx";

interface VariantViewProps {
  readonly job: PaintedJob;
  readonly shown: PaintedJob["variants"][number];
  /** the others, to choose from */
  readonly children: ComponentChildren;
}

/** One finished variant large, what can be done with it, and the proof that its product is untouched. */
export function VariantView({ job, shown, children }: VariantViewProps): JSX.Element {
  const { jobId, params } = job;
  const { variant, productPixelsChanged } = shown;
  const { width, height, prompt } = params.settings;
  const ratio = width === undefined || height === undefined ? "1" : String(width / height);
  return (
    <>
      <div class="stage" style={{ "--ratio": ratio }}>
        <ResultPicture jobId={jobId} variant={variant} size="whole" description={prompt || "The finished background"} />
      </div>
      {children}
      <ResultActions jobId={jobId} variant={variant} />
      <ProblemNote place="results" />
      <ProofBadge
        // What is broken is open from the start.
        key={productPixelsChanged > 0 ? "broken" : "intact"}
        jobId={jobId}
        variant={variant}
        changedPixels={productPixelsChanged}
        isRefined={params.inputs.productMask !== undefined}
      />
    </>
  );
}
