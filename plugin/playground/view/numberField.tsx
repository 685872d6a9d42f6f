import type { JSX } from "preact";

/** A number that is taken when the field is left or Enter is pressed; what is no number is put back. */
export function NumberField(props: {
  /** one character before the number */
  readonly label: string;
  readonly name: string;
  readonly unit?: string;
  readonly value: number;
  readonly min?: number;
  readonly max?: number;
  readonly onChange: (value: number) => void;
}): JSX.Element {
  const { label, name, unit = "", value, min, max, onChange } = props;
  const shown = `${Math.round(value * 100) / 100}${unit}`;
  return (
    <label class="field" title={name}>
      <span aria-hidden="true">{label}</span>
      <input
        type="text"
        inputMode="decimal"
        aria-label={name}
        value={shown}
        onFocus={({ currentTarget }) => currentTarget.select()}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.value = shown;
          if (event.key === "Enter" || event.key === "Escape") event.currentTarget.blur();
        }}
        onBlur={({ currentTarget }) => {
          const typed = Number.parseFloat(currentTarget.value.replace(",", "."));
          const isNew = Number.isFinite(typed) && currentTarget.value !== shown;
          currentTarget.value = shown;
          if (isNew) onChange(Math.min(Math.max(typed, min ?? typed), max ?? typed));
        }}
      />
    </label>
  );
}
