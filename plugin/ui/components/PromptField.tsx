import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { maxPromptLength } from "../../../shared/settings.ts";
import { modelInUse } from "../state/state.ts";
import { usePanel } from "./panelContext.ts";

interface PromptFieldProps {
  readonly name: "prompt" | "negative";
  readonly label: string;
  readonly placeholder: string;
}

/** English words to a token, which are of a word or a piece of one */
const wordsPerToken = 0.75;

export function PromptField({ name, label, placeholder }: PromptFieldProps): JSX.Element {
  const { panel, state } = usePanel();
  const id = useId();
  const text = state.form[name];
  const isTooLong = text.length > maxPromptLength;
  return (
    <div class={`prompt-field ${name}`}>
      <div class="label-line">
        <label for={id}>{label}</label>
        <Room text={text} />
      </div>
      <textarea
        id={id}
        class="field"
        rows={name === "prompt" ? 3 : 1}
        placeholder={placeholder}
        aria-invalid={isTooLong}
        spellcheck={true}
        value={text}
        onInput={(event) => panel.dispatch({ type: "form_changed", change: { [name]: event.currentTarget.value } })}
      />
    </div>
  );
}

/** That there is more text than can be sent, or more than the model reads; nothing while it fits. */
function Room({ text }: { readonly text: string }): JSX.Element | null {
  const { state } = usePanel();
  if (text.length > maxPromptLength) {
    return (
      <span class="danger-text">
        {text.length} / {maxPromptLength}
      </span>
    );
  }
  const words = text.split(/\s+/).filter((word) => word !== "").length;
  const readWords = Math.floor((modelInUse(state)?.promptTokens ?? Number.POSITIVE_INFINITY) * wordsPerToken);
  return words > readWords ? <span class="secondary-text">About {readWords} words are read</span> : null;
}
