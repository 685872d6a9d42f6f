import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { IconButton } from "../components/IconButton.tsx";
import { usePanel } from "../components/panelContext.ts";

interface JobTextProps {
  readonly jobId: string;
  readonly prompt: string;
  readonly detail: string;
}

/** What a job was made of, and what can be done with the job itself. */
export function JobText({ jobId, prompt, detail }: JobTextProps): JSX.Element {
  const { panel } = usePanel();
  const [isAsking, setIsAsking] = useState(false);
  const actions = useRef<HTMLDivElement>(null);
  const keep = () => {
    setIsAsking(false);
    // The button that was pressed is gone.
    actions.current?.querySelector<HTMLElement>(".icon-button")?.focus();
  };
  return (
    <div class="job-text">
      <p class="job-prompt" title={prompt}>
        {prompt === "" ? "No prompt" : prompt}
      </p>
      <p class="secondary-text">{detail}</p>
      <div class="job-actions" ref={actions}>
        <button type="button" class="secondary" onClick={() => panel.results.reuseSettings(jobId)}>
          Reuse settings
        </button>
        <IconButton
          icon="trash"
          label="Delete this run and its pictures from the history…"
          isPressed={isAsking}
          onClick={() => setIsAsking(!isAsking)}
        />
      </div>
      {isAsking && <Deletion onDelete={() => void panel.results.deleteJob(jobId)} onKeep={keep} />}
    </div>
  );
}

interface DeletionProps {
  readonly onDelete: () => void;
  readonly onKeep: () => void;
}

/** Nothing brings a deleted run back, so it is asked for twice. */
function Deletion({ onDelete, onKeep }: DeletionProps): JSX.Element {
  const keep = useRef<HTMLButtonElement>(null);
  // Into view as well, where the panel has to be scrolled for it.
  useEffect(() => keep.current?.focus(), []);
  return (
    <div class="note deletion" role="alert">
      <div>
        <p>Delete this run and its pictures? Layers in the document stay.</p>
        <div class="note-actions">
          <button type="button" class="secondary" onClick={onDelete}>
            Delete for good
          </button>
          <button type="button" class="secondary" ref={keep} onClick={onKeep}>
            Keep
          </button>
        </div>
      </div>
    </div>
  );
}
