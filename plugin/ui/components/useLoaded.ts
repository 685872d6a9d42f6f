import { type Inputs, useEffect, useState } from "preact/hooks";

export type Loaded<Value> =
  | { readonly type: "loading" }
  | { readonly type: "ready"; readonly value: Value }
  | { readonly type: "failed" };

/** What `load` resolves to, loaded anew when one of `inputs` changes; a late answer to an earlier question is dropped. */
export function useLoaded<Value>(load: () => Promise<Value>, inputs: Inputs): Loaded<Value> {
  const [loaded, setLoaded] = useState<Loaded<Value>>({ type: "loading" });
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
  }, inputs);
  return loaded;
}
