import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileGraphs } from "../server/checkpoint/compile.ts";
import { graphsForSize } from "../server/checkpoint/graphRequest.ts";
import { publishedSidePx, writeHollowPackage } from "./hollowPackage.ts";
import { machine } from "./support.ts";

// What compiling costs at full size: `npm run build && node dist/bench/fullSize.js [sdxl|sd15]`. Compiling reads no data, so the package has
// holes in place of it.

const name = process.argv[2] === "sd15" ? "sd15" : "sdxl";
const side = publishedSidePx[name];

const dir = await mkdtemp(join(tmpdir(), `backdrop-bench-${name}-`));
try {
  const weightBytes = await writeHollowPackage(name, dir);
  const begin = performance.now();
  const compiled = await compileGraphs(dir, graphsForSize({ width: side, height: side }));
  const seconds = (performance.now() - begin) / 1000;
  const written = compiled.reduce((sum, graph) => sum + graph.bytes, 0);
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  console.log(`${machine()}; ${name} at ${side}², ${(weightBytes / 1e9).toFixed(1)} GB of float16 weights\n`);
  console.log("| what | measured | target |\n|---|---|---|");
  console.log(`| compile, all ${compiled.length} graphs | ${seconds.toFixed(2)} s | ≤ 10 s |`);
  console.log(`| bytes written, no weight among them | ${(written / 1e6).toFixed(1)} MB | ≤ 30 MB |`);
  console.log(`| peak memory | ${(peakBytes / 1e6).toFixed(0)} MB | ≤ 600 MB |`);
} finally {
  await rm(dir, { recursive: true, force: true });
}
