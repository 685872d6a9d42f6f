import type { JSX } from "preact";
import { Icon } from "../components/Icon.tsx";
import { ProblemNote } from "../components/ProblemNote.tsx";
import { usePanel } from "../components/panelContext.ts";
import { ResultPicture } from "../components/ResultPicture.tsx";
import { sizeText } from "../components/SlotRow.tsx";
import { Warnings } from "../components/Warnings.tsx";
import { type DoneJob, seedOf, variantsOf } from "../state/focus.ts";
import { resultKey } from "../state/state.ts";
import { JobText } from "./JobText.tsx";
import { ProofBadge } from "./ProofBadge.tsx";
import { ResultActions } from "./ResultActions.tsx";

/** A job with its pictures: one large, the others to choose from. */
export function FinishedView({ job }: { readonly job: DoneJob }): JSX.Element {
  const { panel, state } = usePanel();
  const { jobId, params, end, warnings } = job;
  const variants = variantsOf(end);
  const chosen = state.chosenVariants[jobId] ?? 1;
  const { width, height, prompt } = params.settings;
  const ratio = width === undefined || height === undefined ? "1" : String(width / height);
  return (
    <div class="section">
      <div class="stage" style={{ "--ratio": ratio }}>
        <ResultPicture jobId={jobId} variant={chosen} size="whole" description={prompt || "The finished background"} />
      </div>
      {variants.length > 1 && (
        <Variants
          jobId={jobId}
          variants={variants}
          chosen={chosen}
          onChoose={(variant) => panel.dispatch({ type: "variant_chosen", jobId, variant })}
        />
      )}
      <ResultActions jobId={jobId} variant={chosen} />
      <ProblemNote place="results" />
      <ProofBadge
        jobId={jobId}
        variant={chosen}
        changedPixels={end.productPixelsChanged}
        isRefined={params.inputs.productMask !== undefined}
      />
      <Warnings warnings={warnings} />
      <JobText jobId={jobId} prompt={prompt} detail={detailOf(job, chosen)} />
    </div>
  );
}

interface VariantsProps {
  readonly jobId: string;
  readonly variants: readonly number[];
  readonly chosen: number;
  readonly onChoose: (variant: number) => void;
}

function Variants({ jobId, variants, chosen, onChoose }: VariantsProps): JSX.Element {
  const { state } = usePanel();
  return (
    <fieldset class="variants" aria-label="Variants">
      {variants.map((variant) => {
        const isInserted = state.insertions[resultKey(jobId, variant)]?.type === "inserted";
        return (
          <button
            type="button"
            class="variant"
            key={variant}
            aria-label={`Variant ${variant}${isInserted ? ", in the canvas" : ""}`}
            aria-pressed={variant === chosen}
            onClick={() => onChoose(variant)}
          >
            <ResultPicture jobId={jobId} variant={variant} size="thumbnail" description="" />
            {isInserted && (
              <span class="in-canvas" title="In the canvas">
                <Icon name="check" sizePx={10} />
              </span>
            )}
          </button>
        );
      })}
    </fieldset>
  );
}

function detailOf({ params, end }: DoneJob, variant: number): string {
  const { width, height, steps } = params.settings;
  const totalMs = end.timingsMs.total;
  return [
    ...(width === undefined || height === undefined ? [] : [sizeText({ width, height })]),
    ...(steps === undefined ? [] : [steps === 1 ? "1 step" : `${steps} steps`]),
    `seed ${seedOf(end, variant)}`,
    ...(totalMs === undefined ? [] : [`${Math.max(1, Math.round(totalMs / 1000))} s`]),
  ].join(" · ");
}
