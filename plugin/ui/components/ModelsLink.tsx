import type { ComponentChildren, JSX } from "preact";
import { usePanel } from "./panelContext.ts";

/** Leads to where models and helpers are installed, and from there back. */
export function ModelsLink({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const { panel } = usePanel();
  return (
    <button type="button" class="link" onClick={panel.editors.openModels}>
      {children}
    </button>
  );
}
