import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { jobIdSchema, seqSchema } from "../../shared/protocol/fields.ts";
import { jobEndSchema, jobParamsSchema } from "../../shared/protocol/jobs.ts";
import { unfinishedPrefix } from "../files/wholeFiles.ts";
import { storageFailed, writeDurably } from "../home/durableFile.ts";

const storedJobSchema = z.strictObject({
  schemaVersion: z.literal(1),
  jobId: jobIdSchema,
  createdAt: z.iso.datetime(),
  params: jobParamsSchema,
  /** drawn when the parameters have none, so that every attempt paints the same picture */
  seed: z.int().min(0).max(0xffff_ffff),
  /** how often a server found it unfinished when it started */
  restarts: z.int().min(0),
  end: z.strictObject({ seq: seqSchema, event: jobEndSchema }).nullable(),
});
export type StoredJob = z.output<typeof storedJobSchema>;

/** Every job that was accepted, on disk: `<job id>/job.json`, beside the job's results. */
export interface History {
  load(): Promise<HistoryOnDisk>;
  save(job: StoredJob): Promise<void>;
  remove(jobId: string): Promise<void>;
  dirOf(jobId: string): string;
}

export interface HistoryOnDisk {
  /** oldest first */
  readonly jobs: readonly StoredJob[];
  /** folders whose record cannot be read; they are left as they are */
  readonly unreadable: readonly string[];
}

const recordName = "job.json";

export async function openHistory(dir: string): Promise<History> {
  await mkdir(dir, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw storageFailed(cause);
  });
  const dirOf = (jobId: string) => join(dir, jobId);
  return {
    dirOf,
    save: (job) => writeDurably(join(dirOf(job.jobId), recordName), `${JSON.stringify(job, null, 2)}\n`),
    async remove(jobId) {
      // The record goes first: a folder without one is no job, whatever happens in between.
      await rm(join(dirOf(jobId), recordName), { force: true });
      await rm(dirOf(jobId), { recursive: true, force: true });
    },
    async load() {
      const jobs: StoredJob[] = [];
      const unreadable: string[] = [];
      for (const name of await readdir(dir)) {
        if (!jobIdSchema.safeParse(name).success) continue;
        await removeUnfinished(dirOf(name));
        const job = await readJob(join(dirOf(name), recordName));
        if (job === undefined || job.jobId !== name) unreadable.push(name);
        else jobs.push(job);
      }
      jobs.sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.jobId.localeCompare(b.jobId));
      return { jobs, unreadable };
    },
  };
}

async function readJob(file: string): Promise<StoredJob | undefined> {
  try {
    return storedJobSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return undefined;
  }
}

async function removeUnfinished(dir: string): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  for (const name of names) {
    if (name.startsWith(unfinishedPrefix)) await rm(join(dir, name), { force: true });
  }
}
