import { frameFor, grownBounds, paintedSize, type Size } from "../../../shared/geometry.ts";
import { modelInUse, type State, settingsInUse } from "../state/state.ts";

/** The size of the picture to make and whether it is the one wished for. */
export interface OutputSize {
  readonly sizePx: Size;
  readonly isAsWished: boolean;
  /** what the model paints, where that is smaller and is enlarged; null: it is not */
  readonly paintedPx: Size | null;
}

/** By the rule that main follows when the run begins. null: there is no product, so nothing says where the background goes. */
export function outputSize(state: State): OutputSize | null {
  const { slots, form } = state;
  if (slots.product.type !== "set") return null;
  const product = slots.product.layer.size;
  const area = slots.area.type === "set" ? slots.area.layer.size : grownBounds({ x: 0, y: 0, ...product });
  const fitting = frameFor(area, product, form.scale);
  return (
    fitting && {
      sizePx: fitting.frame,
      isAsWished: fitting.scale === form.scale,
      paintedPx: smallerPainted(state, fitting.frame),
    }
  );
}

function smallerPainted(state: State, frame: Size): Size | null {
  const model = modelInUse(state);
  if (model === undefined) return null;
  const painted = paintedSize(frame, model, model.refines || settingsInUse(state).strength < 1);
  return painted.width < frame.width && painted.height < frame.height ? painted : null;
}
