import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { sdxl } from "../../server/install/catalogue/sdxl.ts";
import { temporaryHome } from "../home/temporaryHome.ts";
import { startHub } from "../install/hubServer.ts";
import { command } from "./command.ts";

// What `backdrop models` says of models that are not here yet, and that the embedded one stays.

const home = temporaryHome();

test("list offers what can be installed, with its size and licence", async () => {
  const { events, exitCode } = await command(["models", "list", "--json"]);
  expect(exitCode).toBe(0);
  expect(events()).toContainEqual(expect.objectContaining({ name: "mini", state: "ready" }));
  const licence = expect.stringContaining("RAIL++-M");
  const sizeBytes = sdxl.approximateBytes;
  expect(events()).toContainEqual(expect.objectContaining({ name: "sdxl", state: "available", licence, sizeBytes }));
  expect((await command(["models", "list"])).stdout).toMatch(/sd15 .* GB .*backdrop models install sd15/);
});

test("list names what is damaged once, with what repairs it", async () => {
  const dir = join(home(), "models", "slimsam");
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, "backdrop.json"), "{}");
  const { stdout } = await command(["models", "list"]);
  const lines = stdout.split("\n").filter((line) => line.startsWith("slimsam"));
  expect(lines).toEqual([expect.stringMatching(/^slimsam {2}broken: .*; repair it: backdrop models install slimsam$/)]);
  expect(stdout).not.toContain("0.0 GB");
  await rm(dir, { recursive: true });
  expect((await command(["models", "list"])).stdout).toMatch(/slimsam .* about \d+\.\d MB .* not installed/);
});

test("doctor names them too, as a choice", async () => {
  const { events } = await command(["doctor", "--provider", "cpu", "--json"]);
  const found = expect.stringContaining("sdxl, sd15");
  expect(events()).toContainEqual(expect.objectContaining({ about: "more models", ok: true, found }));
});

test("a licence that nobody has accepted stops it before anything is asked for", async () => {
  const hub = await startHub(new Map());
  try {
    vi.stubEnv("HF_ENDPOINT", hub.endpoint.href);
    const { exitCode, events } = await command(["models", "install", "sdxl", "--json"]);
    expect(exitCode).toBe(2);
    expect(events()).toEqual([expect.objectContaining({ type: "failed", code: "licence_not_accepted" })]);
    expect(hub.asked).toEqual([]);
    // The mirror of the environment is asked; this one has nothing.
    const accepted = await command(["models", "install", "sdxl", "--accept-licence", "--json"]);
    expect(accepted.events().at(-1)).toMatchObject({ type: "failed", code: "download_failed" });
    expect(hub.asked.map(({ path }) => path)).toContain(
      "stabilityai/stable-diffusion-xl-base-1.0/scheduler/scheduler_config.json",
    );
  } finally {
    await hub.stop();
  }
});

test("an interruption exits 130", async () => {
  const argv = ["models", "install", "sd15", "--accept-licence", "--from", home(), "--json"];
  const { exitCode, events } = await command(argv, AbortSignal.abort());
  expect(exitCode).toBe(130);
  expect(events()).toEqual([{ type: "cancelled" }]);
});

test("names that are in no catalogue, the embedded model among them, are refused", async () => {
  for (const argv of [
    ["models", "install", "sdxl-turbo"],
    ["models", "remove", "mini", "--yes"],
    ["models", "install", "../x"],
  ]) {
    expect(await command(argv)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("expected one of sdxl, sd15"),
    });
  }
});

test("remove needs a yes, and deletes", async () => {
  const dir = join(home(), "models", "sd15");
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, "backdrop.json"), "{}");
  const refused = await command(["models", "remove", "sd15", "--json"]);
  expect(refused.events()).toEqual([expect.objectContaining({ code: "invalid_params" })]);
  expect((await command(["models", "remove", "sd15", "--yes"])).exitCode).toBe(0);
  expect(await readdir(join(home(), "models"))).toEqual([]);
  expect((await command(["models", "remove", "sd15", "--yes"])).stderr).toContain("not installed");
});
