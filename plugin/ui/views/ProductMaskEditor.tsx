import type { JSX } from "preact";
import { useId, useMemo, useState } from "preact/hooks";
import { IconButton } from "../components/IconButton.tsx";
import { MaskCanvas } from "../components/MaskCanvas.tsx";
import { usePanel } from "../components/panelContext.ts";
import { Segments } from "../components/Segments.tsx";
import { useUndo } from "../components/useUndo.ts";
import { Warnings } from "../components/Warnings.tsx";
import { type MaskBrush, takesAnything, wholeMask } from "../mask/strokes.ts";
import type { PaintedMask, Shown } from "../state/state.ts";
import { EditorFrame } from "./EditorFrame.tsx";

const tools = [
  { value: 0, label: "Erase" },
  { value: 255, label: "Add back" },
] as const;

/** Brush diameters, % of the picture's longer side. */
const brushPercent = { min: 1, max: 25, usual: 6 } as const;

/** Takes parts of the layer out of the product, such as a shadow that was exported with it. */
export function ProductMaskEditor({ picture }: { readonly picture: Shown }): JSX.Element {
  const { panel, state } = usePanel();
  const [value, setValue] = useState<MaskBrush["value"]>(0);
  const [percent, setPercent] = useState<number>(brushPercent.usual);
  const whole = useMemo(() => wholeMask(picture.sizePx), [picture.sizePx]);
  const mask = state.productMask ?? whole;
  const longerSidePx = Math.max(mask.sizePx.width, mask.sizePx.height);
  const brush: MaskBrush = { radiusPx: (percent / 200) * longerSidePx, value };

  const paint = (painted: PaintedMask | null) => panel.dispatch({ type: "product_mask_painted", mask: painted });
  const past = useUndo(paint);
  const change = (painted: PaintedMask | null) => {
    past.remember(state.productMask);
    paint(painted);
  };

  return (
    <EditorFrame title="Refine the product mask" onDone={panel.editors.close}>
      <MaskCanvas
        picture={picture}
        mask={mask}
        brush={brush}
        onStroke={(painted) => change(takesAnything(painted) ? painted : null)}
      />
      <div class="editor-row">
        <Segments label="Brush does" options={tools} chosen={value} onChoose={setValue} />
        <div class="editor-actions">
          <IconButton icon="undo" label="Undo the last stroke" isDisabled={!past.canUndo} onClick={past.undo} />
          <IconButton
            icon="trash"
            label="Back to the layer’s own shape"
            isDisabled={state.productMask === null}
            onClick={() => change(null)}
          />
        </div>
      </div>
      <BrushSizeRow percent={percent} onChange={setPercent} />
      {state.isProductErased && <Warnings warnings={["Nothing of the product is left. Add some of it back."]} />}
      <p class="hint">
        The hatched part is not product: the model paints there. Nothing beyond the layer’s own shape can be added. Your
        layer itself stays as it is.
      </p>
    </EditorFrame>
  );
}

interface BrushSizeRowProps {
  readonly percent: number;
  readonly onChange: (percent: number) => void;
}

function BrushSizeRow({ percent, onChange }: BrushSizeRowProps): JSX.Element {
  const id = useId();
  const { min, max } = brushPercent;
  return (
    <div class="row">
      <label for={id}>Brush</label>
      <div class="row-control">
        <input
          id={id}
          class="slider"
          type="range"
          min={min}
          max={max}
          value={percent}
          style={{ "--part": (percent - min) / (max - min) }}
          onInput={(event) => onChange(event.currentTarget.valueAsNumber)}
        />
        <output class="slider-number secondary-text" for={id}>
          {percent} %
        </output>
      </div>
    </div>
  );
}
