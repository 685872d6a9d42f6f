import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { announcedModels } from "../../server/engine/announcedModels.ts";
import { modelsDir } from "../../server/engine/packages.ts";
import { createLog } from "../../server/log/log.ts";

// What a client is told of the installed models, and that a broken package harms no other.

/** What every package says beside what a test is about. */
const described = { pixelArea: 512 ** 2, sideMultiple: 64, text: { maxTokens: 77 } };

let dir: string;
let lines: string[];
const log = createLog({ write: (line) => lines.push(line) }, "error");
beforeEach(async () => {
  lines = [];
  dir = await mkdtemp(join(tmpdir(), "backdrop-models-"));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

test("the embedded model: its patches and its own defaults", async () => {
  const [mini] = (await announcedModels(log)).filter(({ name }) => name === "mini");
  const own = JSON.parse(await readFile(join(modelsDir(), "mini", "backdrop.json"), "utf8"));
  expect(mini).toEqual({
    name: "mini",
    title: own.title,
    purpose: own.purpose,
    pixelArea: 256 ** 2,
    layoutPixelArea: 512 ** 2,
    sideMultiple: 32,
    refines: true,
    promptTokens: 40,
    patchGrid: 16,
    defaults: {
      fusion: own.fusion,
      strength: own.strength,
      sampler: "ddim",
      steps: 30,
      guidance: own.guidance,
    },
  });
});

test("a package that names none starts from pure noise with 30 steps of DDIM and guidance 7.5; 224 px in patches of 14 are 16 a side", async () => {
  await install("large", { ...described, title: "Large", vision: { imageSize: 224, patchSize: 14 }, fusion: "global" });
  expect(await announcedModels(log, [dir])).toEqual([
    {
      name: "large",
      title: "Large",
      purpose: null,
      pixelArea: 512 ** 2,
      layoutPixelArea: 512 ** 2,
      sideMultiple: 64,
      refines: false,
      promptTokens: 77,
      patchGrid: 16,
      defaults: { fusion: "global", strength: 1, sampler: "ddim", steps: 30, guidance: 7.5 },
    },
  ]);
  expect(lines).toEqual([]);
});

test.each<[string, string | object]>([
  ["is no JSON", '{"title":'],
  ["lacks what clients are told", { ...described, title: "Broken", fusion: "query" }],
  [
    "has no whole number of patches",
    { ...described, title: "B", vision: { imageSize: 225, patchSize: 14 }, fusion: "query" },
  ],
])("a description that %s leaves its model out, with a line in the log", async (_, description) => {
  await install("broken", description);
  await install("good", {
    ...described,
    title: "Good",
    vision: { imageSize: 256, patchSize: 16 },
    fusion: "query",
    strength: 0.5,
  });
  expect((await announcedModels(log, [dir])).map(({ name }) => name)).toEqual(["good"]);
  expect(lines.join("")).toContain('"model":"broken"');
});

async function install(name: string, description: string | object): Promise<void> {
  await mkdir(join(dir, name));
  const text = typeof description === "string" ? description : JSON.stringify(description);
  await writeFile(join(dir, name, "backdrop.json"), text);
}
