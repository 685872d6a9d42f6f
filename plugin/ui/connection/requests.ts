import { BackdropError } from "../../../shared/errors.ts";
import type { ClientMessageInput } from "../../../shared/protocol/clientMessages.ts";
import { maxListedJobs } from "../../../shared/protocol/limits.ts";
import type { ServerMessageOf } from "../../../shared/protocol/serverMessages.ts";

type Page = Pick<ServerMessageOf<"jobs">, "jobs" | "more">;

interface Pending<Result> {
  readonly message: ClientMessageInput;
  resolve(result: Result): void;
  reject(error: BackdropError): void;
}

/** What is asked and answered once: a page of the history, the removal of a job. Both may be asked again after a lost connection. */
export class Requests {
  /** answered in this order */
  private pages: Pending<Page>[] = [];
  private readonly removals = new Map<string, Pending<void>[]>();
  private send: ((message: ClientMessageInput) => void) | undefined;

  async history(limit: number, before: string | undefined): Promise<Page> {
    if (!Number.isInteger(limit) || limit < 1 || limit > maxListedJobs) {
      throw new BackdropError("invalid_params", `limit: expected 1 to ${maxListedJobs}, got ${limit}`);
    }
    const message = { type: "jobs", limit, ...(before !== undefined && { before }) } as const;
    return await new Promise((resolve, reject) => {
      this.pages.push({ message, resolve, reject });
      this.send?.(message);
    });
  }

  async remove(jobId: string): Promise<void> {
    const message = { type: "remove", jobId } as const;
    const asked = this.removals.get(jobId) ?? [];
    await new Promise<void>((resolve, reject) => {
      this.removals.set(jobId, [...asked, { message, resolve, reject }]);
      if (asked.length === 0) this.send?.(message);
    });
  }

  attach(send: (message: ClientMessageInput) => void): void {
    this.send = send;
    for (const { message } of this.pages) send(message);
    for (const [asked] of this.removals.values()) if (asked !== undefined) send(asked.message);
  }

  detach(): void {
    this.send = undefined;
  }

  receivePage({ jobs, more }: ServerMessageOf<"jobs">): void {
    this.pages.shift()?.resolve({ jobs, more });
  }

  receiveRemoved({ jobId }: ServerMessageOf<"removed">): void {
    for (const { resolve } of this.takeRemovals(jobId)) resolve();
  }

  /** An error that names no job can only be about a page. Returns whether the error was about a request. */
  receiveError({ code, message, jobId }: ServerMessageOf<"error">): boolean {
    const error = new BackdropError(code, message);
    const refused = jobId === undefined ? this.pages.splice(0, 1) : this.takeRemovals(jobId);
    for (const { reject } of refused) reject(error);
    return refused.length > 0;
  }

  close(error: BackdropError): void {
    for (const { reject } of [...this.pages, ...[...this.removals.values()].flat()]) reject(error);
    this.pages = [];
    this.removals.clear();
  }

  private takeRemovals(jobId: string): readonly Pending<void>[] {
    const removals = this.removals.get(jobId) ?? [];
    this.removals.delete(jobId);
    return removals;
  }
}
