import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { modelsDir } from "../../server/engine/packages.ts";
import { decodeImage } from "../../server/image/decode.ts";

// Protects the first thing that anybody does: the README's command, on the bundle that `npm ci` made.

const root = join(modelsDir(), "..");
let out: string;
let elapsedMs: number;
let stdout: string;

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), "backdrop-readme-"));
  const readme = await readFile(join(root, "README.md"), "utf8");
  const command = /npm ci && npm run -s backdrop -- (generate .*) --out out\n/.exec(readme)?.[1] ?? "";
  const options = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
  const begin = performance.now();
  ({ stdout } = await promisify(execFile)(
    process.execPath,
    [join(root, "dist", "cli.js"), ...options, "--out", out, "--json"],
    { cwd: root },
  ));
  elapsedMs = performance.now() - begin;
});

afterAll(async () => rm(out, { recursive: true, force: true }));

it("makes a picture in under 30 s", async () => {
  expect((await readdir(out)).sort()).toEqual(["background.png", "recipe.json", "result.png"]);
  expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({ type: "done", productPixelsChanged: 0 });
  expect(elapsedMs).toBeLessThan(30_000);
});

it("leaves every opaque pixel of the product file as it is in the result file", async () => {
  const product = await decodeImage(await readFile(join(root, "samples", "bottle.png")), "bottle.png");
  const result = await decodeImage(await readFile(join(out, "result.png")), "result.png");
  expect([result.width, result.height]).toEqual([product.width, product.height]);
  let [opaque, changed] = [0, 0];
  for (let i = 0; i < product.data.length; i += 4) {
    if (product.data[i + 3] !== 255) continue;
    opaque++;
    if ([0, 1, 2].some((c) => product.data[i + c] !== result.data[i + c])) changed++;
  }
  expect(opaque).toBeGreaterThan(10_000);
  expect(changed).toBe(0);
});

it("fills the background: no part of the picture around the product is left flat", async () => {
  const background = await decodeImage(await readFile(join(out, "background.png")), "background.png");
  const levels = new Set<number>();
  for (let i = 0; i < background.data.length; i += 4) levels.add(background.data[i] ?? 0);
  expect(levels.size).toBeGreaterThan(64);
});
