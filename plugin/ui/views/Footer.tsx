import type { JSX } from "preact";
import { ProblemNote, ProblemText } from "../components/ProblemNote.tsx";
import { usePanel } from "../components/panelContext.ts";
import { useNow } from "../components/useNow.ts";
import { findPainted } from "../state/focus.ts";
import { isInForm } from "../state/problem.ts";
import { type ActiveRun, isActive } from "../state/run.ts";
import type { State } from "../state/state.ts";
import { keptText } from "./keptText.ts";
import { runStatus } from "./runStatus.ts";

/** Generate, or what the run is doing and how to stop it; the same place, whatever tab is open. */
export function Footer(): JSX.Element {
  const { state } = usePanel();
  const { run } = state;
  return <footer class="foot">{isActive(run) ? <RunBar run={run} /> : <GenerateBar />}</footer>;
}

function GenerateBar(): JSX.Element {
  const { panel, state } = usePanel();
  const { run, tab, connection } = state;
  const isToldHere = run.type === "failed" && tab === "create" && !isInForm(run.problem.place);
  return (
    <div class="foot-content">
      <ProblemNote place="run" />
      {isToldHere && <ProblemText problem={run.problem} />}
      <button
        type="button"
        class="primary large"
        aria-keyshortcuts="Control+Enter Meta+Enter"
        disabled={connection.type !== "ready"}
        onClick={() => void panel.runs.generate()}
      >
        Generate background
        <span class="shortcut" aria-hidden="true">
          {shortcut()}
        </span>
      </button>
      <span class="sr-only" role="status">
        {endText(state)}
      </span>
    </div>
  );
}

/** For those who hear it. */
function endText(state: State): string {
  const { run } = state;
  if (run.type === "done") return "The background is done";
  if (run.type !== "cancelled") return "";
  const kept = findPainted(state, run.jobId);
  return kept === null ? "The run was cancelled" : `The run was cancelled. ${keptText(kept)}`;
}

function RunBar({ run }: { readonly run: ActiveRun }): JSX.Element {
  const { panel, state } = usePanel();
  const nowMs = useNow(run.type === "running");
  const { title, detail, part } = runStatus(run, nowMs, state.connection.type === "ready");
  const isCancelling = run.type === "cancelling";
  return (
    <>
      <div
        class={part === null ? "progress unknown" : "progress"}
        role="progressbar"
        aria-label="Generating"
        aria-valuenow={part === null ? undefined : Math.round(part * 100)}
        aria-valuetext={`${title}. ${detail}`}
        style={{ "--part": part ?? 0 }}
      />
      <div class="foot-content run-bar">
        <div class="run-text">
          <p class="run-title">{title}</p>
          <p class="secondary-text one-line">{detail}</p>
        </div>
        <button type="button" class="secondary cancel" disabled={isCancelling} onClick={() => panel.runs.cancel()}>
          {isCancelling ? "Cancelling…" : "Cancel"}
        </button>
      </div>
    </>
  );
}

function shortcut(): string {
  return /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘ ↵" : "Ctrl ↵";
}
