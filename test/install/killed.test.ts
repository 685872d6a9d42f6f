import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listPackages } from "../../server/engine/packages.ts";
import { sha256, startHub } from "./hubServer.ts";
import { tinyEntry } from "./tinyEntry.ts";

// A process that is killed in the middle of a download loses nothing that was on the disk, and leaves nothing that opens.

const root = fileURLToPath(new URL("../..", import.meta.url));
const unet = "tiny/base/unet/diffusion_pytorch_model.fp16.safetensors";
let bundle: string;
let dir: string;
beforeAll(async () => {
  bundle = await mkdtemp(join(root, "node_modules", ".backdrop-test-"));
  dir = await mkdtemp(join(tmpdir(), "backdrop-killed-"));
  await build({
    stdin: {
      resolveDir: root,
      contents: `
        import { readFile } from "node:fs/promises";
        import { installPackage } from "./server/install/install.ts";
        const [entryFile, modelsDir, endpoint] = process.argv.slice(2);
        const entry = JSON.parse(await readFile(entryFile, "utf8"));
        await installPackage(entry, {
          modelsDir,
          source: { type: "hub", hub: { endpoint: new URL(endpoint) } },
          signal: new AbortController().signal,
          acceptLicences: async () => true,
          onProgress() {},
        });`,
    },
    outfile: join(bundle, "install.mjs"),
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    logLevel: "error",
  });
});
afterAll(async () => {
  for (const folder of [bundle, dir]) await rm(folder, { recursive: true, force: true });
});

test("killed in the middle, then run again", async () => {
  const { entry, remote } = await tinyEntry();
  const hub = await startHub(remote);
  try {
    const entryFile = join(dir, "entry.json");
    await writeFile(entryFile, JSON.stringify(entry));
    const modelsDir = join(dir, "models");
    const run = () =>
      spawn(process.execPath, [join(bundle, "install.mjs"), entryFile, modelsDir, hub.endpoint.href], {
        stdio: ["ignore", "ignore", "inherit"],
      });
    // The storage stops in the middle and keeps the connection.
    hub.fault(unet, ({ response, content }) => {
      response.writeHead(200, { etag: `"${sha256(content)}"`, "content-length": content.length });
      response.write(content.subarray(0, 3_000_000));
    });
    const first = run();
    const partial = join(modelsDir, ".installing-tiny", "unet/diffusion_pytorch_model.safetensors.download");
    while (((await stat(partial).catch(() => undefined))?.size ?? 0) < 3_000_000) await wait(20);
    first.kill("SIGKILL");
    await once(first, "close");
    expect(await listPackages([modelsDir])).toEqual([]);

    const second = run();
    expect(await once(second, "close")).toEqual([0, null]);
    expect(await listPackages([modelsDir])).toEqual(["tiny"]);
    expect(await readdir(modelsDir)).toEqual(["tiny"]);
    expect(hub.ranges(unet)).toEqual([undefined, "bytes=3000000-"]);
  } finally {
    await hub.stop();
  }
});
