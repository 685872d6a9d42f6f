import type { JSX } from "preact";
import type { JobSummary } from "../../../shared/protocol/jobs.ts";
import { Icon } from "../components/Icon.tsx";
import { usePanel } from "../components/panelContext.ts";
import { ResultPicture } from "../components/ResultPicture.tsx";
import { focusedJobId, variantsOf } from "../state/focus.ts";

/** Everything that the server keeps, newest first. */
export function HistoryGrid(): JSX.Element | null {
  const { panel, state } = usePanel();
  const { jobs, more, status } = state.jobs;
  const focused = focusedJobId(state);
  if (jobs.length === 0 && status !== "failed") return null;
  return (
    <section class="section" aria-labelledby="history-title">
      <h2 id="history-title">History</h2>
      <div class="history">
        {jobs.map((job) => (
          <Tile
            key={job.jobId}
            job={job}
            isFocused={job.jobId === focused}
            onFocus={() => panel.dispatch({ type: "job_focused", jobId: job.jobId })}
          />
        ))}
      </div>
      {status === "failed" && <p class="hint">The history could not be read.</p>}
      {(more || status === "failed") && (
        <button
          type="button"
          class="secondary"
          disabled={status === "reading"}
          onClick={() => void panel.results.readMore()}
        >
          {status === "failed" ? "Try again" : status === "reading" ? "Reading…" : "Show more"}
        </button>
      )}
    </section>
  );
}

interface TileProps {
  readonly job: JobSummary;
  readonly isFocused: boolean;
  readonly onFocus: () => void;
}

function Tile({ job, isFocused, onFocus }: TileProps): JSX.Element {
  const { prompt } = job.params.settings;
  return (
    <button
      type="button"
      class="tile"
      title={prompt}
      aria-label={`${stateTexts[job.state]}: ${prompt === "" ? "no prompt" : prompt}`}
      aria-pressed={isFocused}
      onClick={onFocus}
    >
      <TilePicture job={job} />
    </button>
  );
}

function TilePicture({ job }: { readonly job: JobSummary }): JSX.Element {
  const { end, jobId } = job;
  if (end?.type !== "done") {
    return (
      <span class="picture failed">
        {end?.type === "failed" && <Icon name="warning" />}
        {stateTexts[job.state]}
      </span>
    );
  }
  const variants = variantsOf(end);
  return (
    <>
      <ResultPicture jobId={jobId} variant={variants[0] ?? 1} size="thumbnail" description="" />
      {variants.length > 1 && <span class="tile-count">{variants.length}</span>}
    </>
  );
}

const stateTexts: Readonly<Record<JobSummary["state"], string>> = {
  queued: "Queued",
  running: "Running",
  cancelling: "Cancelling",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};
