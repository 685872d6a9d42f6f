import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { readInstalled } from "../../server/engine/installed.ts";
import { homeAt } from "../../server/home/paths.ts";
import { decodeImage } from "../../server/image/decode.ts";
import { removePackage } from "../../server/install/install.ts";
import { createLog } from "../../server/log/log.ts";
import { jobParamsSchema } from "../../shared/protocol/jobs.ts";
import { disc, gradient, png } from "../image/makePictures.ts";
import { startHub } from "../install/hubServer.ts";
import { installTinyDepth, tinyDepth } from "../install/tinyDepth.ts";
import { bundleProgram } from "../server/bundleProgram.ts";
import type { RawClient } from "../server/rawClient.ts";
import { sha256Of, startTestServer, type TestServer } from "../server/testServer.ts";

// The helper for depth comes and goes while the server runs, with the real engine, the embedded model and the real installing process: each
// job uses what is there when it begins, and its recipe says what that was.

const name = "depth-anything";
let dir: string;
let programs: readonly string[];
let hub: Awaited<ReturnType<typeof startHub>>;
let server: TestServer;
let client: RawClient;
let inputs: { readonly product: string; readonly reference: string };
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-depth-"));
  const { entry, remote } = await tinyDepth();
  hub = await startHub(remote);
  vi.stubEnv("HF_ENDPOINT", hub.endpoint.href);
  vi.stubEnv("BACKDROP_HOME", dir);
  programs = await Promise.all(["server/engine/child.ts", "server/install/child.ts"].map(bundleProgram));
  const [engine = "", installer = ""] = programs;
  const log = createLog({ write() {} }, "error");
  server = await startTestServer({
    home: homeAt(dir),
    engine: { childPath: engine },
    install: { childPath: installer, catalogue: [entry] },
    readInstalled: () => readInstalled(log),
  });
  client = await server.client();
  const [product, reference] = await Promise.all([disc(96, 80), gradient(60, 40)].map(png));
  if (product === undefined || reference === undefined) throw new Error("pictures are missing");
  for (const bytes of [product, reference]) await client.upload(bytes, sha256Of(bytes));
  inputs = { product: sha256Of(product), reference: sha256Of(reference) };
});
afterAll(async () => {
  await server.remove();
  await hub.stop();
  vi.unstubAllEnvs();
  for (const path of [...programs, dir]) await rm(path, { recursive: true, force: true });
});

async function end() {
  const settings = { seed: 5, steps: 2, strength: 1, prompt: "a wooden table" };
  const jobId = await client.submit(jobParamsSchema.parse({ settings, inputs, previews: false }));
  return { jobId, end: await client.end(jobId) };
}

async function paint() {
  const { jobId, end: ended } = await end();
  expect(ended).toMatchObject({ type: "done" });
  const file = (file: string) => readFile(join(server.home.jobsDir, jobId, file));
  return { result: await file("result-1.png"), recipe: JSON.parse((await file("recipe-1.json")).toString()) };
}

/** Without what is written in the file. */
async function pixelsOf(result: Buffer): Promise<Uint8Array> {
  return (await decodeImage(result, "result")).data;
}

test("installed, damaged, repaired and removed while the server runs", async () => {
  const pid = server.enginePid();
  const before = await paint();
  expect(before.recipe.model).not.toHaveProperty("depth");

  client.send({ type: "install", package: name, licencesAccepted: true });
  const told = await client.take("inventory", ({ packages: [first] }) => first?.state.type === "installed");
  expect(told).toMatchObject({ helpers: { depth: name }, packages: [{ name, task: "depth" }] });
  const lent = await paint();
  const { depth, ...own } = lent.recipe.model;
  expect(depth).toEqual({ name, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(own).toEqual(before.recipe.model);
  expect(await pixelsOf(lent.result)).not.toEqual(await pixelsOf(before.result));
  expect((await paint()).result.equals(lent.result)).toBe(true);

  await rm(join(server.home.modelsDir, name, "depth/config.json"));
  expect((await end()).end).toMatchObject({ code: "model_corrupt", message: expect.stringContaining(name) });
  await client.take("inventory", ({ packages: [first] }) => first?.state.type === "damaged");
  await installTinyDepth(server.home.modelsDir);
  expect((await paint()).result.equals(lent.result)).toBe(true);

  await removePackage(server.home.modelsDir, name);
  expect(await paint()).toEqual(before);
  expect(server.enginePid()).toBe(pid);
});
