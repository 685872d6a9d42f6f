import type { Size } from "../../../shared/geometry.ts";
import { frameSidePx } from "../../../shared/settings.ts";
import type { State } from "../state/state.ts";

/** The size of the picture to make and whether it is the one wished for; main decides the same when the run begins. */
export interface OutputSize {
  readonly sizePx: Size;
  readonly isAsWished: boolean;
}

/** null: there is no product, so nothing says where the background goes. */
export function outputSize({ slots, form }: State): OutputSize | null {
  if (slots.product.type !== "set") return null;
  const product = slots.product.layer.size;
  const area =
    slots.area.type === "set" ? slots.area.layer.size : { width: 2 * product.width, height: 2 * product.height };
  const least = frameSidePx.min / Math.min(area.width, area.height);
  const most = frameSidePx.max / Math.max(area.width, area.height, product.width, product.height);
  if (!(least <= most)) return null;
  const scale = Math.min(Math.max(form.scale, least), most);
  return {
    sizePx: { width: Math.round(area.width * scale), height: Math.round(area.height * scale) },
    isAsWished: scale === form.scale,
  };
}
