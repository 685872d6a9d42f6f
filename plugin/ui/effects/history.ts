import type { JobSummary } from "../../../shared/protocol/jobs.ts";
import type { Context } from "./context.ts";

const pageSize = 24;

/** The server's jobs, read page by page, newest first. */
export interface History {
  /** the newest page again; null where it could not be read */
  refresh(): Promise<readonly JobSummary[] | null>;
  /** the next older page; after a failure, the newest again */
  readMore(): Promise<void>;
}

export function createHistory({ connection, state, dispatch }: Context): History {
  async function read(before: string | undefined): Promise<readonly JobSummary[] | null> {
    const { serverId } = state().jobs;
    dispatch({ type: "jobs_reading" });
    try {
      const { jobs, more } = await connection.history(pageSize, before);
      // Asked of one server, answered by the next: that one's history is read from its beginning.
      if (state().jobs.serverId !== serverId) return null;
      dispatch({ type: "jobs_read", jobs, more, isContinued: before !== undefined });
      return jobs;
    } catch {
      dispatch({ type: "jobs_failed" });
      return null;
    }
  }
  return {
    refresh: () => read(undefined),
    async readMore() {
      const { jobs, more, status } = state().jobs;
      if (status === "failed") await read(undefined);
      else if (more && status !== "reading") await read(jobs.at(-1)?.jobId);
    },
  };
}
