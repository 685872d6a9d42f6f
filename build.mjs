// Bundles everything that runs: the server, the benchmarks, the plugin and its playground. Run by `npm ci` (prepare), so a
// fresh clone works at once.
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

await rm("dist", { recursive: true, force: true });
await Promise.all([buildServer(), buildPluginMain(), buildPluginUi(), buildPlayground()]);

async function buildServer() {
  const benches = (await readdir("bench")).filter((file) => file.endsWith(".ts"));
  await build({
    entryPoints: {
      cli: "server/cli/main.ts",
      engineChild: "server/engine/child.ts",
      installChild: "server/install/child.ts",
      checkProviderChild: "server/engine/checkProviderChild.ts",
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
}

/** Figma's sandbox: one plain script, ES2020, no DOM. */
async function buildPluginMain() {
  await build({
    entryPoints: { code: "plugin/main/main.ts" },
    outdir: "dist/plugin",
    bundle: true,
    platform: "neutral",
    format: "iife",
    target: "es2020",
    logLevel: "warning",
  });
}

/** One self-contained page: Figma loads no file beside it. */
async function buildPluginUi() {
  const { outputFiles } = await build({
    entryPoints: { ui: "plugin/ui/main.tsx" },
    outdir: "dist/plugin",
    write: false,
    bundle: true,
    minify: true,
    platform: "browser",
    format: "iife",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".svg": "text" },
    logLevel: "warning",
  });
  const text = (end) => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "";
  const page = (await readFile("plugin/ui/index.html", "utf8"))
    .replace("<!-- style -->", () => `<style>${text(".css")}</style>`)
    // A script element ends at the first of these, wherever it stands.
    .replace("<!-- script -->", () => `<script>${text(".js").replaceAll("</script", "<\\/script")}</script>`);
  await mkdir("dist/plugin", { recursive: true });
  await writeFile("dist/plugin/ui.html", page);
}

/** The emulated host: a page, and the worker that runs the plugin's main half. */
async function buildPlayground() {
  await build({
    entryPoints: { host: "plugin/playground/host.ts", sandbox: "plugin/playground/sandbox/sandbox.ts" },
    outdir: "dist/playground",
    bundle: true,
    minify: true,
    platform: "browser",
    format: "esm",
    target: "es2022",
    logLevel: "warning",
  });
  for (const page of ["index.html", "frame.html"]) await cp(`plugin/playground/${page}`, `dist/playground/${page}`);
  await cp("manifest.json", "dist/playground/manifest.json");
}

/** Changes whenever the code that writes graphs changes, so that graphs of another version are compiled anew. */
async function compilerHash() {
  const hash = createHash("sha256");
  for (const folder of ["server/onnx", "server/networks", "server/checkpoint"]) {
    for (const file of (await readdir(folder)).sort()) hash.update(file).update(await readFile(join(folder, file)));
  }
  return hash.digest("hex").slice(0, 16);
}
