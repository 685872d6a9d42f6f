import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";
import { ratingPage } from "../evaluation/ratingPage.ts";
import {
  meanOpinions,
  opinionsText,
  picturesToRate,
  type Ratings,
  ratingsFile,
  readRatings,
} from "../evaluation/ratings.ts";
import { exitCodes, type Io, printJson } from "./io.ts";
import { writeOutputs } from "./outputs.ts";

export interface RateOptions {
  readonly rate: string;
  readonly rater: string;
  readonly json?: true;
}

const maxBodyBytes = 1024;
const scoreSchema = z.strictObject({ index: z.int().nonnegative(), score: z.int().min(1).max(5) });

/**
 * `backdrop eval --rate DIR`: a page on this computer shows the pictures blind and in random order. Every score is stored at once;
 * Ctrl+C ends it, and the same rater goes on there next time.
 */
export async function rateCommand({ rate: dir, rater, json }: RateOptions, io: Io): Promise<number> {
  let ratings = await readRatings(dir, rater);
  const pictures = await picturesToRate(dir, rater);
  const nextIndex = () => pictures.findIndex(({ name }) => ratings.scores[name] === undefined);
  // Other pages of this computer can reach the port, but not guess this.
  const secret = randomBytes(16).toString("hex");

  async function store(index: number, score: number): Promise<void> {
    const picture = pictures[index];
    if (picture === undefined) throw new BackdropError("invalid_params", `score: there is no picture ${index}`);
    const changed: Ratings = { ...ratings, scores: { ...ratings.scores, [picture.name]: score } };
    await writeOutputs(dir, [{ name: ratingsFile(rater), content: `${JSON.stringify(changed, null, 2)}\n` }]);
    ratings = changed;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.startsWith(`/${secret}/`) ? request.url.slice(secret.length + 2) : undefined;
    const picture = pictures[Number(/^picture\/(\d{1,9})$/.exec(path ?? "")?.[1] ?? -1)];
    response.setHeader("cache-control", "no-store");
    if (request.method === "GET" && path === "") {
      response.setHeader("content-type", "text/html; charset=utf-8").end(ratingPage);
    } else if (request.method === "GET" && path === "next") {
      const index = nextIndex();
      response.end(
        JSON.stringify({ done: index < 0, index, rated: Object.keys(ratings.scores).length, total: pictures.length }),
      );
    } else if (request.method === "GET" && picture !== undefined) {
      response.setHeader("content-type", "image/png").end(await readFile(picture.path));
    } else if (request.method === "POST" && path === "score") {
      const parsed = scoreSchema.safeParse(parseJson(await readBody(request)));
      if (!parsed.success) throw new BackdropError("bad_message", "score: expected an index and a score 1 to 5");
      await store(parsed.data.index, parsed.data.score);
      response.end("{}");
    } else {
      response.statusCode = 404;
      response.end();
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => {
      response.statusCode = 400;
      response.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const url = `http://127.0.0.1:${port}/${secret}/`;
  if (json) printJson(io, { type: "ready", url, pictures: pictures.length });
  else io.stdout(`${pictures.length} pictures to rate as ${rater}: open ${url} (Ctrl+C ends)\n`);

  if (!io.signal.aborted)
    await new Promise<void>((resolve) => io.signal.addEventListener("abort", () => resolve(), { once: true }));
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
  const opinions = await meanOpinions(dir);
  if (json) printJson(io, { type: "done", opinions });
  else io.stdout(opinionsText(opinions));
  return nextIndex() < 0 ? exitCodes.done : exitCodes.interrupted;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    sizeBytes += bytes.length;
    if (sizeBytes > maxBodyBytes)
      throw new BackdropError("bad_message", `score: expected up to ${maxBodyBytes} bytes, got more`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused by the schema
  }
}
