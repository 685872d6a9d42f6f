import type { Slot } from "../../messages.ts";
import { problemOf } from "../state/problem.ts";
import type { Context } from "./context.ts";
import { maxReferenceSidePx } from "./generate.ts";

export interface Layers {
  useSelection(slot: Slot): void;
  clear(slot: Slot): void;
  show(nodeId: string): void;
  /** a picture from disk takes the reference's place */
  openReference(file: File): Promise<void>;
}

/** Which layers, or which picture from disk, take the slots. */
export function createLayers({ host, pixels, dispatch }: Context): Layers {
  return {
    useSelection(slot) {
      dispatch({ type: "problems_cleared", place: slot });
      host.post({ type: "use_selection", slot });
    },
    clear(slot) {
      dispatch({ type: "problems_cleared", place: slot });
      if (slot === "reference") dispatch({ type: "reference_file_chosen", file: null });
      host.post({ type: "clear_slot", slot });
    },
    show(nodeId) {
      host.post({ type: "show_layer", nodeId });
    },
    async openReference(file) {
      try {
        const opened = await pixels.openReference(file, maxReferenceSidePx);
        dispatch({ type: "reference_file_chosen", file: opened });
        // One reference at a time: a layer that is chosen next, the same even, takes its place again.
        host.post({ type: "clear_slot", slot: "reference" });
      } catch (thrown) {
        dispatch({ type: "problem_raised", problem: problemOf(thrown, "reference") });
      }
    },
  };
}
