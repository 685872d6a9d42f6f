import type { Recipe } from "../recipe.ts";

// What a document knows of itself, in data of its root that only this plugin can read.

const idKey = "documentId";
/** Named after what an earlier version kept in it. */
const layersKey = "reference";

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

/** From now on the document has its name in every opening. A document that nothing was made in stays as it was. */
export function keepDocumentId(): void {
  keep(idKey, documentId());
}

/** The layers of the latest result are the next opening's. A reference from disk has no layer: the one before it stays. */
export function rememberLayers({ product, reference, referenceMask, area }: Recipe["layers"]): void {
  const shown = reference === "" ? rememberedLayers() : { reference, referenceMask };
  keep(layersKey, JSON.stringify({ ...shown, product, area }));
}

/** The ids that were remembered; their layers may be gone. */
export function rememberedLayers(): Partial<Recipe["layers"]> {
  const { product, reference, referenceMask, area } = parseRemembered(figma.root.getPluginData(layersKey));
  return {
    ...(typeof product === "string" && { product }),
    ...(typeof reference === "string" && { reference }),
    ...(typeof referenceMask === "string" && { referenceMask }),
    ...(typeof area === "string" && { area }),
  };
}

/** What is there already is not written again: every write is seen by all who have the document open. */
function keep(key: string, value: string): void {
  if (figma.root.getPluginData(key) !== value) figma.root.setPluginData(key, value);
}

function drawId(): string {
  return `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
}

function parseRemembered(text: string): { readonly [Slot in keyof Recipe["layers"]]?: unknown } {
  try {
    const value: unknown = JSON.parse(text === "" ? "{}" : text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
