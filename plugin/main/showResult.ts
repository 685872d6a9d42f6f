import { readRecipe } from "./recipes.ts";

/** Lets a result be seen: of its product's backgrounds, the others in its group are hidden, and so are those that lie over it. */
export function showResult(layer: SceneNode): void {
  layer.visible = true;
  const { parent } = layer;
  const product = productOf(layer);
  // A recipe of a later version does not say which layers are its rivals.
  if (parent === null || parent.type === "DOCUMENT" || product === null) return;
  const isGroup = parent.type === "GROUP" && productOf(parent) !== null;
  const place = parent.children.findIndex(({ id }) => id === layer.id);
  for (const [i, other] of parent.children.entries()) {
    if ((isGroup ? i !== place : i > place) && productOf(other) === product) other.visible = false;
  }
  if (isGroup) showResult(parent);
}

/** The product of a result, or of a group of nothing but its results. */
export function productOf(layer: SceneNode): string | null {
  if (layer.type !== "GROUP") return readRecipe(layer)?.layers.product ?? null;
  const [first, ...others] = layer.children;
  const product = first === undefined ? null : productOf(first);
  return others.every((other) => productOf(other) === product) ? product : null;
}
