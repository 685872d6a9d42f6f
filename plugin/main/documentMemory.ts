import type { Recipe } from "../recipe.ts";
import { findLayer } from "./layers.ts";
import type { Slots } from "./slots.ts";

// What a document knows of itself, in data of its root that only this plugin can read.

const idKey = "documentId";
const referenceKey = "reference";

/** An undo may take it out of the document; in this opening it stays the same. */
let id: string | undefined;

/** What the document is called. Layer ids alone are the same in many documents. */
export function documentId(): string {
  if (id === undefined) {
    const kept = figma.root.getPluginData(idKey);
    id = kept === "" ? drawId() : kept;
  }
  return id;
}

/** From now on the document has its name in every opening. A document that nothing was begun in stays as it was. */
export function keepDocumentId(): void {
  keep(idKey, documentId());
}

/** The reference of the latest result is the next opening's. A picture from disk has no layer to remember. */
export function rememberReference({ reference, referenceMask }: Recipe["layers"]): void {
  const text = JSON.stringify({ reference, referenceMask });
  if (reference !== "") keep(referenceKey, text);
}

/** Fills the slots of reference and mask with what was used last, as far as it is still there. */
export async function recallReference(slots: Slots): Promise<void> {
  const remembered = parseRemembered(figma.root.getPluginData(referenceKey));
  for (const slot of ["reference", "referenceMask"] as const) {
    const id = remembered[slot];
    const layer = typeof id === "string" ? await findLayer(id) : null;
    if (layer !== null) slots.fill(slot, layer, false);
  }
}

/** What is there already is not written again: every write is seen by all who have the document open. */
function keep(key: string, value: string): void {
  if (figma.root.getPluginData(key) !== value) figma.root.setPluginData(key, value);
}

function drawId(): string {
  return `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
}

function parseRemembered(text: string): { readonly reference?: unknown; readonly referenceMask?: unknown } {
  try {
    const value: unknown = JSON.parse(text === "" ? "{}" : text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
