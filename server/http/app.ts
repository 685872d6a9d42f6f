import { randomUUID } from "node:crypto";
import { basename, dirname, join } from "node:path";
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import helmet from "helmet";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { BackdropError } from "../../shared/errors.ts";
import { sha256Schema } from "../../shared/protocol/fields.ts";
import { version } from "../../shared/version.ts";
import type { Jobs } from "../jobs/jobs.ts";
import type { Log } from "../log/log.ts";
import type { UploadStore } from "../uploads/uploadStore.ts";
import type { Access, Guard } from "./guard.ts";
import type { Metrics } from "./metrics.ts";
import { playgroundRoutes } from "./playground.ts";
import { toProblem } from "./problem.ts";
import type { Route } from "./route.ts";

export interface AppOptions {
  readonly guard: Guard;
  readonly jobs: Jobs;
  readonly uploads: UploadStore;
  readonly metrics: Metrics;
  readonly log: Log;
  /** the folder that `dist/` and `samples/` are in */
  readonly programDir: string;
}

const maxRequestsPerSecond = 200;

/** The HTTP side: finished files, and what can be asked about the server. Everything passes the guard. */
export function createApp(options: AppOptions): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(helmet());
  app.use(allowPanels);
  const routes = createRoutes(options);
  const accessOf = (path: string): Access => routes.find((route) => route.path === path)?.access ?? "session";
  const limiter = new RateLimiterMemory({ points: maxRequestsPerSecond, duration: 1 });

  app.use(async (request, response, next) => {
    const { host, origin, authorization } = request.headers;
    // A preflight can carry no token; it learns nothing and reaches no route.
    const isPreflight = request.method === "OPTIONS";
    options.guard.check({ host, origin, authorization }, isPreflight ? "public" : accessOf(request.path));
    await limiter.consume("all").catch(() => {
      throw new BackdropError("rate_limited", `expected at most ${maxRequestsPerSecond} requests a second`);
    });
    if (isPreflight) response.status(204).end();
    else next();
  });
  for (const { path, handle } of routes) app.get(path, handle);
  app.use(() => {
    throw new BackdropError("not_found", "nothing is here; docs/protocol.md lists the routes");
  });
  app.use((thrown: unknown, _request: Request, response: Response, _next: NextFunction) =>
    sendProblem(thrown, response, options.log),
  );
  return app;
}

function createRoutes({ jobs, uploads, metrics, programDir }: AppOptions): readonly Route[] {
  return [
    { path: "/health", access: "public", handle: (_, response) => void response.json({ version }) },
    {
      path: "/metrics",
      access: "session",
      async handle(_, response) {
        response.type(metrics.contentType).send(await metrics.render());
      },
    },
    {
      path: "/results/:jobId/:name",
      access: "session",
      async handle({ params: { jobId, name } }, response) {
        const found = jobs.findOutput(String(jobId), String(name));
        if (found === undefined) throw new BackdropError("not_found", "no such result; the job's events list them");
        const { dir, output } = found;
        response.setHeader("ETag", `"${output.sha256}"`);
        await sendFile(response, join(dir, output.name), "this result is no longer on disk; generate it again");
      },
    },
    {
      path: "/uploads/:sha256",
      access: "session",
      async handle({ params }, response) {
        const sha256 = sha256Schema.safeParse(params.sha256);
        if (!sha256.success) throw new BackdropError("not_found", "no such picture; expected the sha256 of an upload");
        response.setHeader("ETag", `"${sha256.data}"`);
        response.type("application/octet-stream");
        await sendFile(response, uploads.pathOf(sha256.data), "this picture is not kept any more; send it again");
      },
    },
    ...playgroundRoutes(programDir),
  ];
}

/** A panel's origin is "null": only `*` lets it read replies. No cookie exists that this could expose. */
function allowPanels(_: Request, response: Response, next: NextFunction): void {
  response.setHeader("Access-Control-Allow-Origin", "*");
  response.setHeader("Access-Control-Allow-Headers", "Authorization");
  response.setHeader("Access-Control-Expose-Headers", "ETag");
  response.setHeader("Cross-Origin-Resource-Policy", "cross-origin");
  next();
}

/** @param goneText said where there is no such file */
async function sendFile(response: Response, path: string, goneText: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const root = dirname(path);
    const options = { root, dotfiles: "allow", immutable: true, maxAge: "1y", cacheControl: true } as const;
    response.sendFile(basename(path), options, (error?: Error) => {
      // A reader that went away has all it wanted.
      if (error === undefined || response.headersSent) resolve();
      else reject(new BackdropError("not_found", goneText, { cause: error }));
    });
  });
}

function sendProblem(thrown: unknown, response: Response, log: Log): void {
  const requestId = randomUUID();
  const problem = toProblem(asClientFault(thrown), requestId);
  log.info({ requestId, status: problem.status, code: problem.code }, "request refused");
  if (problem.status === 500) log.error({ requestId, err: thrown }, "request failed");
  if (response.headersSent) response.destroy();
  else response.status(problem.status).type("application/problem+json").send(JSON.stringify(problem));
}

/** Express refuses a path that cannot be decoded with an error of its own. */
function asClientFault(thrown: unknown): unknown {
  return thrown instanceof URIError ? new BackdropError("bad_message", "the path cannot be decoded") : thrown;
}
