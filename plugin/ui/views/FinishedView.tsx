import type { ComponentChildren, JSX } from "preact";
import { usePanel } from "../components/panelContext.ts";
import { sizeText } from "../components/SlotRow.tsx";
import { Warnings } from "../components/Warnings.tsx";
import { chosenVariant, type PaintedJob } from "../state/focus.ts";
import { JobText } from "./JobText.tsx";
import { VariantStrip } from "./VariantStrip.tsx";
import { VariantView } from "./VariantView.tsx";

interface FinishedViewProps {
  readonly job: PaintedJob;
  /** what is to be said first */
  readonly children?: ComponentChildren;
}

/** A job with its pictures: one large, the others to choose from. */
export function FinishedView({ job, children }: FinishedViewProps): JSX.Element {
  const { state } = usePanel();
  const { jobId, params, variants, warnings } = job;
  const shown = chosenVariant(state, job) ?? variants[0];
  if (shown === undefined) return <div class="section">{children}</div>;
  return (
    <div class="section">
      {children}
      <VariantView job={job} shown={shown}>
        {variants.length > 1 && (
          <VariantStrip jobId={jobId} finished={variants} wanted={variants.length} chosen={shown.variant} />
        )}
      </VariantView>
      <Warnings warnings={warnings} />
      <JobText jobId={jobId} prompt={params.settings.prompt} detail={detailOf(job, shown.seed)} />
    </div>
  );
}

function detailOf({ params, totalMs }: PaintedJob, seed: number): string {
  const { width, height, steps } = params.settings;
  return [
    ...(width === undefined || height === undefined ? [] : [sizeText({ width, height })]),
    ...(steps === undefined ? [] : [steps === 1 ? "1 step" : `${steps} steps`]),
    `seed ${seed}`,
    ...(totalMs === null ? [] : [`${Math.max(1, Math.round(totalMs / 1000))} s`]),
  ].join(" · ");
}
