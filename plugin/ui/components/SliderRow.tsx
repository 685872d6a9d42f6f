import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { NumberField } from "./NumberField.tsx";

interface Range {
  readonly min: number;
  readonly max: number;
}

interface SliderRowProps {
  readonly label: string;
  /** shown on hover */
  readonly hint?: string;
  readonly value: number;
  /** everything that is allowed: what the number field takes */
  readonly range: Range;
  /** what is usual: where the slider ends; left out: the same */
  readonly usual?: Range;
  readonly step: number;
  /** what the slider's two ends mean */
  readonly ends?: readonly [string, string];
  readonly onChange: (value: number) => void;
}

/** A number with a slider for the eye and a field for the exact value. */
export function SliderRow(props: SliderRowProps): JSX.Element {
  const { label, hint, value, range, usual = range, step, ends, onChange } = props;
  const id = useId();
  const part = (Math.min(Math.max(value, usual.min), usual.max) - usual.min) / (usual.max - usual.min);
  return (
    <div class="row" title={hint}>
      <label for={id}>{label}</label>
      <div class="row-control">
        <input
          id={id}
          class="slider"
          type="range"
          min={usual.min}
          max={usual.max}
          step={step}
          value={value}
          style={{ "--part": part }}
          aria-describedby={ends && `${id}-ends`}
          onInput={(event) => onChange(event.currentTarget.valueAsNumber)}
        />
        <div class="slider-number">
          <NumberField
            label={`${label}, exact`}
            value={value}
            range={range}
            step={step}
            onChange={(next) => next !== null && onChange(next)}
          />
        </div>
      </div>
      {ends && (
        <p class="slider-ends secondary-text" id={`${id}-ends`}>
          <span>{ends[0]}</span>
          <span class="sr-only">to</span>
          <span>{ends[1]}</span>
        </p>
      )}
    </div>
  );
}
