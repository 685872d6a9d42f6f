// Bundles what `npm run backdrop` and `npm run bench` execute. Run by `npm ci` (prepare), so a fresh clone works at once.
import { createHash } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

await rm("dist", { recursive: true, force: true });

const benches = (await readdir("bench")).filter((file) => file.endsWith(".ts"));
await build({
  entryPoints: {
    cli: "server/cli/main.ts",
    engineChild: "server/engine/child.ts",
    contactSheet: "docs/contactSheet.ts",
    ...Object.fromEntries(benches.map((file) => [`bench/${file.slice(0, -3)}`, `bench/${file}`])),
  },
  outdir: "dist",
  bundle: true,
  splitting: true,
  packages: "external",
  platform: "node",
  target: "node20",
  format: "esm",
  sourcemap: true,
  define: { COMPILER_HASH: JSON.stringify(await compilerHash()) },
  logLevel: "warning",
});

/** Changes whenever the code that writes graphs changes, so that graphs of another version are compiled anew. */
async function compilerHash() {
  const hash = createHash("sha256");
  for (const folder of ["server/onnx", "server/networks", "server/checkpoint"]) {
    for (const file of (await readdir(folder)).sort()) hash.update(file).update(await readFile(join(folder, file)));
  }
  return hash.digest("hex").slice(0, 16);
}
