import type { JSX } from "preact";
import { useId } from "preact/hooks";

interface SegmentsProps<Value extends string | number> {
  readonly label: string;
  readonly options: readonly { readonly value: Value; readonly label: string }[];
  readonly chosen: Value;
  readonly onChoose: (value: Value) => void;
  readonly isNarrow?: boolean;
}

/** One of a few, side by side: radio buttons, so the arrow keys work. */
export function Segments<Value extends string | number>(props: SegmentsProps<Value>): JSX.Element {
  const { label, options, chosen, onChoose, isNarrow = false } = props;
  const name = useId();
  return (
    <fieldset class={isNarrow ? "segments narrow" : "segments"} aria-label={label}>
      {options.map((option) => (
        <label class="segment" key={option.value}>
          <input type="radio" name={name} checked={option.value === chosen} onChange={() => onChoose(option.value)} />
          <span>{option.label}</span>
        </label>
      ))}
    </fieldset>
  );
}
