import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Panel } from "../panel.ts";
import type { State } from "../state/state.ts";

/** The panel and its state as of this rendering, for every view. */
export const PanelContext = createContext<{ readonly panel: Panel; readonly state: State } | null>(null);

export function usePanel(): { readonly panel: Panel; readonly state: State } {
  const value = useContext(PanelContext);
  if (value === null) throw new Error("usePanel: expected a PanelContext.Provider above; render the view inside App");
  return value;
}
