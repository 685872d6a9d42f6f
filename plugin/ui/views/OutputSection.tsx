import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { settingRanges } from "../../../shared/settings.ts";
import { IconButton } from "../components/IconButton.tsx";
import { NumberField } from "../components/NumberField.tsx";
import { ProblemNote } from "../components/ProblemNote.tsx";
import { usePanel } from "../components/panelContext.ts";
import { Segments } from "../components/Segments.tsx";
import { SliderRow } from "../components/SliderRow.tsx";
import { sizeText } from "../components/SlotRow.tsx";
import type { Form } from "../state/form.ts";
import { settingsInUse } from "../state/state.ts";
import { type OutputSize, outputSize } from "./outputSize.ts";

const variantChoices = [1, 2, 3, 4].map((value) => ({ value, label: String(value) }));
const scaleChoices = [
  { value: 1, label: "1×" },
  { value: 2, label: "2×" },
] as const;

/** What is made: how far from the reference, how many pictures, how large, from which noise. */
export function OutputSection(): JSX.Element {
  const { panel, state } = usePanel();
  const { form } = state;
  const output = outputSize(state);
  const change = (part: Partial<Form>) => panel.dispatch({ type: "form_changed", change: part });
  return (
    <div class="section">
      <SliderRow
        label="Repaint"
        hint="The lower, the more of the reference’s layout and colours stays, and the less prompt and seed change"
        value={settingsInUse(state).strength}
        range={settingRanges.strength}
        usual={{ min: 0.05, max: 1 }}
        step={0.05}
        ends={["Keep reference", "Paint anew"]}
        onChange={(strength) => change({ strength })}
      />
      <div class="row">
        <span>Variants</span>
        <Segments
          label="Variants"
          options={variantChoices}
          chosen={form.variants}
          onChoose={(variants) => change({ variants })}
        />
      </div>
      <div class="row">
        <span>Size</span>
        <div class="row-control">
          <Segments
            label="Size"
            options={scaleChoices}
            chosen={form.scale}
            onChoose={(scale) => change({ scale })}
            isNarrow={true}
          />
          {output !== null && <SizeText output={output} />}
        </div>
      </div>
      {output !== null && output.paintedPx !== null && (
        <p class="hint">Painted at {sizeText(output.paintedPx)}, then enlarged.</p>
      )}
      <SeedRow form={form} onChange={change} />
      <ProblemNote place="settings" />
    </div>
  );
}

function SizeText({ output: { sizePx, isAsWished } }: { readonly output: OutputSize }): JSX.Element {
  const text = `${sizeText(sizePx)} px`;
  return isAsWished ? (
    <span class="secondary-text one-line">{text}</span>
  ) : (
    <span class="secondary-text one-line" title="The nearest that is possible: each side is 64 to 4096 px">
      {text}
    </span>
  );
}

interface SeedRowProps {
  readonly form: Form;
  readonly onChange: (part: Partial<Form>) => void;
}

/** A seed that was typed or drawn is kept; unlocked, every run draws its own and leaves it here to be read. */
function SeedRow({ form, onChange }: SeedRowProps): JSX.Element {
  const id = useId();
  const { seed, isSeedLocked } = form;
  return (
    <div class="row">
      <label for={id}>Seed</label>
      <div class="row-control">
        <NumberField
          id={id}
          label="Seed"
          value={seed}
          range={settingRanges.seed}
          step={1}
          placeholder="Random"
          onChange={(next) => onChange({ seed: next, isSeedLocked: next !== null })}
        />
        <IconButton
          icon="dice"
          label="Draw another seed and keep it"
          onClick={() => onChange({ seed: drawSeed(), isSeedLocked: true })}
        />
        <IconButton
          icon={isSeedLocked ? "lock" : "unlock"}
          label={isSeedLocked ? "Draw a new seed for every run" : "Keep this seed for every run"}
          isPressed={isSeedLocked}
          onClick={() =>
            onChange(isSeedLocked ? { isSeedLocked: false } : { seed: seed ?? drawSeed(), isSeedLocked: true })
          }
        />
      </div>
    </div>
  );
}

function drawSeed(): number {
  const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
  return seed;
}
