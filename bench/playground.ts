import type { PlaygroundWindow } from "../test/browser/playgroundWindow.ts";
import { Studio } from "../test/browser/studio.ts";
import { machine, median, percentile } from "./support.ts";

// What a person waits for: `npm run build && node dist/bench/playground.js`, with Chromium, on an otherwise idle machine. The playground hosts
// the built plugin; server and engine are warm. BACKDROP_BENCH_RUNS=1 tries the script itself.

const runs = Number(process.env.BACKDROP_BENCH_RUNS ?? 10);
const form = { steps: 30, strength: 1 };

const studio = await Studio.openPaired();
try {
  const playground = await studio.playground({ form });
  await playground.use("Reference / podium", "Style reference");
  await run(playground); // the model is opened, the pictures are uploaded
  const waits: Waits[] = [];
  for (let i = 0; i < runs; i++) waits.push(await run(playground));
  report(waits, (await playground.layer("Instagram post")).width);
} finally {
  await studio.close();
}

interface Waits {
  readonly previewMs: number;
  readonly layerMs: number;
}

/** One click on Generate, undone afterwards. */
async function run(playground: PlaygroundWindow): Promise<Waits> {
  await playground.panel.getByRole("tab", { name: "Create" }).click();
  const begin = performance.now();
  await playground.generateButton.click();
  await playground.panel.getByAltText(/^Preview/).waitFor();
  const previewMs = performance.now() - begin;
  await playground.result();
  const layerMs = performance.now() - begin;
  await playground.undo();
  return { previewMs, layerMs };
}

function report(waits: readonly Waits[], framePx: number): void {
  const row = (what: string, values: readonly number[]) => {
    const seconds = (part: number) => (percentile(values, part) / 1000).toFixed(2);
    console.log(`| ${what} | ${(median(values) / 1000).toFixed(2)} s | ${seconds(0)} … ${seconds(1)} s |`);
  };
  console.log(
    `${machine()}; models/mini, ${form.steps} steps, a frame of ${framePx} px, ${waits.length} runs after one\n`,
  );
  console.log("| from the click to | median | spread |\n|---|---|---|");
  row(
    "the first preview in the panel",
    waits.map(({ previewMs }) => previewMs),
  );
  row(
    "the layer beneath the product, proof shown",
    waits.map(({ layerMs }) => layerMs),
  );
}
