import type { PlaygroundWindow } from "../test/browser/playgroundWindow.ts";
import { Studio } from "../test/browser/studio.ts";
import { machine, median, percentile } from "./support.ts";

// What a person waits for: `npm run build && node dist/bench/playground.js`, with Chromium, on an otherwise idle machine. The playground hosts
// the built plugin; server and engine are warm. BACKDROP_BENCH_RUNS=1 tries the script itself.

const runs = Number(process.env.BACKDROP_BENCH_RUNS ?? 10);
const steps = 30;

const studio = await Studio.openPaired();
try {
  console.log(`${machine()}; models/mini, ${steps} steps, ${runs} runs after one\n`);
  await measure("from the reference's layout, as by default", { strength: null });
  await measure("from noise", { strength: 1 });
} finally {
  await studio.close();
}

async function measure(start: string, chosen: { readonly strength: number | null }): Promise<void> {
  const playground = await studio.playground({ form: { steps, ...chosen } });
  await playground.use("Reference / podium", "Style reference");
  await run(playground); // the model is opened, the pictures are uploaded
  const waits: Waits[] = [];
  for (let i = 0; i < runs; i++) waits.push(await run(playground));
  report(`${start}, a frame of ${(await playground.layer("Instagram post")).width} px`, waits);
}

interface Waits {
  readonly previewMs: number;
  readonly layerMs: number;
}

/** One click on Generate, undone afterwards. */
async function run(playground: PlaygroundWindow): Promise<Waits> {
  await playground.panel.getByRole("tab", { name: "Create" }).click();
  const begin = performance.now();
  const since = async (seen: Promise<unknown>) => {
    await seen;
    return performance.now() - begin;
  };
  // Looked for from the beginning: a short run shows its last preview before the click is answered.
  const preview = since(playground.panel.getByAltText(/^Preview/).waitFor());
  await playground.generateButton.click();
  const layerMs = await since(playground.result());
  const previewMs = await preview;
  await playground.undo();
  return { previewMs, layerMs };
}

function report(what: string, waits: readonly Waits[]): void {
  const row = (until: string, values: readonly number[]) => {
    const seconds = (part: number) => (percentile(values, part) / 1000).toFixed(2);
    console.log(`| ${until} | ${(median(values) / 1000).toFixed(2)} s | ${seconds(0)} … ${seconds(1)} s |`);
  };
  console.log(`\n| ${what}: from the click to | median | spread |\n|---|---|---|`);
  row(
    "the first preview in the panel",
    waits.map(({ previewMs }) => previewMs),
  );
  row(
    "the layer beneath the product, proof shown",
    waits.map(({ layerMs }) => layerMs),
  );
}
