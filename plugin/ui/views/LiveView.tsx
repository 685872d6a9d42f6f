import type { JSX } from "preact";
import { usePanel } from "../components/panelContext.ts";
import { Warnings } from "../components/Warnings.tsx";
import type { ActiveRun } from "../state/run.ts";
import type { State } from "../state/state.ts";
import { outputSize } from "./outputSize.ts";

/** The run as it sharpens. */
export function LiveView({ run }: { readonly run: ActiveRun }): JSX.Element {
  const { state } = usePanel();
  const preview = run.type === "running" || run.type === "cancelling" ? run.preview : null;
  const warnings = run.type === "queued" || run.type === "running" ? run.warnings : [];
  return (
    <div class="section">
      <figure>
        <div class={`stage live ${run.type}`} style={{ "--ratio": ratioOf(state, run) }}>
          {preview === null ? (
            <p class="stage-text">The first preview comes after one step</p>
          ) : (
            <img src={preview.url} alt="Preview of the background so far" draggable={false} />
          )}
        </div>
        <figcaption class="caption">{promptOf(state, run)}</figcaption>
      </figure>
      <Warnings warnings={warnings} />
    </div>
  );
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
