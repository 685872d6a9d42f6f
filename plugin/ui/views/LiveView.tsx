import type { JSX } from "preact";
import { usePanel } from "../components/panelContext.ts";
import { ResultPicture } from "../components/ResultPicture.tsx";
import { Warnings } from "../components/Warnings.tsx";
import { chosenVariant, type PaintedJob } from "../state/focus.ts";
import type { ActiveRun } from "../state/run.ts";
import type { State } from "../state/state.ts";
import { outputSize } from "./outputSize.ts";
import { VariantStrip } from "./VariantStrip.tsx";
import { VariantView } from "./VariantView.tsx";

interface LiveViewProps {
  readonly run: ActiveRun;
  /** what it has finished so far */
  readonly painted: PaintedJob | null;
}

/** The run as it sharpens, or one of the variants that it has finished. */
export function LiveView({ run, painted }: LiveViewProps): JSX.Element {
  const { state } = usePanel();
  const chosen = painted === null ? null : chosenVariant(state, painted);
  const strip = <Variants run={run} chosen={chosen?.variant ?? null} />;
  const warnings = run.type === "queued" || run.type === "running" ? run.warnings : [];
  return (
    <div class="section">
      {painted !== null && chosen !== null ? (
        <VariantView job={painted} shown={chosen}>
          {strip}
        </VariantView>
      ) : (
        <>
          <div class={`stage live ${run.type}`} style={{ "--ratio": ratioOf(state, run) }}>
            <Sharpening run={run} painted={painted} />
          </div>
          {strip}
          <p class="caption">{promptOf(state, run)}</p>
        </>
      )}
      <Warnings warnings={warnings} />
      <span class="sr-only" role="status">
        {painted === null ? "" : `Variant ${painted.variants.length} is finished`}
      </span>
    </div>
  );
}

/** Until a variant has a preview, the one before it is shown, finished. */
function Sharpening({ run, painted }: LiveViewProps): JSX.Element {
  const preview = run.type === "running" || run.type === "cancelling" ? run.preview : null;
  if (preview !== null) return <img src={preview.url} alt="Preview of the background so far" draggable={false} />;
  const latest = painted?.variants.at(-1);
  if (painted === null || latest === undefined) {
    return <p class="stage-text">The first preview comes after one step</p>;
  }
  const description = `Variant ${latest.variant}, finished`;
  return <ResultPicture jobId={painted.jobId} variant={latest.variant} size="whole" description={description} />;
}

interface VariantsProps {
  readonly run: ActiveRun;
  readonly chosen: number | null;
}

function Variants({ run, chosen }: VariantsProps): JSX.Element | null {
  if (run.type !== "running" && run.type !== "cancelling") return null;
  const { job, variants } = run;
  const { variants: wanted } = job.params.settings;
  const painting = run.type === "running" ? { preview: run.preview } : undefined;
  if (wanted === 1 || (painting === undefined && variants.length === 0)) return null;
  return <VariantStrip jobId={job.jobId} finished={variants} wanted={wanted} chosen={chosen} painting={painting} />;
}

function promptOf({ form }: State, run: ActiveRun): string {
  return run.type === "preparing" ? form.prompt : run.job.params.settings.prompt;
}

/** Of the picture to come, so that nothing jumps when it does. */
function ratioOf(state: State, run: ActiveRun): string {
  if (run.type !== "preparing") {
    const { width, height } = run.job.params.settings;
    if (width !== undefined && height !== undefined) return String(width / height);
  }
  const size = outputSize(state)?.sizePx;
  return size === undefined ? "1" : String(size.width / size.height);
}
