import type { JSX } from "preact";
import { useId, useMemo, useState } from "preact/hooks";
import { IconButton } from "../components/IconButton.tsx";
import { MaskCanvas } from "../components/MaskCanvas.tsx";
import { ObjectSelectionNote } from "../components/ObjectSelectionNote.tsx";
import { usePanel } from "../components/panelContext.ts";
import { Segments } from "../components/Segments.tsx";
import { useObjectSelection } from "../components/useObjectSelection.ts";
import { useUndo } from "../components/useUndo.ts";
import { Warnings } from "../components/Warnings.tsx";
import { withObject, withoutObject } from "../mask/selection.ts";
import { type MaskBrush, takesAnything, wholeMask } from "../mask/strokes.ts";
import type { PaintedMask, Shown } from "../state/pictures.ts";
import { EditorFrame } from "./EditorFrame.tsx";

const tools = [
  { value: "erase", label: "Erase" },
  { value: "add", label: "Add back" },
  { value: "object", label: "Select object" },
] as const;
type Tool = (typeof tools)[number]["value"];

/** Brush diameters, % of the picture's longer side. */
const brushPercent = { min: 1, max: 25, usual: 6 } as const;
/** of the ring that shows where a click goes */
const pointPercent = 1.5;

/** Takes parts of the layer out of the product, such as a shadow that was exported with it. */
export function ProductMaskEditor({ picture }: { readonly picture: Shown }): JSX.Element {
  const { panel, state } = usePanel();
  const [tool, setTool] = useState<Tool>("erase");
  const [percent, setPercent] = useState<number>(brushPercent.usual);
  const whole = useMemo(() => wholeMask(picture.sizePx), [picture.sizePx]);
  const mask = state.productMask ?? whole;
  const longerSidePx = Math.max(mask.sizePx.width, mask.sizePx.height);
  const brush: MaskBrush = {
    radiusPx: ((tool === "object" ? pointPercent : percent) / 200) * longerSidePx,
    value: tool === "add" ? 255 : 0,
  };

  const paint = (painted: PaintedMask | null) => panel.dispatch({ type: "product_mask_painted", mask: painted });
  const past = useUndo((painted: PaintedMask | null) => {
    selection.finish();
    paint(painted);
  });
  const replace = (painted: PaintedMask | null) => {
    past.remember(state.productMask);
    paint(painted !== null && takesAnything(painted) ? painted : null);
  };
  const change = (painted: PaintedMask | null) => {
    selection.finish();
    replace(painted);
  };
  const selection = useObjectSelection({
    painted: mask,
    sizePx: mask.sizePx,
    onFound: (before, object, isAdded) => replace((isAdded ? withObject : withoutObject)(before, object)),
  });

  return (
    <EditorFrame title="Refine the product mask" onDone={panel.editors.close}>
      <MaskCanvas
        picture={picture}
        mask={mask}
        brush={brush}
        onStroke={change}
        onPick={tool === "object" ? selection.click : null}
      />
      <div class="editor-row">
        <Segments label="Tool" options={tools} chosen={tool} onChoose={setTool} />
        <div class="editor-actions">
          <IconButton icon="undo" label="Undo" isDisabled={!past.canUndo} onClick={past.undo} />
          <IconButton
            icon="trash"
            label="Back to the layer’s own shape"
            isDisabled={state.productMask === null}
            onClick={() => change(null)}
          />
        </div>
      </div>
      {tool === "object" ? (
        <ObjectSelectionNote selection={selection} />
      ) : (
        <BrushSizeRow percent={percent} onChange={setPercent} />
      )}
      {state.isProductErased && <Warnings warnings={["Nothing of the product is left. Add some of it back."]} />}
      <p class="hint">
        {tool === "object" && "Click the product to keep it alone, click more of it to add, Alt+click to take away. "}
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
