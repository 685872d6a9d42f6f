import type { Slot } from "../../messages.ts";
import type { JobNote } from "./run.ts";
import { hiddenByHand, type State } from "./state.ts";

/** What a result of the layers in hand has to remember. A reference from disk has no layer: its id is empty, which names none. */
export function noteOf(state: State, scale: number): JobNote {
  const { slots, referenceFile, documentId } = state;
  const idOf = (slot: Slot) => {
    const { [slot]: layer } = slots;
    return layer.type === "set" ? layer.layer.id : null;
  };
  return {
    documentId,
    layers: {
      product: idOf("product") ?? "",
      reference: referenceFile === null ? (idOf("reference") ?? "") : "",
      referenceMask: idOf("referenceMask"),
      area: idOf("area"),
    },
    hiddenPatches: hiddenByHand(state),
    scale,
  };
}
