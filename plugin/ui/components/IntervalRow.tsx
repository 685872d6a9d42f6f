import type { JSX } from "preact";
import { NumberField } from "./NumberField.tsx";

interface IntervalRowProps {
  readonly label: string;
  /** shown on hover */
  readonly hint: string;
  /** 0 … `end` */
  readonly start: number;
  /** `start` … 1 */
  readonly end: number;
  readonly onChange: (start: number, end: number) => void;
}

const step = 0.05;

/** From where to where, in parts of a whole; the one never passes the other. */
export function IntervalRow({ label, hint, start, end, onChange }: IntervalRowProps): JSX.Element {
  return (
    <div class="row" title={hint}>
      <span>{label}</span>
      <div class="row-control">
        <NumberField
          label={`${label} from`}
          value={start}
          range={{ min: 0, max: end }}
          step={step}
          onChange={(next) => next !== null && onChange(next, end)}
        />
        <span aria-hidden="true">–</span>
        <NumberField
          label={`${label} to`}
          value={end}
          range={{ min: start, max: 1 }}
          step={step}
          onChange={(next) => next !== null && onChange(start, next)}
        />
      </div>
    </div>
  );
}
