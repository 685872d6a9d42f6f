import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { maxPromptLength } from "../../../shared/settings.ts";
import { usePanel } from "./panelContext.ts";

interface PromptFieldProps {
  readonly name: "prompt" | "negative";
  readonly label: string;
  readonly placeholder: string;
}

/** from this part of the limit on, the count is shown */
const nearLimit = 0.8;

export function PromptField({ name, label, placeholder }: PromptFieldProps): JSX.Element {
  const { panel, state } = usePanel();
  const id = useId();
  const text = state.form[name];
  const isTooLong = text.length > maxPromptLength;
  return (
    <div class={`prompt-field ${name}`}>
      <div class="label-line">
        <label for={id}>{label}</label>
        {text.length > nearLimit * maxPromptLength && (
          <span class={isTooLong ? "danger-text" : "secondary-text"}>
            {text.length} / {maxPromptLength}
          </span>
        )}
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
