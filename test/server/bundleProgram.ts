import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { programDir } from "../../server/engine/packages.ts";

/** A real program of the server's, such as `server/engine/child.ts`, bundled from the sources as they are now. */
export async function bundleProgram(source: string): Promise<string> {
  const dir = join(programDir(), "node_modules", ".cache", "backdrop-test");
  await mkdir(dir, { recursive: true });
  const outfile = join(dir, `${source.replaceAll("/", "-")}-${process.pid}.mjs`);
  await build({
    entryPoints: [join(programDir(), source)],
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
