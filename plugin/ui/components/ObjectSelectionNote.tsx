import type { JSX } from "preact";
import { isActive } from "../state/run.ts";
import { ModelsLink } from "./ModelsLink.tsx";
import { ProblemText } from "./ProblemNote.tsx";
import { usePanel } from "./panelContext.ts";
import type { ObjectSelection } from "./useObjectSelection.ts";

/** What the selection is doing, and what would make it better. */
export function ObjectSelectionNote({ selection }: { readonly selection: ObjectSelection }): JSX.Element {
  const { state } = usePanel();
  const { connection, run } = state;
  const isByColour = connection.type === "ready" && connection.helpers.segment === null;
  return (
    <>
      <p class="secondary-text" role="status">
        {selection.isBusy &&
          (isActive(run) ? "Waits until the picture that is being made is done…" : "Looking for the object…")}
      </p>
      {selection.problem !== null && <ProblemText problem={selection.problem} />}
      {isByColour && (
        <p class="hint">
          Objects are found by their colours: one click for each. A helper finds whole objects.{" "}
          <ModelsLink>Install it…</ModelsLink>
        </p>
      )}
    </>
  );
}
