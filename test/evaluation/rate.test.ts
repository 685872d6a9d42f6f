import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { runCli } from "../../server/cli/run.ts";
import { meanOpinions, picturesToRate } from "../../server/evaluation/ratings.ts";
import { gradient, png } from "../image/makePictures.ts";

// Protects that people rate blind (nothing served names a row), that no score is lost, and that only whoever has the address may rate.

let dir: string;
const eventSchema = z.object({ type: z.string(), url: z.string().optional() });
const nextSchema = z.object({ done: z.boolean(), index: z.number(), rated: z.number(), total: z.number() });

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-rate-"));
  for (const row of ["text", "ours"]) {
    await mkdir(join(dir, "pictures", row), { recursive: true });
    for (const scene of ["00000", "00001"]) {
      await writeFile(join(dir, "pictures", row, `${scene}-0.png`), await png(gradient(8, 8)));
    }
  }
});
afterAll(async () => rm(dir, { recursive: true, force: true }));

/** Opens the page, lets `use` rate, and ends it as Ctrl+C does. */
async function session(rater: string, use: (url: string) => Promise<void>): Promise<number> {
  const stop = new AbortController();
  let ready: (url: string) => void = () => {};
  const url = new Promise<string>((resolve) => {
    ready = resolve;
  });
  const done = runCli(["eval", "--rate", dir, "--rater", rater, "--json"], {
    stdout: (text) => {
      const event = eventSchema.parse(JSON.parse(text));
      if (event.url !== undefined) ready(event.url);
    },
    stderr: () => {},
    isTerminal: false,
    signal: stop.signal,
  });
  try {
    await use(await url);
  } finally {
    stop.abort();
  }
  return await done;
}

const next = async (url: string) => nextSchema.parse(await (await fetch(`${url}next`)).json());
const rate = (url: string, index: number, score: unknown) =>
  fetch(`${url}score`, { method: "POST", body: JSON.stringify({ index, score }) });

it("shows pictures by number only, stores each score at once and goes on there", async () => {
  const exitCode = await session("anna", async (url) => {
    const first = await next(url);
    expect(first).toEqual({ done: false, index: 0, rated: 0, total: 4 });
    const shown = await fetch(`${url}picture/${first.index}`);
    expect(shown.headers.get("content-type")).toBe("image/png");
    expect((await (await fetch(url)).text()).match(/ours|text only|adapter/)).toBeNull();
    expect((await rate(url, 0, 5)).status).toBe(200);
    expect(Object.values(JSON.parse(await readFile(join(dir, "ratings-anna.json"), "utf8")).scores)).toEqual([5]);
  });
  expect(exitCode).toBe(130); // not all rated yet
  const finished = await session("anna", async (url) => {
    expect(await next(url)).toMatchObject({ index: 1, rated: 1 });
    for (const index of [1, 2, 3]) await rate(url, index, 2);
    expect(await next(url)).toMatchObject({ done: true, rated: 4 });
  });
  expect(finished).toBe(0);
});

it("refuses other scores, other pictures, and whoever does not know the address", async () => {
  await session("ben", async (url) => {
    for (const score of [0, 6, 2.5, "5"]) expect((await rate(url, 0, score)).status).toBe(400);
    expect((await rate(url, 99, 3)).status).toBe(400);
    expect((await fetch(new URL("/next", url))).status).toBe(404);
    expect(await next(url)).toMatchObject({ rated: 0 });
  });
});

it("gives each rater an order of their own, the same at every start", async () => {
  const names = async (rater: string) => (await picturesToRate(dir, rater)).map(({ name }) => name);
  expect(await names("anna")).toEqual(await names("anna"));
  expect(new Set(await names("anna"))).toEqual(new Set(await names("zoe")));
  const orders = await Promise.all(["a", "b", "c", "d", "e"].map(names));
  expect(new Set(orders.map(String)).size).toBeGreaterThan(1);
});

it("sums up by row: mean over scenes, with the number of raters", async () => {
  const scores = { "text/00000-0.png": 1, "text/00001-0.png": 2, "ours/00000-0.png": 4, "ours/00001-0.png": 5 };
  for (const rater of ["anna", "carl"]) {
    await writeFile(join(dir, `ratings-${rater}.json`), JSON.stringify({ schemaVersion: 1, rater, scores }));
  }
  const opinions = await meanOpinions(dir);
  expect(opinions).toMatchObject([
    { row: "ours", raters: 2, ratings: 4, score: { value: 4.5, count: 2 } },
    { row: "text", raters: 2, ratings: 4, score: { value: 1.5, count: 2 } },
  ]);
});
