import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { announcedModels } from "../../server/engine/announcedModels.ts";
import { damagedPackages } from "../../server/engine/damagedPackages.ts";
import { homeAt } from "../../server/home/paths.ts";
import { type CatalogueEntry, plain } from "../../server/install/catalogue/entry.ts";
import { installPackage } from "../../server/install/install.ts";
import { createLog } from "../../server/log/log.ts";
import { noHelpers } from "../../shared/protocol/helpers.ts";
import type { PackageState } from "../../shared/protocol/inventory.ts";
import { sha256, startHub } from "../install/hubServer.ts";
import { tinyEntry } from "../install/tinyEntry.ts";
import { bundleProgram } from "../server/bundleProgram.ts";
import type { RawClient } from "../server/rawClient.ts";
import { startTestServer, stubParams, type TestServer, uploadPictures } from "../server/testServer.ts";

// Installing over the socket, with the real installing process and a hub on this computer: what clients are told, that it can
// be stopped and gone on with, and that it does not depend on who asked for it.

const unet = "tiny/base/unet/diffusion_pytorch_model.fp16.safetensors";
const halfBytes = 3_000_000;

/** Of files that the hub does not have. */
const second: CatalogueEntry = {
  purpose: "For tests.",
  approximateBytes: 1,
  repositories: [
    {
      name: "tiny/second",
      revision: "main",
      licence: "Tiny-1.0",
      licenceUrl: "https://example.org/tiny",
      files: plain("", "config.json"),
    },
  ],
  description: { schemaVersion: 1, name: "second", title: "Second", licence: "Tiny-1.0", task: "describe" },
};

let childPath: string;
let tiny: Awaited<ReturnType<typeof tinyEntry>>;
let hub: Awaited<ReturnType<typeof startHub>>;
let dir: string;
let server: TestServer;
beforeAll(async () => {
  childPath = await bundleProgram("server/install/child.ts");
  tiny = await tinyEntry();
});
afterAll(() => rm(childPath, { force: true }));
beforeEach(async () => {
  hub = await startHub(tiny.remote);
  process.env.HF_ENDPOINT = hub.endpoint.href;
  dir = await mkdtemp(join(tmpdir(), "backdrop-install-"));
  server = await start(childPath);
});
afterEach(async () => {
  await server.remove();
  await hub.stop();
  delete process.env.HF_ENDPOINT;
  await rm(dir, { recursive: true, force: true });
});

async function start(program: string): Promise<TestServer> {
  const home = homeAt(dir);
  const log = createLog({ write() {} }, "error");
  return await startTestServer({
    home,
    install: { childPath: program, catalogue: [tiny.entry, second] },
    readInstalled: async () => ({
      models: await announcedModels(log, [home.modelsDir]),
      helpers: noHelpers,
      damaged: await damagedPackages([home.modelsDir]),
    }),
  });
}

function install(client: RawClient, licencesAccepted = true): void {
  client.send({ type: "install", package: "tiny", licencesAccepted });
}

/** A client whose installing process has died. */
async function failingInstall(): Promise<RawClient> {
  await server.stop();
  const dying = join(dir, "dying.mjs");
  await writeFile(dying, 'process.on("message", () => process.exit(3));');
  server = await start(dying);
  const client = await server.client();
  install(client);
  return client;
}

/** As the command line does. */
async function installHere(): Promise<void> {
  await installPackage(tiny.entry, {
    modelsDir: server.home.modelsDir,
    source: { type: "hub", hub: { endpoint: hub.endpoint } },
    signal: new AbortController().signal,
    acceptLicences: async () => true,
    onProgress() {},
  });
}

async function reaches(client: RawClient, wanted: PackageState["type"]): Promise<PackageState> {
  const { packages } = await client.take("inventory", ({ packages: [first] }) => first?.state.type === wanted);
  return packages[0]?.state ?? { type: "absent" };
}

/** The client was told of this last. */
async function isTold(client: RawClient, told: object): Promise<void> {
  const last = () => client.messages.findLast((message) => "packages" in message);
  await expect.poll(last, { timeout: 20_000 }).toMatchObject(told);
}

