import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compileGraphs } from "../../server/checkpoint/compile.ts";
import { graphsForSize } from "../../server/checkpoint/graphRequest.ts";
import { inTurnBytes, roomForSessions, type SessionNeed, sessionNeed } from "../../server/engine/memoryPlan.ts";
import { type OpenModel, openModel } from "../../server/engine/openModel.ts";
import { modelsDir } from "../../server/engine/packages.ts";
import { latentDims } from "../../server/pipeline/latents.ts";
import { zeros } from "../../server/runtime/tensor.ts";

const work = { width: 64, height: 64 };
let dir: string;
/** of the graphs of a job at this size, as planned */
let needs: readonly SessionNeed[];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-sessions-"));
  await cp(join(modelsDir(), "mini"), dir, { recursive: true, filter: (path) => !/\.onnx|compiled\.json/.test(path) });
  needs = (await compileGraphs(dir, graphsForSize(work))).map(({ memory }) => sessionNeed(memory));
});
afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

const open = (bytes: number) => openModel(dir, { provider: "cpu", availableMemory: async () => bytes });

/** All graphs but those that the others' inputs come from, in the order of a job. */
async function run(model: OpenModel) {
  const text = { input_ids: { data: new BigInt64Array(40), dims: [1, 40] } };
  return [
    await model.run({ graph: "text" }, text),
    await model.run({ graph: "depth" }, { pixel_values: zeros([1, 3, 224, 224]) }),
    await model.run({ graph: "vae_encoder", ...work }, { image: zeros([1, 3, 64, 64]) }),
    await model.run({ graph: "vae_decoder", ...work }, { latents: zeros(latentDims(work)) }),
    await model.run({ graph: "text" }, text),
  ];
}

test("graphs that do not fit together are opened in turn and compute the same", async () => {
  const together = await open(1e12);
  const inTurn = await open(inTurnBytes(needs) + 1e6);
  expect(await together.prepare(work, work)).toEqual({});
  expect(await inTurn.prepare(work, work)).toEqual({});
  expect(await run(inTurn)).toEqual(await run(together));
  await together.dispose();
  await inTurn.dispose();
});

test("what does not even fit in turn is refused before anything is loaded", async () => {
  const model = await open(inTurnBytes(needs) / 2);
  await expect(model.prepare(work, work)).rejects.toMatchObject({
    code: "memory_insufficient",
    message: expect.stringMatching(/mini at 64×64 needs 0\.\d\d GB.*no size fits/),
  });
  await model.dispose();
});

test("a frame that is too large for what is left is refused with the size that fits", async () => {
  const frame = { width: 4096, height: 4096 };
  const available = inTurnBytes(needs) + 100e6;
  expect(roomForSessions(frame, available, 0)).toBeLessThan(inTurnBytes(needs));
  const model = await open(available);
  await expect(model.prepare(work, frame)).rejects.toMatchObject({
    code: "memory_insufficient",
    message: expect.stringContaining("the largest size of this shape that fits is 2041×2041"),
  });
  await model.dispose();
});
