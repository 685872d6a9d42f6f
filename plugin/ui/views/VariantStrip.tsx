import type { JSX } from "preact";
import { Icon } from "../components/Icon.tsx";
import { usePanel } from "../components/panelContext.ts";
import { ResultPicture } from "../components/ResultPicture.tsx";
import type { PaintedJob } from "../state/focus.ts";
import type { Shown } from "../state/pictures.ts";
import { resultKey } from "../state/state.ts";

interface VariantStripProps {
  readonly jobId: string;
  readonly finished: PaintedJob["variants"];
  /** how many there will be */
  readonly wanted: number;
  /** null: what is being painted */
  readonly chosen: number | null;
  /** left out: nothing is painted any more */
  readonly painting?: { readonly preview: Shown | null } | undefined;
}

/** The variants of a job, to choose from: those that are finished, then the one that is being painted, then those to come. */
export function VariantStrip({ jobId, finished, wanted, chosen, painting }: VariantStripProps): JSX.Element {
  const { panel, state } = usePanel();
  const choose = (variant: number | null) => panel.dispatch({ type: "variant_chosen", jobId, variant });
  const next = finished.length + 1;
  const waiting = painting === undefined ? 0 : Math.max(0, wanted - next);
  return (
    <fieldset class="variants" aria-label="Variants">
      {finished.map(({ variant }) => {
        const isInserted = state.insertions[resultKey(jobId, variant)]?.type === "inserted";
        return (
          <button
            type="button"
            class="variant"
            key={variant}
            aria-label={`Variant ${variant}${isInserted ? ", in the canvas" : ""}`}
            aria-pressed={variant === chosen}
            onClick={() => choose(variant)}
          >
            <ResultPicture jobId={jobId} variant={variant} size="thumbnail" description="" />
            {isInserted && (
              <span class="in-canvas" title="In the canvas">
                <Icon name="check" sizePx={10} />
              </span>
            )}
          </button>
        );
      })}
      {painting !== undefined && next <= wanted && (
        <button
          type="button"
          class="variant painting"
          key={next}
          aria-label={`Variant ${next}, being painted`}
          aria-pressed={chosen === null}
          onClick={() => choose(null)}
        >
          {painting.preview === null ? (
            <span class="picture loading" />
          ) : (
            <img class="picture" src={painting.preview.url} alt="" draggable={false} />
          )}
        </button>
      )}
      {Array.from({ length: waiting }, (_, i) => (
        <span class="variant to-come" key={next + 1 + i} aria-hidden="true" />
      ))}
    </fieldset>
  );
}
