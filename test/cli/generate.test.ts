import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readPngText } from "../../server/image/pngChunks.ts";
import { command, workspace } from "./command.ts";

// With the embedded model: the command line's own promises, not the picture's quality.
let place: Awaited<ReturnType<typeof workspace>>;
beforeAll(async () => {
  place = await workspace();
});
afterAll(async () => {
  await place.remove();
});

const generate = (out: string, ...options: readonly string[]) => [
  ...["generate", "--product", place.product, "--reference", place.reference, "--prompt", "a wooden table"],
  ...["--out", join(place.dir, out), "--seed", "11", "--steps", "2", "--strength", "1", "--json", ...options],
];

test("results, recipes and previews are written, and the events say so", async () => {
  const { exitCode, events } = await command(generate("all", "--variants", "2", "--previews"));
  expect(exitCode).toBe(0);
  const names = ["background", "recipe", "result"].flatMap((role) => [role, `${role}-2`]);
  expect((await readdir(join(place.dir, "all"))).sort()).toEqual(
    [
      ...names.map((name) => (name.startsWith("recipe") ? `${name}.json` : `${name}.png`)),
      ...["preview-01.jpg", "preview-02.jpg", "preview-03.jpg"],
      ...["preview-2-01.jpg", "preview-2-02.jpg", "preview-2-03.jpg"],
    ].sort(),
  );
  const progress = events().filter(({ type }) => type === "progress");
  // Two steps from noise, and the one that the second pass has.
  expect(progress.map(({ variant, step, steps }) => [variant, step, steps])).toEqual(
    [1, 2].flatMap((variant) => [1, 2, 3].map((step) => [variant, step, 3])),
  );
  const told = events().filter(({ type }) => type === "variant_done");
  expect(told).toMatchObject([
    { variant: 1, seed: 11, files: { result: join(place.dir, "all/result.png") }, productPixelsChanged: 0 },
    { variant: 2, seed: 12, files: { "result-2": join(place.dir, "all/result-2.png") } },
  ]);
  const done = events().at(-1);
  expect(done).toMatchObject({ type: "done", productPixelsChanged: 0, seed: 11 });
  expect(Object.keys(done?.files ?? {}).sort()).toEqual(names.sort());

  const recipe = JSON.parse(await readFile(join(place.dir, "all/recipe-2.json"), "utf8"));
  expect(recipe).toMatchObject({ model: { name: "mini" }, settings: { seed: 12, fusion: "query", steps: 2 } });
  const result = await readFile(join(place.dir, "all/result-2.png"));
  expect(JSON.parse(readPngText(result, "backdrop") ?? "")).toEqual(recipe);
  expect(await sharp(result).metadata()).toMatchObject({ width: 96, height: 80, channels: 3 });
});

test("the same seed and settings give the same bytes; a second variant is the next seed", async () => {
  const { events } = await command(generate("again"));
  expect(events().filter(({ type }) => type === "variant_done")).toMatchObject([{ variant: 1, seed: 11 }]);
  const [first, again] = [join(place.dir, "all/result.png"), join(place.dir, "again/result.png")];
  expect((await readFile(again)).equals(await readFile(first))).toBe(true);
  await command(generate("next", "--seed", "12"));
  expect(await pixels(join(place.dir, "next/background.png"))).toEqual(
    await pixels(join(place.dir, "all/background-2.png")),
  );
});

test("in words, each of several variants is named once, when it is finished", async () => {
  const words = generate("words", "--variants", "2", "--steps", "1").filter((option) => option !== "--json");
  const { stdout } = await command(words);
  expect(stdout.match(/(result|background|recipe)(-2)?\.(png|json)/g)).toHaveLength(6);
  expect(stdout).toMatch(/\n2 variants in .* after .* s; product unchanged; seed 11\n$/);
});

test("an interrupted command exits 130, says so, and leaves no results", async () => {
  const interrupt = new AbortController();
  const running = command(generate("stopped", "--steps", "100"), interrupt.signal);
  setTimeout(() => interrupt.abort(), 50);
  const { exitCode, events } = await running;
  expect(exitCode).toBe(130);
  expect(events().at(-1)).toEqual({ type: "cancelled" });
  expect(await place.list()).not.toContain("stopped");
});

test("interrupted at the second variant, it leaves the first whole, and nothing of the second", async () => {
  await mkdir(join(place.dir, "kept"));
  await writeFile(join(place.dir, "kept/result-2.png"), "of an earlier command");
  const interrupt = new AbortController();
  const running = command(generate("kept", "--steps", "4", "--variants", "2"), interrupt.signal);
  const watch = setInterval(() => existsSync(join(place.dir, "kept/recipe.json")) && interrupt.abort(), 5);
  const { exitCode, events } = await running;
  clearInterval(watch);
  expect(exitCode).toBe(130);
  expect(events().map(({ type }) => type)).toEqual(expect.arrayContaining(["variant_done", "cancelled"]));
  expect((await readdir(join(place.dir, "kept"))).sort()).toEqual(["background.png", "recipe.json", "result.png"]);
  const result = await readFile(join(place.dir, "kept/result.png"));
  expect(JSON.parse(readPngText(result, "backdrop") ?? "")).toMatchObject({ settings: { seed: 11 } });
  expect(await sharp(result).stats()).toBeDefined();
});

async function pixels(path: string): Promise<Buffer> {
  return await sharp(path).raw().toBuffer();
}
