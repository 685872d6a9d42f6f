import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { readModelPackage } from "../../server/checkpoint/modelPackage.ts";
import { verifyPackage } from "../../server/checkpoint/verifyPackage.ts";
import { openModel } from "../../server/engine/openModel.ts";
import { listPackages } from "../../server/engine/packages.ts";
import type { CatalogueEntry } from "../../server/install/catalogue/entry.ts";
import {
  type InstallOptions,
  type InstallProgress,
  installPackage,
  removePackage,
} from "../../server/install/install.ts";
import { lockInstall } from "../../server/install/installLock.ts";
import { planDownload } from "../../server/install/plan.ts";
import { BackdropError } from "../../shared/errors.ts";
import { cutAfter, sha256, startHub } from "./hubServer.ts";
import { tinyEntry } from "./tinyEntry.ts";

// A package is installed whole, checked and compiled, or it is not there; a stopped installation goes on where it was.

const unet = "tiny/base/unet/diffusion_pytorch_model.fp16.safetensors";
const patience = { attempts: 2, firstWaitMs: 1, longestWaitMs: 10, stallMs: 2_000 };

let entry: CatalogueEntry;
let remote: ReadonlyMap<string, Buffer>;
let publishedBytes: number;
beforeAll(async () => {
  ({ entry, remote } = await tinyEntry());
  publishedBytes = [...remote.values()].reduce((sum, content) => sum + content.length, 0);
});

let hub: Awaited<ReturnType<typeof startHub>>;
let modelsDir: string;
let progress: InstallProgress[];
beforeEach(async () => {
  hub = await startHub(remote);
  modelsDir = join(await mkdtemp(join(tmpdir(), "backdrop-install-")), "models");
  progress = [];
});
afterEach(async () => {
  await hub.stop();
  await rm(dirname(modelsDir), { recursive: true, force: true });
});

async function install(more: Partial<InstallOptions> = {}, what = entry) {
  return await installPackage(what, {
    modelsDir,
    source: { type: "hub", hub: { endpoint: hub.endpoint } },
    signal: new AbortController().signal,
    acceptLicences: async () => true,
    onProgress: (step) => progress.push(step),
    patience,
    ...more,
  });
}

test("a hub that cannot be reached is told as that, soon, with the rest behind", async () => {
  await hub.stop();
  const begun = performance.now();
  await expect(install({ patience: { ...patience, attempts: 100, firstWaitMs: 50 } })).rejects.toMatchObject({
    code: "download_failed",
    message: expect.stringMatching(
      new RegExp(
        `^the server ${hub.endpoint.host} cannot be reached; check the connection.*ECONNREFUSED.*after 3 attempts`,
      ),
    ),
  });
  expect(performance.now() - begun).toBeLessThan(10_000);
});

test("an installed package is whole, compiled, opens, and is fetched once", async () => {
  const { dir, isNew } = await install();
  expect({ dir, isNew }).toEqual({ dir: join(modelsDir, "tiny"), isNew: true });
  expect(await readdir(modelsDir)).toEqual(["tiny"]);
  const modelPackage = await readModelPackage(dir);
  await verifyPackage(modelPackage);
  expect(modelPackage.files).toHaveLength(remote.size);
  expect(modelPackage.files).toContainEqual(
    expect.objectContaining({
      path: "unet/diffusion_pytorch_model.safetensors",
      sha256: sha256(remote.get(unet) ?? Buffer.of()),
    }),
  );
  expect((await readdir(dir)).filter((name) => name.endsWith(".onnx"))).toHaveLength(7);
  const model = await openModel(dir, { provider: "cpu" });
  const { ids } = model.tokenize("a red bottle");
  const embedded = await openModel("mini", { provider: "cpu" });
  expect(ids).toEqual(embedded.tokenize("a red bottle").ids);
  const { hidden_states: text } = await model.run(
    { graph: "text" },
    { input_ids: { data: ids[0] ?? BigInt64Array.of(), dims: [1, 40] } },
  );
  expect(text?.dims).toEqual([1, 40, expect.any(Number)]);
  await model.dispose();
  await embedded.dispose();

  expect(hub.sentBytes()).toBe(publishedBytes);
  expect(progress.at(-2)).toEqual({ phase: "fetch", doneBytes: publishedBytes, totalBytes: publishedBytes });
  expect(progress.at(-1)).toEqual({ phase: "compile" });
  expect(await install()).toEqual({ dir, isNew: false });
  expect(hub.sentBytes()).toBe(publishedBytes);
});