/** What could be fetched is here, but for the file that stalls. */
async function standstill(client: RawClient): Promise<void> {
  const lacking = (tiny.remote.get(unet)?.length ?? 0) - halfBytes;
  await client.take("inventory", ({ packages: [first] }) => {
    return first?.state.type === "fetching" && first.state.doneBytes === first.state.totalBytes - lacking;
  });
}

/** The storage gives the first half and keeps the connection. */
function stall(): void {
  hub.fault(unet, ({ response, content }) => {
    response.writeHead(200, { etag: `"${sha256(content)}"`, "content-length": content.length });
    response.write(content.subarray(0, halfBytes));
  });
}

test("a package is offered, fetched, compiled, announced, and painted with", async () => {
  const client = await server.client();
  const welcome = client.messages.find(({ type }) => type === "welcome");
  expect(welcome).toMatchObject({
    models: [],
    packages: [
      {
        name: "tiny",
        task: null,
        licences: [{ part: "tiny/base", licence: "Tiny-1.0", url: "https://example.org/tiny" }, { part: "tiny/parts" }],
        state: { type: "absent" },
      },
      { name: "second", task: "describe" },
    ],
  });
  install(client);
  for (const step of ["starting", "compiling"] as const) await reaches(client, step);
  const { models } = await client.take("inventory", ({ packages }) => packages[0]?.state.type === "installed");
  expect(models.map(({ name }) => name)).toEqual(["tiny"]);

  await uploadPictures(client);
  const jobId = await client.submit({ ...stubParams(), model: "tiny" });
  expect(await client.end(jobId)).toMatchObject({ type: "done" });
});

test("without accepted licences nothing is fetched", async () => {
  const client = await server.client();
  install(client, false);
  expect(await client.take("error")).toMatchObject({ code: "licence_not_accepted", package: "tiny" });
  expect(hub.asked).toEqual([]);
  install(client);
  await reaches(client, "installed");
});

test("stopped, it keeps what has arrived and goes on there", async () => {
  stall();
  const client = await server.client();
  install(client);
  await standstill(client);
  client.send({ type: "stop_installing", package: "tiny" });
  // Also while it is still ending.
  install(client);
  await reaches(client, "installed");
  expect(hub.ranges(unet)).toEqual([undefined, `bytes=${halfBytes}-`]);
});

test("it goes on without the client that asked, and every client hears of it", async () => {
  const [asking, watching] = [await server.client(), await server.client()];
  install(asking);
  await reaches(asking, "starting");
  await asking.close();
  await reaches(watching, "installed");
  install(watching);
  await reaches(watching, "installed");
});

test("a server that stops ends the installation, and its lock is free again", async () => {
  stall();
  const client = await server.client();
  install(client);
  await standstill(client);
  await server.stop();
  expect((await readdir(join(dir, "models"))).filter((name) => !name.startsWith("."))).toEqual([]);

  server = await start(childPath);
  const next = await server.client();
  install(next);
  await reaches(next, "installed");
});

test("an installing process that dies is a failure that says what to do", async () => {
  const client = await failingInstall();
  const state = await reaches(client, "failed");
  expect(state).toMatchObject({ code: "download_failed", message: expect.stringContaining("install again") });
});

test("one at a time, the next one in its turn, and one that waits can be stopped", async () => {
  stall();
  const client = await server.client();
  const stateOf = async (wanted: PackageState["type"]) =>
    await client.take("inventory", ({ packages }) => packages[1]?.state.type === wanted);
  const installSecond = () => client.send({ type: "install", package: "second", licencesAccepted: true });
  install(client);
  await standstill(client);
  installSecond();
  await stateOf("waiting");
  client.send({ type: "stop_installing", package: "second" });
  await stateOf("absent");
  installSecond();
  client.send({ type: "stop_installing", package: "tiny" });
  const { packages } = await stateOf("failed");
  expect(packages[0]?.state.type).toBe("absent");
  expect(packages[1]?.state).toMatchObject({
    code: "download_failed",
    message: expect.stringContaining("config.json"),
  });
});

