import type { JSX } from "preact";
import { Icon } from "./Icon.tsx";

/** What the engine had to say about a job that it made all the same. */
export function Warnings({ warnings }: { readonly warnings: readonly string[] }): JSX.Element {
  return (
    <>
      {warnings.map((warning) => (
        <div class="note warning" key={warning}>
          <Icon name="info" />
          <div>{warning.charAt(0).toUpperCase() + warning.slice(1)}</div>
        </div>
      ))}
    </>
  );
}