test("an installation that fails midway leaves nothing to open, and the next asks for what is missing only", async () => {
  for (let i = 0; i < 3; i++) hub.fault(unet, cutAfter(i === 0 ? 5_000_000 : 0));
  await expect(install()).rejects.toMatchObject({ code: "download_failed" });
  expect(await listPackages([modelsDir])).toEqual([]);
  const partial = join(modelsDir, ".installing-tiny");
  const here = (await readdir(partial, { recursive: true })).filter((path) => /\.(safetensors|json|txt)$/.test(path));
  const { size } = await stat(join(partial, "unet/diffusion_pytorch_model.safetensors.download"));
  expect(size).toBeGreaterThan(4_000_000);
  const before = hub.asked.length;
  await install();
  expect(await listPackages([modelsDir])).toEqual(["tiny"]);
  expect(hub.ranges(unet).at(-1)).toBe(`bytes=${size}-`);
  const fetched = hub.asked.slice(before).filter(({ sentBytes }) => sentBytes > 0);
  const isHere = (asked: string) => here.some((path) => asked.endsWith(`/${path}`));
  expect(fetched.filter(({ path }) => isHere(path))).toEqual([]);
});

test("an interruption ends it at once; what has arrived stays and nothing can be opened", async () => {
  const interrupt = new AbortController();
  const onProgress = (step: InstallProgress) => {
    if (step.phase === "fetch" && step.doneBytes > 10_000_000) interrupt.abort();
  };
  await expect(install({ signal: interrupt.signal, onProgress })).rejects.toThrow();
  expect(await listPackages([modelsDir])).toEqual([]);
  expect(await readdir(modelsDir)).toEqual([".installing-tiny"]);
});

test("two installations of one package at once: one of them is refused", async () => {
  const interrupt = new AbortController();
  const both = [0, 1].map(() => install({ signal: interrupt.signal }).catch((error: unknown) => error));
  expect(await Promise.race(both)).toMatchObject({ code: "already_running" });
  interrupt.abort();
  const ends = await Promise.all(both);
  expect(ends.filter((end) => end instanceof BackdropError && end.code === "already_running")).toHaveLength(1);
});

test("a lock whose process is gone keeps nobody out", async () => {
  await mkdir(modelsDir, { recursive: true });
  const file = join(modelsDir, ".installing-tiny.lock");
  await writeFile(file, "4194305");
  const release = await lockInstall(file, "tiny");
  await expect(lockInstall(file, "tiny")).rejects.toMatchObject({ code: "already_running" });
  await release();
});

test("too little disk space is said before anything is fetched", async () => {
  const free = async () => 300_000_000;
  await expect(install({ free })).rejects.toMatchObject({
    code: "disk_full",
    message: expect.stringContaining("0.30 GB"),
  });
  expect(hub.sentBytes()).toBe(0);
});

test("licences are asked for once, and before anything is fetched", async () => {
  const asked: (readonly string[])[] = [];
  const answer = (accepts: boolean) => async (licences: readonly string[]) => {
    asked.push(licences);
    return accepts;
  };
  const refused = install({ acceptLicences: answer(false) });
  await expect(refused).rejects.toMatchObject({
    code: "licence_not_accepted",
    message: expect.stringContaining("Tiny-1.0"),
  });
  expect(hub.asked).toEqual([]);
  for (const accepts of [true, false]) {
    hub.fault(unet, ({ response }) => response.writeHead(404).end());
    await expect(install({ acceptLicences: answer(accepts) })).rejects.toMatchObject({ code: "download_failed" });
  }
  expect(asked).toHaveLength(2);
  const origin = JSON.parse(await readFile(join(modelsDir, ".installing-tiny", "origin.json"), "utf8"));
  expect(origin.licences).toEqual(asked[0]);
});

test("a hub whose file is not the published one is refused before it is fetched", async () => {
  const other = new Map(remote).set(unet, Buffer.alloc(remote.get(unet)?.length ?? 0));
  await hub.stop();
  hub = await startHub(other);
  await expect(install()).rejects.toMatchObject({
    code: "download_failed",
    message: expect.stringContaining("sha256"),
  });
  expect(hub.ranges(unet)).toEqual([]);
});

test("a mirror that names a published file by another hash cannot smuggle in other content", async () => {
  const other = new Map(remote).set(unet, Buffer.alloc(remote.get(unet)?.length ?? 0));
  await hub.stop();
  hub = await startHub(other, () => false);
  await expect(install()).rejects.toMatchObject({
    code: "download_failed",
    message: expect.stringContaining("other content"),
  });
  expect(await listPackages([modelsDir])).toEqual([]);
});

