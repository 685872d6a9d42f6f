import { frameFor, grownBounds, type Size } from "../../../shared/geometry.ts";
import type { State } from "../state/state.ts";

/** The size of the picture to make and whether it is the one wished for. */
export interface OutputSize {
  readonly sizePx: Size;
  readonly isAsWished: boolean;
}

/** By the rule that main follows when the run begins. null: there is no product, so nothing says where the background goes. */
export function outputSize({ slots, form }: State): OutputSize | null {
  if (slots.product.type !== "set") return null;
  const product = slots.product.layer.size;
  const area = slots.area.type === "set" ? slots.area.layer.size : grownBounds({ x: 0, y: 0, ...product });
  const fitting = frameFor(area, product, form.scale);
  return fitting && { sizePx: fitting.frame, isAsWished: fitting.scale === form.scale };
}
