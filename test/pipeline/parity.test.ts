import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { schedulerSchema } from "../../server/checkpoint/modelPackage.ts";
import { openModel } from "../../server/engine/openModel.ts";
import { generate } from "../../server/pipeline/generate.ts";
import { decodeJob, type JobFiles } from "../../server/pipeline/job.ts";
import type { Model } from "../../server/pipeline/model.ts";
import type { FloatTensor } from "../../server/runtime/tensor.ts";
import { parseSettings } from "../../shared/settings.ts";
import { pick, readFixture, type TestTensor } from "../networks/support.ts";

// The whole way from pictures and words to the last latents and the painted picture: `generate`, on packages that are opened and compiled
// as any other, against the pipelines of diffusers (test/fixtures/pipelines/README.md).

const fixtures = fileURLToPath(new URL("../fixtures/pipelines/", import.meta.url));
const cases = z
  .array(
    z.object({
      title: z.string(),
      package: z.enum(["sd15", "sdxl"]),
      masked: z.boolean(),
      settings: z.looseObject({ seed: z.number() }),
      scheduler: z.record(z.string(), z.unknown()),
    }),
  )
  .parse(JSON.parse(await readFile(join(fixtures, "cases.json"), "utf8")));
type Case = (typeof cases)[number];
const expected = await readFixture(join(fixtures, "expected.safetensors"));

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-parity-"));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

test.each(cases)("$title: the latents and the picture of diffusers", async (given) => {
  const seen = await runJob(given);
  const wanted = (tensor: string) => pick(expected, `${given.title}.${tensor}`);
  expect(relativeError(seen("latents"), wanted("latents"))).toBeLessThan(1e-4);
  expect(psnr(seen("image"), wanted("image"))).toBeGreaterThan(80);
});

/** A whole job; gives what goes into the decoder at its end, and what comes out of it, by the tensors' names. */
async function runJob(given: Case): Promise<(tensor: string) => FloatTensor> {
  await cp(join(fixtures, given.package), dir, { recursive: true });
  const model = await openModel(dir, { provider: "cpu" });
  const scheduler = schedulerSchema.parse({ ...model.package.scheduler, ...given.scheduler });
  const seen = new Map<string, FloatTensor>();
  const watched: Model = {
    ...model,
    package: { ...model.package, scheduler },
    async run(request, inputs) {
      const outputs = await model.run(request, inputs);
      if (request.graph === "vae_decoder") {
        for (const [name, { data, dims }] of Object.entries({ ...inputs, ...outputs })) {
          if (data instanceof Float32Array) seen.set(name, { data, dims });
        }
      }
      return outputs;
    },
  };
  const settings = { ...parseSettings(given.settings), seed: given.settings.seed };
  await generate(watched, await decodeJob(await filesOf(given), settings));
  await model.dispose();
  return (tensor) => seen.get(tensor) ?? { data: new Float32Array(), dims: [] };
}

async function filesOf({ package: name, masked }: Case): Promise<JobFiles> {
  const file = async (path: string) => ({ name: path, bytes: await readFile(join(fixtures, name, path)) });
  return {
    product: await file("product.png"),
    reference: await file(masked ? "masked-reference.png" : "reference.png"),
    ...(masked && { referenceMask: await file("reference-mask.png") }),
  };
}

/** Largest difference, relative to the largest expected value. */
function relativeError(actual: FloatTensor, { data, shape }: TestTensor): number {
  expect(actual.dims).toEqual(shape);
  let [worst, largest] = [0, 0];
  actual.data.forEach((value, i) => {
    worst = Math.max(worst, Math.abs(value - Number(data[i])));
    largest = Math.max(largest, Math.abs(Number(data[i])));
  });
  return worst / largest;
}

/** dB, of pictures in [−1, 1] */
function psnr(actual: FloatTensor, { data, shape }: TestTensor): number {
  expect(actual.dims).toEqual(shape);
  let squares = 0;
  actual.data.forEach((value, i) => {
    squares += (Math.min(Math.max(value, -1), 1) - Number(data[i])) ** 2;
  });
  return 10 * Math.log10(4 / (squares / data.length));
}
