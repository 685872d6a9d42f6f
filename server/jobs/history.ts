import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { jobIdSchema, seqSchema } from "../../shared/protocol/fields.ts";
import { type FinishedVariant, type JobEnd, jobEndSchema, jobParamsSchema } from "../../shared/protocol/jobs.ts";
import { readVariants, removeRecords } from "../engine/variantFiles.ts";
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
  /** what the job has finished, whether anybody was told or not */
  readFinished(job: Pick<StoredJob, "jobId" | "seed" | "params">): Promise<readonly FinishedVariant[]>;
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
    readFinished: (job) => readRecorded(dirOf(job.jobId), job),
    save: (job) => writeDurably(join(dirOf(job.jobId), recordName), `${JSON.stringify(job, null, 2)}\n`),
    async remove(jobId) {
      // The records go first, the job's last of them: a folder without it is no job and has nothing finished, whatever happens in between.
      await removeRecords(dirOf(jobId));
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
async function finishedVariants(dir: string, job: StoredJob): Promise<readonly FinishedVariant[]> {
  const recorded = await readRecorded(dir, job);
  const listed = job.end?.event.type === "done" ? await listedBy(dir, job.end.event) : [];
  return recorded.length < listed.length ? listed : recorded;
}

async function readRecorded(dir: string, { seed, params }: Pick<StoredJob, "seed" | "params">) {
  const kept = await readVariants(dir, { seed, variants: params.settings.variants });
  return kept.map(({ finished }) => finished);
}

async function listedBy(dir: string, end: JobEnd & { type: "done" }): Promise<readonly FinishedVariant[]> {
  const numbers = [...new Set(end.outputs.map(({ variant }) => variant))];
  return await Promise.all(
    numbers.map(async (variant) => ({
      variant,
      seed: (end.seed + variant - 1) >>> 0,
      outputs: end.outputs.filter((output) => output.variant === variant),
      productPixelsChanged: await changedPixels(dir, variant, end.productPixelsChanged),
    })),
  );
}

const recipeSchema = z.object({ product: z.object({ changedPixels: z.int().min(0) }) });

/** Its recipe knows; where that is gone, it may be all that the job's variants have together. */
async function changedPixels(dir: string, variant: number, together: number): Promise<number> {
  if (together === 0) return 0;
  try {
    const text = await readFile(join(dir, `recipe-${variant}.json`), "utf8");
    return recipeSchema.parse(JSON.parse(text)).product.changedPixels;
  } catch {
    return together;
  }
}

async function removeUnfinished(dir: string): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  for (const name of names) {
    if (name.startsWith(unfinishedPrefix)) await rm(join(dir, name), { force: true });
  }
}
