import { type Inputs, useEffect, useState } from "preact/hooks";
import { usePanel } from "./panelContext.ts";

export type Loaded<Value> =
  | { readonly type: "loading" }
  | { readonly type: "ready"; readonly value: Value }
  | { readonly type: "failed" };

/**
 * What `load` resolves to, loaded anew when one of `inputs` changes, and once more when it failed and the connection is back; a late answer
 * to an earlier question is dropped.
 */
export function useLoaded<Value>(load: () => Promise<Value>, inputs: Inputs): Loaded<Value> {
  const [loaded, setLoaded] = useState<Loaded<Value>>({ type: "loading" });
  const [retries, setRetries] = useState(0);
  const isConnected = usePanel().state.connection.type === "ready";
  useEffect(() => {
    if (isConnected && loaded.type === "failed") setRetries(retries + 1);
  }, [isConnected]);
  useEffect(() => {
    let isCurrent = true;
    setLoaded({ type: "loading" });
    load().then(
      (value) => isCurrent && setLoaded({ type: "ready", value }),
      () => isCurrent && setLoaded({ type: "failed" }),
    );
    return () => {
      isCurrent = false;
    };
  }, [...inputs, retries]);
  return loaded;
}
