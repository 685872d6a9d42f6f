import type { PictureSlot, SlotState } from "../messages.ts";
import { HostFailure } from "./hostFailure.ts";
import { slotTitles } from "./slots.ts";

/** Refuses a layer that is in another slot already: the product would be its own reference, or the reference its own mask. */
export function refuseTaken(
  slot: PictureSlot,
  layer: SceneNode,
  states: Readonly<Record<PictureSlot, SlotState>>,
): void {
  for (const other of ["product", "reference"] as const) {
    const { [other]: state } = states;
    if (other === slot || state.type !== "set" || state.layer.id !== layer.id) continue;
    throw new HostFailure("layer_taken", `“${layer.name}” is the ${slotTitles[other]}. ${wanted[slot]}`, { slot });
  }
}

const wanted: Readonly<Record<PictureSlot, string>> = {
  product: "Select the layer to keep as it is, or clear that slot first.",
  reference: "Select a layer that shows what the background should look like, or clear that slot first.",
  referenceMask:
    "A mask is a layer of its own with the reference’s proportions: white where the model may look, black where not. Select that one.",
};
