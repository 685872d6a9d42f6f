import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { programDir } from "../../server/engine/packages.ts";

/** The engine's real program, bundled from the sources as they are now. */
export async function bundleEngine(): Promise<string> {
  const dir = join(programDir(), "node_modules", ".cache", "backdrop-test");
  await mkdir(dir, { recursive: true });
  const outfile = join(dir, `engineChild-${process.pid}.mjs`);
  await build({
    entryPoints: [join(programDir(), "server/engine/child.ts")],
    outfile,
    bundle: true,
    packages: "external",
    platform: "node",
    target: "node20",
    format: "esm",
    logLevel: "error",
  });
  return outfile;
}
