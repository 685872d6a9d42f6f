import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { IconButton } from "../components/IconButton.tsx";
import { ObjectSelectionNote } from "../components/ObjectSelectionNote.tsx";
import { PatchGrid } from "../components/PatchGrid.tsx";
import { usePanel } from "../components/panelContext.ts";
import { Segments } from "../components/Segments.tsx";
import { SliderRow } from "../components/SliderRow.tsx";
import { useObjectSelection } from "../components/useObjectSelection.ts";
import { useUndo } from "../components/useUndo.ts";
import { Warnings } from "../components/Warnings.tsx";
import { type BrushSize, brushSizes } from "../patches/brush.ts";
import { patchesOf } from "../patches/selection.ts";
import { countOf, hiddenReferenceText, inverted, patchStates, withPatches } from "../patches/visibility.ts";
import type { Shown } from "../state/pictures.ts";
import { hiddenByHand, patchGrid } from "../state/state.ts";
import { EditorFrame } from "./EditorFrame.tsx";

/** At 1 even a patch that is dropped whole would count as visible. */
const thresholdRange = { min: 0, max: 0.95 };

const tools = [
  { value: "brush", label: "Brush" },
  { value: "object", label: "Select object" },
] as const;
type Tool = (typeof tools)[number]["value"];

/** Which patches of the reference the model sees: those hidden here have no influence on the picture. */
export function PatchEditor({ picture }: { readonly picture: Shown }): JSX.Element {
  const { panel, state } = usePanel();
  const [brush, setBrush] = useState<BrushSize>(1);
  const [tool, setTool] = useState<Tool>("brush");
  const grid = patchGrid(state);
  const { visibilityThreshold } = state.form;
  const hidden = hiddenByHand(state);
  const states = patchStates(grid, hidden, state.droppedParts, visibilityThreshold);
  const droppedCount = countOf(states, "dropped");
  const hide = (patches: readonly number[]) => panel.dispatch({ type: "patches_hidden", hidden: patches });
  const past = useUndo((patches: readonly number[]) => {
    selection.finish();
    hide(patches);
  });
  const change = (patches: readonly number[]) => {
    selection.finish();
    past.remember(hidden);
    hide(patches);
  };
  const selection = useObjectSelection({
    painted: hidden,
    sizePx: picture.sizePx,
    onFound: (before, object, isHidden) => {
      past.remember(hidden);
      hide(withPatches(before, patchesOf(object, grid, visibilityThreshold), isHidden));
    },
  });

  // A fast stroke paints several times before the next rendering.
  const paint = (patches: readonly number[], isHidden: boolean) => {
    const choosable = patches.filter((patch) => states[patch] !== "dropped");
    hide(withPatches(hiddenByHand(panel.state()), choosable, isHidden));
  };

  return (
    <EditorFrame title="What the model sees" onDone={panel.editors.close}>
      <PatchGrid
        picture={picture}
        grid={grid}
        states={states}
        brush={brush}
        onBegin={() => {
          selection.finish();
          past.remember(hidden);
        }}
        onPaint={paint}
        onPick={tool === "object" ? selection.click : null}
      />
      <div class="editor-row">
        <div aria-live="polite">
          <p>
            {countOf(states, "visible")} of {states.length} visible
          </p>
          {droppedCount > 0 && <p class="secondary-text">{droppedCount} hidden by mask or transparency</p>}
        </div>
        <div class="editor-actions">
          <IconButton icon="undo" label="Undo" isDisabled={!past.canUndo} onClick={past.undo} />
          <IconButton icon="invert" label="Swap hidden and visible" onClick={() => change(inverted(states))} />
          <IconButton icon="eye" label="Show all" isDisabled={hidden.length === 0} onClick={() => change([])} />
        </div>
      </div>
      <div class="row">
        <span aria-hidden="true">Tool</span>
        <Segments label="Tool" options={tools} chosen={tool} onChoose={setTool} />
      </div>
      {tool === "object" ? (
        <ObjectSelectionNote selection={selection} />
      ) : (
        <div class="row">
          <span aria-hidden="true">Brush size</span>
          <Segments
            label="Brush size, patches a side"
            options={brushSizes.map((size) => ({ value: size, label: String(size) }))}
            chosen={brush}
            onChoose={setBrush}
          />
        </div>
      )}
      {state.droppedParts !== null && (
        <SliderRow
          label="Threshold"
          hint="A patch is hidden where the mask, or transparency, covers more than this part of it"
          value={visibilityThreshold}
          range={thresholdRange}
          step={0.05}
          onChange={(value) => panel.dispatch({ type: "form_changed", change: { visibilityThreshold: value } })}
        />
      )}
      {countOf(states, "visible") === 0 && <Warnings warnings={[hiddenReferenceText]} />}
      <p class="hint">
        {tool === "object"
          ? "Click an object to hide it, click more of it to add, Alt+click to show it again. "
          : "Click or drag to hide patches, again to show them. "}
        Hidden ones do not influence style, depth or layout; the prompt paints there.
        {picture.sizePx.width !== picture.sizePx.height &&
          " What lies outside of the square counts with the patches at its border."}
      </p>
    </EditorFrame>
  );
}
