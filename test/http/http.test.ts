import { readdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { uuidv7 } from "uuidv7";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { version } from "../../shared/version.ts";
import type { RawClient } from "../server/rawClient.ts";
import {
  pictures,
  sha256Of,
  startTestServer,
  stubParams,
  type TestServer,
  uploadPictures,
} from "../server/testServer.ts";
import { playgroundPaths } from "./playgroundPaths.ts";

let server: TestServer;
let client: RawClient;
let resultPath: string;
beforeAll(async () => {
  server = await startTestServer();
  client = await server.client();
  await uploadPictures(client);
  const jobId = await client.submit(stubParams());
  await client.end(jobId);
  resultPath = `/results/${jobId}/result-1.png`;
});
afterAll(async () => {
  await server.remove();
});
const authorized = () => ({ Authorization: `Bearer ${client.sessionToken}` });

test("every route but /health and the playground's files needs a session token, and every one passes the guard", async () => {
  const open = ["/health", ...playgroundPaths];
  expect(server.routes.toSorted()).toEqual(
    [...open, "/metrics", "/results/:jobId/:name", "/uploads/:sha256"].toSorted(),
  );
  const strays = ["/nowhere", "/HEALTH/", "/health/..%2fmetrics", "/metrics/", "/socket", "/samples/", "/plugin"];
  for (const route of [...server.routes, ...strays]) {
    const response = await server.get(route);
    const isOpen = open.includes(route);
    // 404: before the first build.
    expect([200, 404].includes(response.status), `${route}: ${response.status}`).toBe(isOpen);
    if (isOpen) continue;
    expect([route, response.status]).toEqual([route, 401]);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
    expect(await response.json()).toMatchObject({ status: 401, code: "unauthorized", retryable: false });
  }
});

test("/health tells the version and nothing else", async () => {
  const response = await server.get("/health");
  expect(await response.json()).toEqual({ version });
  expect(response.headers.get("access-control-allow-origin")).toBe("*");
  expect(response.headers.get("x-powered-by")).toBeNull();
});

describe("results", () => {
  it("come whole, with their hash, as what they are", async () => {
    const response = await server.get(resultPath, authorized());
    expect(response.status).toBe(200);
    expect(response.headers.get("etag")).toMatch(/^"[0-9a-f]{64}"$/);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect((await response.arrayBuffer()).byteLength).toBe(1000);
  });

  it.each([
    "/results/x/result-1.png",
    `/results/${uuidv7()}/result-1.png`,
    "/results/..%2f..%2fidentity.json/x",
    "/results/%2e%2e/identity.json",
    "/results",
  ])("%s is 404 problem+json without a path", async (path) => {
    const response = await server.get(path, authorized());
    const problem = await response.json();
    expect([response.status, problem]).toEqual([404, expect.objectContaining({ code: "not_found", status: 404 })]);
    expect(JSON.stringify(problem)).not.toContain("/tmp");
  });

  it.each(["job.json", "..%2fjob.json", "result-2.png", "..%2f..%2f..%2fidentity.json", "result-1.png%00"])(
    "only what the job's done event listed: not %s",
    async (name) => {
      const response = await server.get(resultPath.replace("result-1.png", name), authorized());
      expect(response.status).toBe(404);
    },
  );
});

describe("uploads", () => {
  it("come back by their sha256", async () => {
    const response = await server.get(`/uploads/${sha256Of(pictures.product)}`, authorized());
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(Buffer.from(await response.arrayBuffer())).toEqual(pictures.product);
  });

  it.each(["f".repeat(64), "x", "..%2fidentity.json", ".", ""])("are not found by %j", async (name) => {
    const response = await server.get(`/uploads/${name}`, authorized());
    expect([response.status, await response.json()]).toEqual([404, expect.objectContaining({ code: "not_found" })]);
  });

  it("that are masks of a product stay as long as their job, other pictures for a week", async () => {
    const first = await startTestServer();
    const panel = await first.client();
    await uploadPictures(panel);
    const mask = Buffer.from("the mask's bytes");
    await panel.upload(mask, sha256Of(mask));
    const params = stubParams();
    await panel.end(await panel.submit({ ...params, inputs: { ...params.inputs, productMask: sha256Of(mask) } }));
    await first.stop();
    const { uploadsDir } = first.home;
    for (const name of await readdir(uploadsDir)) await utimes(join(uploadsDir, name), 0, 0);
    const second = await startTestServer({ home: first.home });
    expect(await readdir(uploadsDir)).toEqual([sha256Of(mask)]);
    await second.remove();
    await first.remove();
  });
});

test("a path that cannot be decoded is 400, a wrong token 401, a preflight 204", async () => {
  expect((await server.get("/results/%zz/x", authorized())).status).toBe(400);
  for (const token of ["", "Bearer ", `Bearer ${"A".repeat(43)}`, `Basic ${client.sessionToken}`]) {
    expect((await server.get(resultPath, { Authorization: token })).status).toBe(401);
  }
  const preflight = await fetch(`http://127.0.0.1:${server.port}${resultPath}`, {
    method: "OPTIONS",
    headers: { Origin: "null", "Access-Control-Request-Headers": "authorization" },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-headers")).toBe("Authorization");
  expect(await preflight.text()).toBe("");
});

test("metrics count jobs, previews and connections", async () => {
  const text = await (await server.get("/metrics", authorized())).text();
  expect(text).toContain('backdrop_jobs_total{end="done",code=""} 1');
  expect(text).toContain("backdrop_previews_total 4");
  expect(text).toContain("backdrop_connections 1");
  expect(text).toContain("backdrop_engine_replacements 0");
});

test("a token ends with its connection", async () => {
  const other = await server.client();
  const headers = { Authorization: `Bearer ${other.sessionToken}` };
  expect((await server.get(resultPath, headers)).status).toBe(200);
  await other.close();
  await expect.poll(async () => (await server.get(resultPath, headers)).status).toBe(401);
});
