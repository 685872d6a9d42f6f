import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findHelper, helperSchema } from "../../server/assist/helperPackage.ts";
import { captioner, slimsam } from "../../server/install/catalogue/helpers.ts";
import { installPackage } from "../../server/install/install.ts";
import { publishedHelper, tinyHelpersDir } from "../assist/helpers.ts";
import { command, workspace } from "../cli/command.ts";
import { temporaryHome } from "../home/temporaryHome.ts";
import { startHub } from "./hubServer.ts";
import { installTinyDepth, tinyDepth, tinySidePx } from "./tinyDepth.ts";

// Helpers are installed as models are: from the hub or a folder, whole or not at all, and the engine finds them. The tiny
// helpers have the files that the catalogue names, no more and no less.

const home = temporaryHome();

test.each([
  ["slimsam", slimsam, "segmenter"],
  ["captioner", captioner, "captioner"],
] as const)("%s from a hub", async (name, entry, tiny) => {
  const [repository] = entry.repositories;
  const hub = await startHub(await publishedHelper(entry, tiny));
  try {
    const modelsDir = join(home(), "models");
    const { dir, isNew } = await installPackage(entry, {
      modelsDir,
      source: { type: "hub", hub: { endpoint: hub.endpoint } },
      signal: new AbortController().signal,
      acceptLicences: async () => true,
      onProgress: () => {},
    });
    expect([dir, isNew]).toEqual([join(modelsDir, name), true]);
    const described = helperSchema.parse(JSON.parse(await readFile(join(dir, "helper.json"), "utf8")));
    expect(described.files.map(({ path }) => path).sort()).toEqual(repository?.files.map(({ path }) => path).sort());
    expect((await findHelper(described.task, [modelsDir]))?.name).toBe(name);
    expect((await readdir(dir)).includes("compiled.json")).toBe(false);
  } finally {
    await hub.stop();
  }
});

test("depth-anything from a hub is compiled, as models are", async () => {
  const { dir } = await installTinyDepth(join(home(), "models"));
  expect(helperSchema.parse(JSON.parse(await readFile(join(dir, "helper.json"), "utf8")))).toMatchObject({
    task: "depth",
    depth: { imageSize: tinySidePx },
    files: [{ path: "depth/config.json" }, { path: "depth/model.safetensors" }],
  });
  expect(await readdir(dir)).toEqual(expect.arrayContaining(["compiled.json", "depth-cpu-fp32.onnx"]));
});

test("weights that are another network's are refused, and nothing is installed", async () => {
  const { remote } = await tinyDepth();
  const [[file, weights] = ["", Buffer.of()]] = [...remote].filter(([path]) => path.endsWith(".safetensors"));
  const foreign = Buffer.from(weights);
  foreign.write("tail", foreign.indexOf("head.conv1.weight"));
  const refused = installTinyDepth(join(home(), "models"), new Map([[file, foreign]]));
  await expect(refused).rejects.toMatchObject({ code: "model_corrupt", message: expect.stringContaining("conv1") });
  expect(await findHelper("depth", [join(home(), "models")])).toBeUndefined();
});

test("a helper from a folder is listed, verified, not fetched again, and removed", async () => {
  const argv = [
    "models",
    "install",
    "slimsam",
    "--from",
    join(tinyHelpersDir, "segmenter"),
    "--accept-licence",
    "--json",
  ];
  expect((await command(argv)).events().at(-1)).toMatchObject({ type: "done", model: "slimsam", isNew: true });
  expect((await command(argv)).events().at(-1)).toMatchObject({ type: "done", isNew: false });
  const listed = async () => (await command(["models", "list", "--json"])).events();
  expect(await listed()).toContainEqual(expect.objectContaining({ name: "slimsam", state: "ready" }));
  expect(await listed()).not.toContainEqual(expect.objectContaining({ name: "slimsam", state: "available" }));
  expect((await command(["models", "verify", "slimsam", "--json"])).events().at(-1)).toMatchObject({ files: 4 });
  expect((await command(["models", "remove", "slimsam", "--yes"])).exitCode).toBe(0);
  expect(await listed()).toContainEqual(expect.objectContaining({ name: "slimsam", state: "available" }));
});

test("depth-anything is used by generate, listed, verified, and offered again once it is removed", async () => {
  await installTinyDepth(join(home(), "models"));
  const place = await workspace();
  try {
    const generate = async (out: string) => {
      const pictures = ["--product", place.product, "--reference", place.reference];
      const { exitCode } = await command(["generate", ...pictures, "--out", join(place.dir, out), "--steps", "1"]);
      expect(exitCode).toBe(0);
      return JSON.parse(await readFile(join(place.dir, out, "recipe.json"), "utf8")).model;
    };
    const offered = { about: "more models", found: expect.stringContaining("depth-anything") };
    const doctor = async () => (await command(["doctor", "--provider", "cpu", "--json"])).events();
    expect(await generate("lent")).toMatchObject({ name: "mini", depth: { name: "depth-anything" } });
    const listed = (await command(["models", "list", "--json"])).events();
    expect(listed).toContainEqual(expect.objectContaining({ name: "depth-anything", state: "ready" }));
    const verified = (await command(["models", "verify", "depth-anything", "--json"])).events();
    expect(verified.at(-1)).toMatchObject({ type: "done", files: 2 });
    expect(await doctor()).not.toContainEqual(expect.objectContaining(offered));
    expect((await command(["models", "remove", "depth-anything", "--yes"])).exitCode).toBe(0);
    expect(await generate("own")).not.toHaveProperty("depth");
    expect(await doctor()).toContainEqual(expect.objectContaining(offered));
  } finally {
    await place.remove();
  }
});
