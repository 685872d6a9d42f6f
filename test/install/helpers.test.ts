import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findHelper, helperSchema } from "../../server/assist/helperPackage.ts";
import { captioner, slimsam } from "../../server/install/catalogue/helpers.ts";
import { installPackage } from "../../server/install/install.ts";
import { publishedHelper, tinyHelpersDir } from "../assist/helpers.ts";
import { command } from "../cli/command.ts";
import { temporaryHome } from "../home/temporaryHome.ts";
import { startHub } from "./hubServer.ts";

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
