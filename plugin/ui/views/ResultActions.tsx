import type { JSX } from "preact";
import { usePanel } from "../components/panelContext.ts";
import { resultKey } from "../state/state.ts";

interface ResultActionsProps {
  readonly jobId: string;
  readonly variant: number;
}

/** What can be done with one picture in the document. */
export function ResultActions({ jobId, variant }: ResultActionsProps): JSX.Element {
  const { panel, state } = usePanel();
  const insertion = state.insertions[resultKey(jobId, variant)];
  if (insertion?.type === "inserted") {
    const { nodeId } = insertion;
    return (
      <div class="result-actions">
        <button type="button" class="secondary" onClick={() => panel.layers.show(nodeId)}>
          Show in canvas
        </button>
        <button type="button" class="secondary" onClick={() => void panel.results.removeFromDocument(jobId, variant)}>
          Remove from canvas
        </button>
      </div>
    );
  }
  const isInserting = insertion?.type === "inserting";
  return (
    <div class="result-actions">
      <button
        type="button"
        class="primary"
        disabled={isInserting}
        onClick={() => void panel.results.insert(jobId, variant, "add")}
      >
        {isInserting ? "Inserting…" : "Insert beneath product"}
      </button>
      {state.replaceable !== null && (
        <button
          type="button"
          class="secondary"
          disabled={isInserting}
          title="Takes the place of the background that was inserted last"
          onClick={() => void panel.results.insert(jobId, variant, "replace")}
        >
          Replace last
        </button>
      )}
    </div>
  );
}
