import type { JSX } from "preact";
import type { FinishedVariant, JobSummary } from "../../../shared/protocol/jobs.ts";
import { Icon } from "../components/Icon.tsx";
import { usePanel } from "../components/panelContext.ts";
import { ResultPicture } from "../components/ResultPicture.tsx";
import { findPainted, focusedJobId } from "../state/focus.ts";

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
  const { state } = usePanel();
  const { prompt } = job.params.settings;
  const variants = findPainted(state, job.jobId)?.variants ?? [];
  return (
    <button
      type="button"
      class="tile"
      title={prompt}
      aria-label={`${stateText(job, variants.length)}: ${prompt === "" ? "no prompt" : prompt}`}
      aria-pressed={isFocused}
      onClick={onFocus}
    >
      <TilePicture job={job} variants={variants} />
    </button>
  );
}

interface TilePictureProps extends Pick<TileProps, "job"> {
  readonly variants: readonly FinishedVariant[];
}

function TilePicture({ job, variants }: TilePictureProps): JSX.Element {
  const { jobId, state } = job;
  const [first] = variants;
  if (first === undefined) {
    return (
      <span class="picture failed">
        {state === "failed" && <Icon name="warning" />}
        {stateTexts[state]}
      </span>
    );
  }
  const wanted = job.params.settings.variants;
  return (
    <>
      <ResultPicture jobId={jobId} variant={first.variant} size="thumbnail" description="" />
      {state !== "done" && <span class="tile-state">{stateTexts[state]}</span>}
      {wanted > 1 && (
        <span class="tile-count">{state === "done" ? variants.length : `${variants.length} of ${wanted}`}</span>
      )}
    </>
  );
}

function stateText({ state, params }: JobSummary, finished: number): string {
  const far = state === "done" || finished === 0 ? "" : `, ${finished} of ${params.settings.variants} finished`;
  return `${stateTexts[state]}${far}`;
}

const stateTexts: Readonly<Record<JobSummary["state"], string>> = {
  queued: "Queued",
  running: "Running",
  cancelling: "Cancelling",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};
