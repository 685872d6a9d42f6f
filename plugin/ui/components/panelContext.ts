import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Panel } from "../panel.ts";
import type { State } from "../state/state.ts";

/** The panel, and its state as of this render. */
export interface PanelAndState {
  readonly panel: Panel;
  readonly state: State;
}

export const PanelContext = createContext<PanelAndState | null>(null);

export function usePanel(): PanelAndState {
  const context = useContext(PanelContext);
  if (context === null) throw new Error("usePanel: there is no panel around this component");
  return context;
}
