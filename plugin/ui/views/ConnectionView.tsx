import type { JSX } from "preact";
import { Icon } from "../components/Icon.tsx";
import { usePanel } from "../components/panelContext.ts";
import type { ConnectionState } from "../connection/connection.ts";
import { type LostCauseStep, lostCauses } from "../state/lostCauses.ts";
import { PairingView } from "./PairingView.tsx";
import { RetryText } from "./RetryText.tsx";

/** The whole panel while there is no connection to work with: what is wrong, and the way out. */
export function ConnectionView({ connection }: { readonly connection: ConnectionState }): JSX.Element {
  return (
    <main class="connection">
      <div class={`connection-icon ${connection.type}`}>
        <Icon name="plug" sizePx={20} />
      </div>
      <Content connection={connection} />
    </main>
  );
}

function Content({ connection }: { readonly connection: ConnectionState }): JSX.Element {
  switch (connection.type) {
    case "connecting":
    case "ready":
      return (
        <p class="hint" role="status">
          Looking for the Backdrop server…
        </p>
      );
    case "pairing":
      return <PairingView pairing={connection} />;
    case "lost":
      return <LostView lost={connection} />;
  }
}

function LostView({ lost }: { readonly lost: Extract<ConnectionState, { type: "lost" }> }): JSX.Element {
  const { panel } = usePanel();
  const { title, explanation, steps, canPairAgain } = lostCauses[lost.cause];
  return (
    <>
      <div role="alert">
        <h1>{title}</h1>
        <p class="hint">{explanation}</p>
      </div>
      <Steps steps={steps} />
      <div class="connection-actions">
        <button type="button" class="primary large" onClick={() => panel.connection.retry()}>
          Try again
        </button>
        {canPairAgain && (
          <button type="button" class="secondary large" onClick={() => panel.connection.forget()}>
            Pair again
          </button>
        )}
        <RetryText retryAtMs={lost.retryAtMs} />
      </div>
    </>
  );
}

function Steps({ steps }: { readonly steps: readonly LostCauseStep[] }): JSX.Element {
  return (
    <ol class={steps.length === 1 ? "steps single" : "steps"}>
      {steps.map(({ text, command }) => (
        <li key={text}>
          {text}
          {command !== null && <code class="command">{command}</code>}
        </li>
      ))}
    </ol>
  );
}
