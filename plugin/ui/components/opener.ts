import type { PaintEditor } from "../state/state.ts";

/** Names the button that opens an editor, where the focus comes back to when it is left. */
export function openerId(editor: PaintEditor["type"] | "models"): string {
  return `open-${editor}`;
}
