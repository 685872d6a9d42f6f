import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";
import { bootstrapMean, type Estimate, mean } from "./spread.ts";

export const scores = [1, 2, 3, 4, 5] as const;

const ratingsSchema = z.strictObject({
  schemaVersion: z.literal(1),
  rater: z.string().regex(/^[a-z0-9-]{1,32}$/),
  /** `row/scene-seed.png` → score */
  scores: z.record(z.string(), z.int().min(1).max(5)),
});
export type Ratings = z.output<typeof ratingsSchema>;

/** A picture that was painted by `backdrop eval`. */
export interface RatedPicture {
  readonly row: string;
  /** `row/scene-seed.png` */
  readonly name: string;
  readonly path: string;
}

/** MoS: the mean of human scores of one row. Scenes are its units, each the mean over raters and seeds. */
export interface MeanOpinion {
  readonly row: string;
  readonly raters: number;
  readonly ratings: number;
  readonly score: Estimate;
}

/** The pictures of an evaluation in an order that is random, each rater's own, and the same at every start. */
export async function picturesToRate(dir: string, rater: string): Promise<readonly RatedPicture[]> {
  const root = join(dir, "pictures");
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const found: RatedPicture[] = [];
  for (const row of entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)) {
    const files = (await readdir(join(root, row))).filter((file) => /^\d+-\d+\.png$/.test(file));
    found.push(...files.map((file) => ({ row, name: `${row}/${file}`, path: join(root, row, file) })));
  }
  if (found.length === 0) {
    throw new BackdropError(
      "invalid_params",
      `rate: expected pictures of backdrop eval in ${root}, got none; run it first`,
    );
  }
  const place = ({ name }: RatedPicture) => createHash("sha256").update(`${rater}\n${name}`).digest("hex");
  return found
    .map((picture) => ({ picture, at: place(picture) }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ picture }) => picture);
}

export function ratingsFile(rater: string): string {
  return `ratings-${rater}.json`;
}

/** What this rater has said so far. */
export async function readRatings(dir: string, rater: string): Promise<Ratings> {
  const none = ratingsSchema.safeParse({ schemaVersion: 1, rater, scores: {} });
  if (!none.success) {
    throw new BackdropError(
      "invalid_params",
      `rater: expected up to 32 of a–z, 0–9 and -, got ${JSON.stringify(rater.slice(0, 40))}`,
    );
  }
  const path = join(dir, ratingsFile(rater));
  const text = await readFile(path, "utf8").catch(() => undefined);
  return text === undefined ? none.data : parseRatings(text, path);
}

/** Every rater's scores, summed up by row. */
export async function meanOpinions(dir: string): Promise<readonly MeanOpinion[]> {
  const files = (await readdir(dir)).filter((name) => /^ratings-[a-z0-9-]+\.json$/.test(name)).sort();
  const all: Ratings[] = [];
  for (const file of files) all.push(parseRatings(await readFile(join(dir, file), "utf8"), join(dir, file)));
  const given = all.flatMap(({ rater, scores }) =>
    Object.entries(scores).map(([name, score]) => {
      const [row = "", file = ""] = name.split("/");
      return { rater, row, scene: file.split("-")[0] ?? "", score };
    }),
  );
  return [...new Set(given.map(({ row }) => row))].sort().map((row) => {
    const own = given.filter((rating) => rating.row === row);
    const sceneMeans = [...new Set(own.map(({ scene }) => scene))].map((scene) =>
      mean(own.filter((rating) => rating.scene === scene).map(({ score }) => score)),
    );
    return {
      row,
      raters: new Set(own.map(({ rater }) => rater)).size,
      ratings: own.length,
      score: bootstrapMean(sceneMeans),
    };
  });
}

export function opinionsText(opinions: readonly MeanOpinion[]): string {
  const lines = opinions.map(
    ({ row, raters, ratings, score }) =>
      `| ${row} | ${score.value.toFixed(2)} [${score.low.toFixed(2)}, ${score.high.toFixed(2)}] | ${score.count} | ${ratings} | ${raters} |`,
  );
  return ["| row | MoS (95 %) | scenes | ratings | raters |", "|---|---|---|---|---|", ...lines, ""].join("\n");
}

function parseRatings(text: string, path: string): Ratings {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined; // refused below, with the same advice
  }
  const parsed = ratingsSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new BackdropError("invalid_params", `rate: ${path} holds no ratings; delete it or restore it`);
}
