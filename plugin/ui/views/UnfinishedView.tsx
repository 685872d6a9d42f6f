import type { JSX } from "preact";
import type { JobSummary } from "../../../shared/protocol/jobs.ts";
import { Icon } from "../components/Icon.tsx";
import { ProblemText } from "../components/ProblemNote.tsx";
import type { Focus } from "../state/focus.ts";
import { JobText } from "./JobText.tsx";

interface UnfinishedViewProps {
  readonly focus: Extract<Focus, { type: "failed" | "cancelled" }>;
}

/** A job without pictures, and why. */
export function UnfinishedView({ focus }: UnfinishedViewProps): JSX.Element {
  return (
    <div class="section">
      {focus.type === "failed" ? (
        <ProblemText problem={focus.problem} />
      ) : (
        <div class="note">
          <Icon name="info" />
          <div>This run was cancelled. Nothing was inserted.</div>
        </div>
      )}
      {focus.job !== null && <SummaryText job={focus.job} />}
    </div>
  );
}

/** A job that another panel began, or an earlier opening. */
export function PendingView({ job }: { readonly job: JobSummary }): JSX.Element {
  return (
    <div class="section">
      <div class="note">
        <Icon name="info" />
        <div>{job.state === "queued" ? "This run waits for its turn." : "This run is being painted."}</div>
      </div>
      <SummaryText job={job} />
    </div>
  );
}

function SummaryText({ job }: { readonly job: JobSummary }): JSX.Element {
  const began = new Date(job.createdAt).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  return <JobText key={job.jobId} jobId={job.jobId} prompt={job.params.settings.prompt} detail={began} />;
}
