import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { programDir } from "../../server/engine/packages.ts";
import { startTestServer, type TestServer } from "../server/testServer.ts";
import { playgroundPaths } from "./playgroundPaths.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await server.remove();
});

/** The path as it is: fetch would tidy it up. */
async function statusOf(path: string, headers: Record<string, string> = {}): Promise<number> {
  return await new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: server.port, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on("error", reject).end();
  });
}

function policyOf(response: Response): ReadonlyMap<string, string> {
  const directives = (response.headers.get("content-security-policy") ?? "").split("; ");
  return new Map(directives.map((directive) => [directive.split(" ", 1)[0] ?? "", directive.replace(/^\S+ ?/, "")]));
}

// What is built is part of the bundle, which `npm ci` makes.
describe.runIf(existsSync(join(programDir(), "dist", "playground")))("the built playground", () => {
  it("is served byte by byte, as what it is, and asked for again after each build", async () => {
    const files = [
      ["/", "dist/playground/index.html", "text/html; charset=utf-8"],
      ["/playground/host.js", "dist/playground/host.js", "text/javascript; charset=utf-8"],
      ["/plugin/code.js", "dist/plugin/code.js", "text/javascript; charset=utf-8"],
      ["/plugin/manifest.json", "manifest.json", "application/json; charset=utf-8"],
    ] as const;
    for (const [path, file, type] of files) {
      const response = await server.get(path);
      expect([path, response.status, response.headers.get("content-type")]).toEqual([path, 200, type]);
      expect(response.headers.get("cache-control")).toBe("no-cache");
      expect(await response.text()).toBe(await readFile(join(programDir(), file), "utf8"));
      const etag = response.headers.get("etag") ?? "";
      expect(await statusOf(path, { Host: `localhost:${server.port}`, "If-None-Match": etag })).toBe(304);
    }
  });

  it("runs scripts of its own only, and can be put into no other page", async () => {
    const policy = policyOf(await server.get("/"));
    expect(policy.get("default-src")).toBe("'none'");
    expect(policy.get("script-src")).toBe("'self'");
    expect(policy.get("style-src")).toBe("'self'");
    expect(policy.get("connect-src")).toBe("'self'");
    expect(policy.get("frame-ancestors")).toBe("'none'");
  });

  it("gives the plugin's frame no origin, and the manifest's domains to reach", async () => {
    const { networkAccess } = JSON.parse(await readFile(join(programDir(), "manifest.json"), "utf8"));
    const policy = policyOf(await server.get("/playground/frame.html"));
    expect(policy.get("connect-src")).toBe(networkAccess.allowedDomains.join(" "));
    expect(policy.get("sandbox")).toContain("allow-scripts");
    expect(policy.get("sandbox")).not.toContain("allow-same-origin");
    expect(policy.get("frame-ancestors")).toBe("'self'");
    const worker = policyOf(await server.get("/playground/sandbox.js"));
    expect(worker.get("script-src")).toBe("'self' 'unsafe-eval'");
    expect(worker.get("connect-src")).toBe(networkAccess.allowedDomains.join(" "));
  });
});

test("samples are pictures, and may be kept for an hour", async () => {
  for (const path of playgroundPaths.filter((path) => path.startsWith("/samples/"))) {
    const response = await server.get(path);
    const type = path.endsWith(".png") ? "image/png" : "image/jpeg";
    expect([path, response.status, response.headers.get("content-type")]).toEqual([path, 200, type]);
    expect(response.headers.get("cache-control")).toBe("public, max-age=3600");
    await response.arrayBuffer();
  }
});

test.each([
  "/samples/../package.json",
  "/samples/..%2fpackage.json",
  "/samples/%2e%2e/package.json",
  "/samples/bottle.png/../../package.json",
  "/samples/bottle.png%00",
  "/samples/",
  "/playground/",
  "/playground/manifest.json",
  "/plugin/../server.log",
  "//etc/passwd",
  "/index.html",
])("nothing else can be read: %s", async (path) => {
  expect(await statusOf(path, { Host: `localhost:${server.port}` })).toBe(401);
});

test("other hosts and other pages are refused, as everywhere", async () => {
  for (const path of ["/", "/playground/frame.html", "/samples/bottle.png"]) {
    expect(await statusOf(path, { Host: "evil.example" })).toBe(403);
    const headers = { Host: `localhost:${server.port}`, Origin: "https://evil.example" };
    expect(await statusOf(path, headers)).toBe(403);
  }
});

test("no other origin can read the files", async () => {
  const { headers } = await server.get("/samples/bottle.png", { Origin: "null" });
  expect(headers.get("access-control-allow-origin")).toBeNull();
  expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
});
