import type { JSX } from "preact";
import { useNow } from "../components/useNow.ts";

/** When the connection is tried again by itself; nothing when it is not. */
export function RetryText({ retryAtMs }: { readonly retryAtMs: number | null }): JSX.Element | null {
  const nowMs = useNow(retryAtMs !== null);
  if (retryAtMs === null) return null;
  const seconds = Math.ceil((retryAtMs - nowMs) / 1000);
  return <p class="secondary-text">{seconds <= 0 ? "Trying…" : `Tries again in ${seconds} s`}</p>;
}
