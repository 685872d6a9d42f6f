import type { ToUi } from "../messages.ts";
import { findLayer } from "./layers.ts";
import { placeNow, type Run } from "./run.ts";
import { putBeneath, setPlace, spotsBeneath } from "./spots.ts";
import { asOneUndoStep } from "./undo.ts";

/** Figma may keep every image it was given in the file, so a run makes few. The rest is for the results of up to 4 variants. */
const maxImagesPerRun = 8;
const maxVariants = 4;
const maxPreviews = maxImagesPerRun - maxVariants;
const minIntervalMs = 1500;
const previewKey = "backdrop-preview";

type Answer = Extract<ToUi, { type: "preview_shown" | "preview_skipped" }>;

/** Shows the preview directly beneath the product, if it is time for one. */
export async function showPreview(run: Run, jpeg: Uint8Array, nowMs: number): Promise<Answer> {
  const { preview, id: runId } = run;
  const skipped = (reason: Extract<Answer, { type: "preview_skipped" }>["reason"]): Answer => {
    return { type: "preview_skipped", runId, reason };
  };
  if (!preview.isOn) return skipped("off");
  if (preview.shown >= maxPreviews) return skipped("cap_reached");
  if (nowMs - preview.lastMs < minIntervalMs) return skipped("too_soon");
  if ((await findLayer(run.place.productId)) === null) return skipped("product_deleted");
  try {
    await paintPreview(run, jpeg);
  } catch {
    // A preview is a courtesy: where it cannot be shown, the run goes on without.
    preview.isOn = false;
    removePreview(run);
    return skipped("off");
  }
  preview.shown++;
  preview.lastMs = nowMs;
  return { type: "preview_shown", runId };
}

/** No preview of the run is shown from now on. */
export function endPreviews(run: Run): void {
  run.preview.isOn = false;
  removePreview(run);
}

export function removePreview({ preview }: Run): void {
  if (preview.layer !== null && !preview.layer.removed) preview.layer.remove();
  preview.layer = null;
}

/** Removes what a crash, or an undo, left of previews on the page. */
export function sweepPreviews(page: PageNode, runs: Iterable<Run>): void {
  const inUse = new Set<string>();
  for (const { preview } of runs) if (preview.layer !== null && !preview.layer.removed) inUse.add(preview.layer.id);
  const orphans = page
    .findAllWithCriteria({ types: ["RECTANGLE"], pluginData: { keys: [previewKey] } })
    .filter(({ id }) => !inUse.has(id));
  if (orphans.length === 0) return;
  asOneUndoStep(() => {
    for (const orphan of orphans) orphan.remove();
  });
}

async function paintPreview({ place, preview }: Run, jpeg: Uint8Array): Promise<void> {
  const { product, placed } = await placeNow(place);
  const { hash } = figma.createImage(jpeg);
  if (preview.layer === null || preview.layer.removed) {
    const layer = figma.createRectangle();
    preview.layer = layer;
    layer.name = "Backdrop preview";
    layer.setPluginData(previewKey, "1");
    putBeneath(layer, product === null ? place.spots : spotsBeneath(product), placed, place.box);
    layer.locked = true;
  } else {
    setPlace(preview.layer, placed, place.box);
  }
  preview.layer.fills = [{ type: "IMAGE", scaleMode: "FILL", imageHash: hash }];
}
