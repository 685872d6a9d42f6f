import type { JSX } from "preact";
import type { JobSummary } from "../../../shared/protocol/jobs.ts";
import { Icon } from "../components/Icon.tsx";
import { ProblemText } from "../components/ProblemNote.tsx";
import type { Focus, PaintedJob } from "../state/focus.ts";
import { FinishedView } from "./FinishedView.tsx";
import { JobText } from "./JobText.tsx";
import { keptText } from "./keptText.ts";

interface UnfinishedViewProps {
  readonly focus: Extract<Focus, { type: "failed" | "cancelled" }>;
}

/** A job that was not done: why, and what it has finished all the same. */
export function UnfinishedView({ focus }: UnfinishedViewProps): JSX.Element {
  const { job, painted } = focus;
  return (
    <WithPictures job={job} painted={painted}>
      {focus.type === "failed" ? (
        <>
          <ProblemText problem={focus.problem} />
          {painted !== null && <Note text={keptText(painted)} />}
        </>
      ) : (
        <Note
          text={painted === null ? "This run was cancelled. Nothing was inserted." : `Cancelled. ${keptText(painted)}`}
        />
      )}
    </WithPictures>
  );
}

interface PendingViewProps {
  readonly job: JobSummary;
  readonly painted: PaintedJob | null;
}

/** A job that another panel began, or an earlier opening. */
export function PendingView({ job, painted }: PendingViewProps): JSX.Element {
  const { variants } = job.params.settings;
  const so = job.state === "queued" ? "This run waits for its turn." : "This run is being painted.";
  const far = painted === null ? "" : ` Finished so far: ${painted.variants.length} of ${variants}.`;
  return (
    <WithPictures job={job} painted={painted}>
      <Note text={so + far} />
    </WithPictures>
  );
}

interface WithPicturesProps {
  readonly job: JobSummary | null;
  readonly painted: PaintedJob | null;
  readonly children: JSX.Element;
}

function WithPictures({ job, painted, children }: WithPicturesProps): JSX.Element {
  if (painted !== null) {
    return (
      <FinishedView job={painted} key={painted.jobId}>
        {children}
      </FinishedView>
    );
  }
  return (
    <div class="section">
      {children}
      {job !== null && <SummaryText job={job} />}
    </div>
  );
}

function Note({ text }: { readonly text: string }): JSX.Element {
  return (
    <div class="note">
      <Icon name="info" />
      <div>{text}</div>
    </div>
  );
}

function SummaryText({ job }: { readonly job: JobSummary }): JSX.Element {
  const began = new Date(job.createdAt).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  return <JobText key={job.jobId} jobId={job.jobId} prompt={job.params.settings.prompt} detail={began} />;
}
