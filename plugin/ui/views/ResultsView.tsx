import type { JSX } from "preact";
import { Icon } from "../components/Icon.tsx";
import { ProblemNote } from "../components/ProblemNote.tsx";
import { usePanel } from "../components/panelContext.ts";
import { chosenVariant, type Focus, focusOf } from "../state/focus.ts";
import type { State } from "../state/state.ts";
import { FinishedView } from "./FinishedView.tsx";
import { HistoryGrid } from "./HistoryGrid.tsx";
import { LiveView } from "./LiveView.tsx";
import { PendingView, UnfinishedView } from "./UnfinishedView.tsx";

/** One job large, and all of them beneath. */
export function ResultsView(): JSX.Element {
  const { state } = usePanel();
  const focus = focusOf(state);
  return (
    <>
      <Focused focus={focus} />
      {!showsVariant(state, focus) && <ProblemNote place="results" />}
      <HistoryGrid />
    </>
  );
}

function Focused({ focus }: { readonly focus: Focus }): JSX.Element {
  switch (focus.type) {
    case "nothing":
      return <NothingYet />;
    case "live":
      return <LiveView run={focus.run} painted={focus.painted} />;
    case "done":
      return <FinishedView job={focus.job} key={focus.job.jobId} />;
    case "failed":
    case "cancelled":
      return <UnfinishedView focus={focus} />;
    case "pending":
      return <PendingView job={focus.job} painted={focus.painted} />;
  }
}

/** Whether a finished variant is shown large: what goes wrong with it is told beside what can be done with it. */
function showsVariant(state: State, focus: Focus): boolean {
  switch (focus.type) {
    case "nothing":
      return false;
    case "live":
      return focus.painted !== null && chosenVariant(state, focus.painted) !== null;
    case "done":
      return true;
    case "failed":
    case "cancelled":
    case "pending":
      return focus.painted !== null;
  }
}

function NothingYet(): JSX.Element {
  const { panel, state } = usePanel();
  if (state.jobs.status === "unread" || state.jobs.status === "reading") return <div class="stage loading" />;
  return (
    <div class="nothing">
      <div class="nothing-icon">
        <Icon name="picture" sizePx={20} />
      </div>
      <p class="nothing-title">No backgrounds yet</p>
      <p class="hint">Everything you generate is kept here, even after you close Figma.</p>
      <button type="button" class="secondary" onClick={() => panel.dispatch({ type: "tab_chosen", tab: "create" })}>
        Choose layers
      </button>
    </div>
  );
}