test("what is on disk says more than how an earlier installation ended", async () => {
  const client = await failingInstall();
  await reaches(client, "failed");
  await installHere();
  await server.client();
  await reaches(client, "installed");
});

test("only names of the catalogue are installed", async () => {
  const client = await server.client();
  client.send({ type: "install", package: "other", licencesAccepted: true });
  expect(await client.take("error")).toMatchObject({ code: "model_unknown", package: "other" });
});

test("what the command line installed meanwhile is told to who comes", async () => {
  const early = await server.client();
  await installHere();
  await server.client();
  expect(await early.take("inventory")).toMatchObject({ models: [{ name: "tiny" }] });
});

describe("a package that is not whole any more", () => {
  const inPackage = "unet/diffusion_pytorch_model.safetensors";

  /** A client that was told of it. */
  async function damagedClient(): Promise<RawClient> {
    await installHere();
    await truncate(join(server.home.modelsDir, "tiny", inPackage), 1000);
    const client = await server.client();
    const message = `${inPackage} has 1000 bytes instead of ${tiny.remote.get(unet)?.length}`;
    await isTold(client, { models: [{ name: "tiny" }], packages: [{ state: { type: "damaged", message } }, {}] });
    return client;
  }

  test("is mended without asking again: only the bad file is fetched, and it leaves its place meanwhile", async () => {
    const client = await damagedClient();
    const before = hub.sentBytes();
    stall();
    install(client, false);
    await client.take("inventory", ({ models, packages: [first] }) => {
      return models.length === 0 && first?.state.type === "fetching" && first.state.doneBytes > 0;
    });
    client.send({ type: "stop_installing", package: "tiny" });
    await reaches(client, "absent");
    install(client);
    await reaches(client, "compiling");
    await isTold(client, { models: [{ name: "tiny" }], packages: [{ state: { type: "installed" } }, {}] });
    // The first part came before it stood still, which the hub does not count.
    expect(hub.sentBytes() - before).toBe((tiny.remote.get(unet)?.length ?? 0) - halfBytes);
  });

  test("is not mended under licences that nobody has accepted, and stays where it is until somebody has", async () => {
    const client = await damagedClient();
    const origin = join(server.home.modelsDir, "tiny", "origin.json");
    await writeFile(origin, (await readFile(origin, "utf8")).replace("Tiny-1.0", "Tiny-0.9"));
    install(client, false);
    expect(await reaches(client, "failed")).toMatchObject({ code: "licence_not_accepted" });
    expect(await readdir(server.home.modelsDir)).toEqual(["tiny"]);
    install(client);
    await reaches(client, "compiling");
    await isTold(client, { models: [{ name: "tiny" }], packages: [{ state: { type: "installed" } }, {}] });
  });

  test("is found when a job fails on it", async () => {
    await installHere();
    const client = await server.client();
    await isTold(client, { packages: [{ state: { type: "installed" } }, {}] });
    await rm(join(server.home.modelsDir, "tiny", inPackage));
    await uploadPictures(client);
    await client.submit({ ...stubParams({ fail: "model_corrupt" }), model: "tiny" });
    expect(await reaches(client, "damaged")).toMatchObject({ message: `${inPackage} is missing` });
  });
});

test("who installs what looks whole has every byte looked at", async () => {
  await installHere();
  const path = join(server.home.modelsDir, "tiny", "unet/diffusion_pytorch_model.safetensors");
  const content = await readFile(path);
  const changed = Buffer.from(content);
  changed.writeUInt8(changed.readUInt8(changed.length - 1) ^ 1, changed.length - 1);
  await writeFile(path, changed);
  const client = await server.client();
  const before = hub.sentBytes();
  install(client);
  await reaches(client, "compiling");
  await isTold(client, { packages: [{ state: { type: "installed" } }, {}] });
  expect(hub.sentBytes() - before).toBe(content.length);
  expect((await readFile(path)).equals(content)).toBe(true);
});
