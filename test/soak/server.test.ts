import { rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { openModel } from "../../server/engine/openModel.ts";
import { generate } from "../../server/pipeline/generate.ts";
import { decodeJob, type NamedBytes } from "../../server/pipeline/job.ts";
import { jobParamsSchema } from "../../shared/protocol/jobs.ts";
import { bundleProgram } from "../server/bundleProgram.ts";
import { sha256Of, startTestServer } from "../server/testServer.ts";
import { quick, sample } from "../slow/support.ts";
import { surviveDisconnects, surviveKills } from "../socket/survive.ts";

/** BACKDROP_SOAK_COUNT=20 tries the tests themselves. */
const count = (full: number) => Number(process.env.BACKDROP_SOAK_COUNT ?? full);
const disconnects = count(1000);
const kills = count(200);

test(`${disconnects} random disconnects lose no event and no byte`, () => surviveDisconnects(disconnects), 1_800_000);

test(`${kills} kills of the engine lose no job`, () => surviveKills(kills), 1_800_000);

test("a job through the socket gives the bytes of the command line's pipeline", async () => {
  const roles = {
    product: "bottle.png",
    reference: "reference-table.jpg",
    referenceMask: "reference-table.mask.png",
  } as const;
  const files = {
    product: { ...(await sample(roles.product)), name: "product" },
    reference: { ...(await sample(roles.reference)), name: "reference" },
    referenceMask: { ...(await sample(roles.referenceMask)), name: "referenceMask" },
  } satisfies Record<string, NamedBytes>;
  const inputs = Object.fromEntries(Object.entries(files).map(([role, { bytes }]) => [role, sha256Of(bytes)]));
  const params = jobParamsSchema.parse({ settings: quick, inputs });

  const childPath = await bundleProgram("server/engine/child.ts");
  const server = await startTestServer({ engine: { childPath } });
  const client = await server.client();
  for (const { bytes } of Object.values(files)) await client.upload(bytes, sha256Of(bytes));
  const jobId = await client.submit(params);
  const done = await client.end(jobId, 240_000);
  if (done.type !== "done") throw new Error(JSON.stringify(done));
  const previewed = client.previews.filter(({ id }) => id === jobId).map(({ step }) => step);
  expect(previewed[0]).toBe(1);
  expect(previewed).toEqual([...new Set(previewed)].sort((a, b) => a - b));
  expect(done.productPixelsChanged).toBe(0);

  const read = async (role: "result" | "background") => {
    const name = done.outputs.find((output) => output.role === role)?.name;
    const headers = { Authorization: `Bearer ${client.sessionToken}` };
    const response = await server.get(`/results/${jobId}/${name}`, headers);
    expect(response.status).toBe(200);
    return Buffer.from(await response.arrayBuffer());
  };
  // Before the engine of this process blocks it: a client that is silent for too long loses its token.
  const got = { result: await read("result"), background: await read("background") };

  const model = await openModel("mini", { provider: "cpu" });
  const job = await decodeJob(files, { ...params.settings, seed: quick.seed });
  const [expected] = (await generate(model, job)).variants;
  await model.dispose();
  for (const role of ["result", "background"] as const) {
    expect(got[role].equals(expected?.[role] ?? Buffer.alloc(0)), role).toBe(true);
  }
  await server.remove();
  await rm(childPath, { force: true });
});
