import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { usePanel } from "../components/panelContext.ts";
import { useNow } from "../components/useNow.ts";
import type { ConnectionState } from "../connection/connection.ts";

type Pairing = Extract<ConnectionState, { type: "pairing" }>;

const codeLength = 6;

/** Takes the code that the server shows in its terminal; the last character sends it. */
export function PairingView({ pairing }: { readonly pairing: Pairing }): JSX.Element {
  const { panel } = usePanel();
  const { step, expiresAtMs, problem } = pairing;
  const nowMs = useNow(true);
  const isExpired = nowMs >= expiresAtMs;
  return (
    <>
      <div>
        <h1>Pair with your server</h1>
        <p class="hint">The Backdrop server shows six characters in its terminal. Enter them here, once.</p>
      </div>
      <CodeField pairing={pairing} isDisabled={isExpired} />
      {problem !== null && (
        <p class="danger-text" role="alert" id="code-problem">
          {problem}
        </p>
      )}
      {isExpired ? (
        <div class="connection-actions">
          <button type="button" class="primary large" onClick={() => panel.connection.retry()}>
            Show a new code
          </button>
        </div>
      ) : (
        <p class="secondary-text">
          {step === "checking" ? "Checking…" : `Valid for ${clockText(expiresAtMs - nowMs)}`}
        </p>
      )}
    </>
  );
}

interface CodeFieldProps {
  readonly pairing: Pairing;
  readonly isDisabled: boolean;
}

/** One real field, drawn as six boxes. A refused code is cleared, so that the next can be typed at once. */
function CodeField({ pairing, isDisabled }: CodeFieldProps): JSX.Element {
  const { panel } = usePanel();
  const [code, setCode] = useState("");
  const input = useRef<HTMLInputElement>(null);
  const isChecking = pairing.step === "checking";
  useEffect(() => {
    if (isChecking) return;
    setCode("");
    input.current?.focus();
  }, [isChecking, pairing.expiresAtMs]);

  const onInput = (text: string) => {
    const entered = text
      .replaceAll(/[^a-z0-9]/gi, "")
      .toUpperCase()
      .slice(0, codeLength);
    setCode(entered);
    if (entered.length === codeLength && entered !== code) panel.connection.pair(entered);
  };
  return (
    <div class={pairing.problem === null ? "code" : "code wrong"}>
      <input
        ref={input}
        class="code-input"
        aria-label="Pairing code, six letters and digits"
        aria-invalid={pairing.problem !== null}
        aria-describedby={pairing.problem === null ? undefined : "code-problem"}
        autocomplete="off"
        autocapitalize="characters"
        spellcheck={false}
        disabled={isDisabled || isChecking}
        value={code}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {Array.from({ length: codeLength }, (_, place) => (
        <span key={place} class={place === code.length ? "code-box next" : "code-box"} aria-hidden="true">
          {code[place] ?? ""}
        </span>
      ))}
    </div>
  );
}

function clockText(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