test("weights that belong to another network are found before the package gets its name", async () => {
  const vae = "tiny/parts/models/vae/diffusion_pytorch_model.safetensors";
  const other = new Map(remote).set(vae, remote.get("tiny/parts/models/ip_adapter.safetensors") ?? Buffer.of());
  await hub.stop();
  hub = await startHub(other);
  await expect(install()).rejects.toMatchObject({ code: "model_corrupt" });
  expect(await listPackages([modelsDir])).toEqual([]);
});

test("where half precision is missing the full one is taken", async () => {
  const path = "unet/diffusion_pytorch_model.safetensors";
  const full = new Map(remote).set(`tiny/base/${path}`, remote.get(unet) ?? Buffer.of());
  full.delete(unet);
  await hub.stop();
  hub = await startHub(full);
  const plan = await planDownload(entry, { endpoint: hub.endpoint }, patience, new AbortController().signal);
  expect(plan.find((file) => file.path === path)?.remote.url.pathname).toContain(path);
});

test("a package that is damaged later is mended by installing it again: only the bad file is fetched", async () => {
  const { dir } = await install();
  const before = hub.sentBytes();
  await truncate(join(dir, "unet/diffusion_pytorch_model.safetensors"), 1000);
  expect((await install()).isNew).toBe(true);
  expect(hub.sentBytes() - before).toBe(remote.get(unet)?.length);
});

test("a damaged package stays where it is until its licences, which are others by now, are accepted", async () => {
  const { dir } = await install();
  await truncate(join(dir, "unet/diffusion_pytorch_model.safetensors"), 1000);
  const relicensed: CatalogueEntry = {
    ...entry,
    repositories: entry.repositories.map((repository) => ({ ...repository, licence: "Tiny-2.0" })),
  };
  const before = await readdir(dir, { recursive: true });
  await expect(install({ acceptLicences: async () => false }, relicensed)).rejects.toMatchObject({
    code: "licence_not_accepted",
  });
  expect(await readdir(modelsDir)).toEqual(["tiny"]);
  expect(await readdir(dir, { recursive: true })).toEqual(before);
  expect((await install({}, relicensed)).isNew).toBe(true);
  expect(await readFile(join(dir, "origin.json"), "utf8")).toContain("Tiny-2.0");
});

test("remove deletes the package and what a stopped installation left", async () => {
  for (const folder of ["tiny", ".installing-tiny"]) await mkdir(join(modelsDir, folder), { recursive: true });
  expect(await removePackage(modelsDir, "tiny")).toBe(true);
  expect(await readdir(modelsDir)).toEqual([]);
  expect(await removePackage(modelsDir, "tiny")).toBe(false);
});

async function folderOf(files: ReadonlyMap<string, Buffer>): Promise<string> {
  const folder = join(dirname(modelsDir), "from");
  for (const [path, content] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

test("--from: the repositories' files in a folder are checked, linked and compiled without a network", async () => {
  const folder = await folderOf(remote);
  const { dir } = await install({ source: { type: "folder", folder } });
  await verifyPackage(await readModelPackage(dir));
  const [original, taken] = await Promise.all([
    stat(join(folder, unet)),
    stat(join(dir, "unet/diffusion_pytorch_model.safetensors")),
  ]);
  expect(taken.ino).toBe(original.ino);
  expect(hub.asked).toEqual([]);
});

test("--from: the hub's own cache folder", async () => {
  const cached = [...remote].map(([key, content]): [string, Buffer] => {
    const [owner, name, ...path] = key.split("/");
    return [`models--${owner}--${name}/snapshots/${"0".repeat(40)}/${path.join("/")}`, content];
  });
  const folder = await folderOf(new Map(cached));
  expect((await install({ source: { type: "folder", folder } })).isNew).toBe(true);
});

test("--from: a changed byte in a file whose hash is published", async () => {
  const wrong = Buffer.from(remote.get(unet) ?? Buffer.of());
  wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1;
  const folder = await folderOf(new Map(remote).set(unet, wrong));
  await expect(install({ source: { type: "folder", folder } })).rejects.toMatchObject({
    code: "model_corrupt",
    message: expect.stringContaining("sha256"),
  });
});

test.each([
  ["model-00001-of-00002.safetensors.index.json", "max_shard_size"],
  ["pytorch_model.bin", "never read"],
  ["sd_xl_base_1.0.safetensors", "from_single_file"],
  ["notes.txt", "copy the repositories"],
])("--from: a folder with %s instead says what to do", async (name, advice) => {
  const folder = await folderOf(new Map([[name, Buffer.of(1)]]));
  await expect(install({ source: { type: "folder", folder } })).rejects.toMatchObject({
    code: "model_corrupt",
    message: expect.stringContaining(advice),
  });
});
