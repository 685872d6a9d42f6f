import type { JSX } from "preact";
import { useState } from "preact/hooks";

interface NumberFieldProps {
  readonly label: string;
  readonly value: number | null;
  readonly range: { readonly min: number; readonly max: number };
  /** what the arrow keys add; ten times as much with Shift */
  readonly step: number;
  /** shown while there is no number; then an empty field means null, otherwise it changes nothing */
  readonly placeholder?: string;
  readonly id?: string;
  readonly onChange: (value: number | null) => void;
}

/** A number that is taken when the field is left or Enter is pressed, brought into its range; anything else is put back. */
export function NumberField(props: NumberFieldProps): JSX.Element {
  const { label, value, range, step, placeholder, id, onChange } = props;
  const [draft, setDraft] = useState<string | null>(null);

  const take = () => {
    if (draft === null) return;
    setDraft(null);
    const next = numberIn(draft, range, step);
    if (next !== null) onChange(next);
    else if (draft.trim() === "" && placeholder !== undefined) onChange(null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) take();
    if (event.key === "Escape") setDraft(null);
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    const from = (draft === null ? value : numberIn(draft, range, step)) ?? range.min;
    const by = (event.key === "ArrowUp" ? step : -step) * (event.shiftKey ? 10 : 1);
    setDraft(null);
    onChange(within(from + by, range, step));
  };

  return (
    <input
      class="field"
      id={id}
      aria-label={label}
      inputMode="decimal"
      autocomplete="off"
      placeholder={placeholder}
      value={draft ?? (value === null ? "" : String(value))}
      onInput={(event) => setDraft(event.currentTarget.value)}
      onFocus={(event) => event.currentTarget.select()}
      onKeyDown={onKeyDown}
      onBlur={take}
    />
  );
}

function numberIn(text: string, range: NumberFieldProps["range"], step: number): number | null {
  const number = Number(text.trim().replace(",", "."));
  return text.trim() === "" || !Number.isFinite(number) ? null : within(number, range, step);
}

/** In the range, without the digits that floating point adds; whole where the steps are. */
function within(number: number, { min, max }: NumberFieldProps["range"], step: number): number {
  const rounded = Number.isInteger(step) ? Math.round(number) : Math.round(number * 1000) / 1000;
  return Math.min(Math.max(rounded, min), max);
}
