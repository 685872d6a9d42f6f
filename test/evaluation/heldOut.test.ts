import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { programDir } from "../../server/engine/packages.ts";
import { readHeldOut } from "../../server/evaluation/heldOut.ts";
import { command } from "../cli/command.ts";

// Protects which scenes an evaluation rests on (held out only, styles apart, a sibling as the reference), and that a folder
// that cannot be used is refused before anything is painted.

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-eval-"));
});
afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

const record = (id: number, group: number, family: string, split = "test") =>
  JSON.stringify({
    id: String(id).padStart(5, "0"),
    group,
    split,
    family,
    captions: [`a ${family}`],
    light: "softbox",
  });

async function lines(...records: readonly string[]): Promise<void> {
  await writeFile(join(dir, "scenes-0.jsonl"), `${records.join("\n")}\n`);
}

async function touchPictures(ids: readonly number[]): Promise<void> {
  for (const id of ids) {
    for (const end of ["png", "mask.png"]) await writeFile(join(dir, `${String(id).padStart(5, "0")}.${end}`), "");
  }
}

async function refusal(...options: readonly string[]) {
  const out = join(dir, "out");
  const { exitCode, events } = await command(["eval", "--data", dir, "--out", out, "--json", ...options]);
  expect(exitCode).toBe(2);
  const [failed] = events();
  return failed;
}

it("takes one scene of each held-out style first, families in turn, and a sibling as the reference", async () => {
  await touchPictures([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  await lines(
    record(0, 0, "beach"),
    record(1, 0, "beach"),
    record(2, 1, "beach"),
    record(3, 1, "beach"),
    record(4, 2, "snow"),
    record(5, 2, "snow"),
    record(6, 3, "snow", "train"),
    record(7, 3, "snow", "train"),
    record(8, 4, "studio"), // alone in its group: nothing to follow
  );
  const scenes = await readHeldOut(dir, 100);
  expect(scenes.map(({ id }) => Number(id))).toEqual([0, 4, 2, 1, 5, 3]);
  expect(scenes.map(({ referenceId }) => Number(referenceId))).toEqual([1, 5, 3, 0, 4, 2]);
  expect((await readHeldOut(dir, 2)).length).toBe(2);
  expect((await readHeldOut(dir, 100, "train")).map(({ id }) => Number(id))).toEqual([6, 7]);
});

it("a folder without held-out scenes, or that is not there", async () => {
  await lines(record(6, 3, "snow", "train"), record(7, 3, "snow", "train"));
  expect(await refusal()).toMatchObject({ code: "invalid_params", message: expect.stringContaining('"split":"test"') });
  expect(await refusal("--data", join(dir, "nowhere"))).toMatchObject({ code: "invalid_params" });
});

it("a line that is no record names its file and line", async () => {
  await lines(record(0, 0, "beach"), "{");
  expect(await refusal()).toMatchObject({ code: "invalid_params", message: expect.stringContaining("line 2") });
});

it("a missing picture names the scene", async () => {
  await lines(record(90, 9, "beach"), record(91, 9, "beach"));
  expect(await refusal()).toMatchObject({ code: "image_missing", message: expect.stringContaining("00090") });
});

it.each([
  [["--rows", "ours,magic"], "magic"],
  [["--count", "1"], "count"],
  [["--seeds", "0,x"], "seeds"],
  [["--steps", "0"], "1 to 150"],
])("%j", async (options, says) => {
  await lines(record(0, 0, "beach"), record(1, 0, "beach"));
  expect(await refusal(...options)).toMatchObject({ code: "invalid_params", message: expect.stringContaining(says) });
});

// The program that tries a provider is part of the bundle, which `npm ci` makes.
it.runIf(existsSync(join(programDir(), "dist", "checkProviderChild.js")))(
  "a provider that cannot run here is tried before anything is written",
  async () => {
    await lines(record(0, 0, "beach"), record(1, 0, "beach"));
    const provider = process.platform === "darwin" ? "dml" : "coreml";
    expect(await refusal("--provider", provider)).toMatchObject({
      code: "invalid_params",
      message: expect.stringMatching(/^provider.*backdrop doctor/),
    });
    expect(existsSync(join(dir, "out"))).toBe(false);
  },
);

it("neither folder given", async () => {
  const { exitCode, events } = await command(["eval", "--json"]);
  expect(exitCode).toBe(2);
  expect(events()).toMatchObject([{ code: "invalid_params", message: expect.stringContaining("--data") }]);
});
