import type { JSX } from "preact";
import { Fragment } from "preact";
import { usePanel } from "../components/panelContext.ts";
import { lostCauses } from "../state/lostCauses.ts";
import { RetryText } from "./RetryText.tsx";

/** That the connection is away, above everything that goes on without it. */
export function ConnectionBanner(): JSX.Element | null {
  const { panel, state } = usePanel();
  const { connection } = state;
  if (connection.type === "connecting") {
    return (
      <div class="banner" role="status">
        <p>Looking for the server…</p>
      </div>
    );
  }
  if (connection.type !== "lost") return null;
  const { title, steps } = lostCauses[connection.cause];
  return (
    <div class="banner" role="status">
      <div class="banner-head">
        <p class="banner-title">{title}</p>
        <button type="button" class="link" onClick={() => panel.connection.retry()}>
          Try now
        </button>
      </div>
      <p>
        {steps.map(({ text, command }) => (
          <Fragment key={text}>
            {text} {command !== null && <code>{command}</code>}{" "}
          </Fragment>
        ))}
      </p>
      <RetryText retryAtMs={connection.retryAtMs} />
    </div>
  );
}
