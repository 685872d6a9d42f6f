import type { JSX } from "preact";
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
  return (
    <div class="job-text">
      <p class="job-prompt" title={prompt}>
        {prompt === "" ? "No prompt" : prompt}
      </p>
      <p class="secondary-text">{detail}</p>
      <div class="job-actions">
        <button type="button" class="secondary" onClick={() => panel.results.reuseSettings(jobId)}>
          Reuse settings
        </button>
        <IconButton
          icon="trash"
          label="Delete this run and its pictures from the history"
          onClick={() => void panel.results.deleteJob(jobId)}
        />
      </div>
    </div>
  );
}
