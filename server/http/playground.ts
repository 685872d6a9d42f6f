import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Response } from "express";
import { BackdropError } from "../../shared/errors.ts";
import type { Route } from "./route.ts";

const samples = [
  "bottle.png",
  "box.png",
  "jar.png",
  "sneaker.png",
  ...["table", "podium", "beach", "bokeh"].flatMap((name) => [`reference-${name}.jpg`, `reference-${name}.mask.png`]),
];

/** Directives of a content policy, besides those that allow nothing. */
type Policy = Readonly<Record<string, string>>;

/** The playground's own page: its own scripts and styles, the server, and the plugin's frame; in nobody else's frame. */
const pagePolicy: Policy = {
  "script-src": "'self'",
  "style-src": "'self'",
  "img-src": "'self' blob: data:",
  "connect-src": "'self'",
  "worker-src": "'self'",
  "frame-src": "'self'",
  "frame-ancestors": "'none'",
};

/** Fetched by the page as text or pixels; opened by themselves they can do nothing. */
const inertPolicy: Policy = { sandbox: "" };

/**
 * The playground: an emulated canvas that runs the plugin as it was built. Every path is named here, so nothing else can be read. Its
 * pages have no privileges: the plugin in them pairs like any other client.
 */
export function playgroundRoutes(programDir: string): readonly Route[] {
  const file = (
    path: string,
    below: string,
    policyFor: (connections: string) => Policy,
    cache = "no-cache",
  ): Route => ({
    path,
    access: "public",
    async handle(_, response) {
      const connections = allowedConnections(await readFile(join(programDir, "manifest.json"), "utf8"));
      response.setHeader("Content-Security-Policy", policyText(policyFor(connections)));
      // Panels read results across origins; nobody needs to read these so.
      response.removeHeader("Access-Control-Allow-Origin");
      response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
      response.setHeader("Cache-Control", cache);
      await sendStatic(response, programDir, below);
    },
  });
  const inert = () => inertPolicy;
  return [
    file("/", "dist/playground/index.html", () => pagePolicy),
    file("/playground/host.js", "dist/playground/host.js", inert),
    file("/playground/host.css", "dist/playground/host.css", inert),
    file("/playground/sandbox.js", "dist/playground/sandbox.js", workerPolicy),
    file("/playground/frame.html", "dist/playground/frame.html", framePolicy),
    file("/plugin/code.js", "dist/plugin/code.js", inert),
    file("/plugin/ui.html", "dist/plugin/ui.html", inert),
    file("/plugin/manifest.json", "manifest.json", inert),
    ...samples.map((name) => file(`/samples/${name}`, `samples/${name}`, inert, "public, max-age=3600")),
  ];
}

/** The worker compiles the plugin's script itself, as Figma does, and reaches what the manifest allows. */
function workerPolicy(connections: string): Policy {
  return { "script-src": "'self' 'unsafe-eval'", "connect-src": connections };
}

/** The frame of the plugin's panel, as in Figma: no origin, inline scripts and styles, and what the manifest allows. */
function framePolicy(connections: string): Policy {
  return {
    sandbox: "allow-scripts allow-forms allow-modals allow-popups allow-popups-to-escape-sandbox allow-downloads",
    "script-src": "'unsafe-inline'",
    "style-src": "'unsafe-inline'",
    "img-src": "data: blob:",
    "font-src": "data:",
    "connect-src": connections,
    "frame-ancestors": "'self'",
  };
}

function policyText(policy: Policy): string {
  const directives = { "default-src": "'none'", "base-uri": "'none'", "form-action": "'none'", ...policy };
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources}`.trim())
    .join("; ");
}

/** The manifest's `networkAccess.allowedDomains`, which Figma makes the panel's content policy. */
function allowedConnections(manifest: string): string {
  const { networkAccess }: { networkAccess: { allowedDomains: readonly string[] } } = JSON.parse(manifest);
  return networkAccess.allowedDomains.join(" ");
}

async function sendStatic(response: Response, root: string, file: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    response.sendFile(file, { root, cacheControl: false }, (error?: Error) => {
      // A reader that went away has all it wanted.
      if (error === undefined || response.headersSent) resolve();
      else reject(new BackdropError("not_found", "the playground is not built; run npm run build", { cause: error }));
    });
  });
}
