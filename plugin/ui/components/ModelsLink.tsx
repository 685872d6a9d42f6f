import type { ComponentChildren, JSX } from "preact";
import { usePanel } from "./panelContext.ts";

/** Leads to where models and helpers are installed. */
export function ModelsLink({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const { panel } = usePanel();
  return (
    <button
      type="button"
      class="link"
      onClick={() => panel.dispatch({ type: "editor_changed", editor: { type: "models" } })}
    >
      {children}
    </button>
  );
}
