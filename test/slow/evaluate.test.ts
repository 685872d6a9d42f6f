import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { decodeImage } from "../../server/image/decode.ts";
import { command } from "../cli/command.ts";
import { disc, gradient, paint, png } from "../image/makePictures.ts";

// Protects `backdrop eval` as a whole on the embedded model: it measures what it painted, goes on where it was stopped, and never
// mixes two evaluations.

let dir: string;
let argv: readonly string[];
const side = 128;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-eval-"));
  const records: string[] = [];
  for (const [i, name] of ["00000", "00001", "00002"].entries()) {
    const product = disc(side, side, 20 + 4 * i);
    const scene = gradient(side, side);
    for (let at = 0; at < product.data.length; at += 4) {
      if (product.data[at + 3] === 255) scene.data.set([200, 40 * i, 60], at);
    }
    const mask = paint(side, side, (x, y) => {
      const alpha = product.data[(y * side + x) * 4 + 3] ?? 0;
      return [alpha, alpha, alpha, 255];
    });
    await writeFile(join(dir, `${name}.png`), await png(scene));
    await writeFile(join(dir, `${name}.mask.png`), await png(mask));
    records.push(
      JSON.stringify({ id: name, group: 0, split: "test", family: "studio", captions: ["a plain backdrop"] }),
    );
  }
  await writeFile(join(dir, "scenes-0.jsonl"), `${records.join("\n")}\n`);
  const out = join(dir, "out");
  argv = ["eval", "--data", dir, "--out", out, "--rows", "text,ours,ours-without-pfv", "--steps", "2", "--json"];
});
afterAll(async () => rm(dir, { recursive: true, force: true }));

it("stopped after the first picture, leaves that picture whole and exits with 130", async () => {
  const stop = new AbortController();
  const watched = (async () => {
    while (
      !(await readdir(join(dir, "out", "pictures", "text")).catch(() => [])).some((name) => name.endsWith(".png"))
    ) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    stop.abort();
  })();
  const { exitCode, events } = await command(argv, stop.signal);
  await watched;
  expect(exitCode).toBe(130);
  expect(events().at(-1)).toEqual({ type: "cancelled" });
  expect(await readdir(join(dir, "out"))).not.toContain("report.json");
});

it("started again, goes on: what is painted stays, and everything is measured", async () => {
  const first = join(dir, "out", "pictures", "text", "00000-0.png");
  const before = (await stat(first)).mtimeMs;
  const { exitCode, events } = await command(argv);
  expect(exitCode).toBe(0);
  expect(events().at(-1)).toMatchObject({ type: "done" });
  expect((await stat(first)).mtimeMs).toBe(before);
  const report = JSON.parse(await readFile(join(dir, "out", "report.json"), "utf8"));
  expect(report.rows).toMatchObject([
    { name: "text", pictures: 3, changedPixels: 0 },
    { name: "ours", pictures: 3, changedPixels: 0, causedLeak: { value: 0, low: 0, high: 0 } },
    { name: "ours-without-pfv", pictures: 3, changedPixels: 0 },
  ]);
  expect(report.rows[0]).not.toHaveProperty("causedLeak");
  for (const row of report.rows) expect(Number.isFinite(row.fid.value) && Number.isFinite(row.kid.value)).toBe(true);
  expect(await readFile(join(dir, "out", "report.md"), "utf8")).toContain("| text only |");
  const negativeOf = async (row: string) => {
    const read = (folder: string) => readFile(join(dir, "out", folder, row, "00000-0.png"));
    return { asIs: await read("pictures"), negative: await read("counterfactuals") };
  };
  const [hidden, shown] = [await negativeOf("ours"), await negativeOf("ours-without-pfv")];
  expect(hidden.negative.equals(hidden.asIs)).toBe(true);
  expect(shown.negative.equals(shown.asIs)).toBe(false);
});

it("paints larger frames and compares their product at their own size", async () => {
  const out = join(dir, "larger");
  const { exitCode } = await command([...argv, "--out", out, "--rows", "ours", "--enlarge", "2"]);
  expect(exitCode).toBe(0);
  const picture = await decodeImage(await readFile(join(out, "pictures", "ours", "00000-0.png")), "picture");
  expect(picture).toMatchObject({ width: 2 * side, height: 2 * side });
  const report = JSON.parse(await readFile(join(out, "report.json"), "utf8"));
  expect(report.plan.enlarge).toBe(2);
  expect(report.rows).toMatchObject([{ name: "ours", pictures: 3, changedPixels: 0 }]);
});

it("refuses to go on with other settings", async () => {
  const { exitCode, events } = await command([...argv, "--steps", "3"]);
  expect(exitCode).toBe(2);
  expect(events()).toMatchObject([{ code: "invalid_params", message: expect.stringContaining("another evaluation") }]);
});
