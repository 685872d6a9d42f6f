import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { jobIdSchema, seqSchema } from "../../shared/protocol/fields.ts";
import { type FinishedVariant, type JobEnd, jobEndSchema, jobParamsSchema } from "../../shared/protocol/jobs.ts";
import { readVariants } from "../engine/variantFiles.ts";
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

/** A job and what it has finished, whether it has ended or not. */
export interface JobOnDisk {
  readonly job: StoredJob;
  readonly variants: readonly FinishedVariant[];
}

/** Every job that was accepted, on disk: `<job id>/job.json`, beside the job's results. */
export interface History {
  load(): Promise<HistoryOnDisk>;
  save(job: StoredJob): Promise<void>;
  remove(jobId: string): Promise<void>;
  dirOf(jobId: string): string;
}

export interface HistoryOnDisk {
  /** oldest first */
  readonly jobs: readonly JobOnDisk[];
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
      const jobs: JobOnDisk[] = [];
      const unreadable: string[] = [];
      for (const name of await readdir(dir)) {
        if (!jobIdSchema.safeParse(name).success) continue;
        await removeUnfinished(dirOf(name));
        const job = await readJob(join(dirOf(name), recordName));
        if (job === undefined || job.jobId !== name) unreadable.push(name);
        else jobs.push({ job, variants: await finishedVariants(dirOf(name), job) });
      }
      jobs.sort(({ job: a }, { job: b }) => a.createdAt.localeCompare(b.createdAt) || a.jobId.localeCompare(b.jobId));
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

/** Jobs of earlier servers have no records of their variants: only their end lists the files. */
async function finishedVariants(dir: string, { end }: StoredJob): Promise<readonly FinishedVariant[]> {
  const recorded = await readVariants(dir);
  const listed = end?.event.type === "done" ? listedBy(end.event) : [];
  return recorded.length < listed.length ? listed : recorded;
}

function listedBy({ outputs, seed, productPixelsChanged }: JobEnd & { type: "done" }): readonly FinishedVariant[] {
  const numbers = [...new Set(outputs.map(({ variant }) => variant))];
  return numbers.map((variant) => ({
    variant,
    seed: (seed + variant - 1) >>> 0,
    outputs: outputs.filter((output) => output.variant === variant),
    productPixelsChanged,
  }));
}

async function removeUnfinished(dir: string): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  for (const name of names) {
    if (name.startsWith(unfinishedPrefix)) await rm(join(dir, name), { force: true });
  }
}
