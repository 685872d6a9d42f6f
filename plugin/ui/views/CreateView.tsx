import type { JSX } from "preact";
import { Icon } from "../components/Icon.tsx";
import { IconButton } from "../components/IconButton.tsx";
import { ProblemNote } from "../components/ProblemNote.tsx";
import { usePanel } from "../components/panelContext.ts";
import { AdvancedSection } from "./AdvancedSection.tsx";
import { LayersSection } from "./LayersSection.tsx";
import { OutputSection } from "./OutputSection.tsx";
import { PromptSection } from "./PromptSection.tsx";

/** Everything that a run is made of. */
export function CreateView(): JSX.Element {
  return (
    <>
      <RegeneratingNote />
      <ProblemNote place="model" />
      <LayersSection />
      <PromptSection />
      <OutputSection />
      <AdvancedSection />
    </>
  );
}

function RegeneratingNote(): JSX.Element | null {
  const { panel, state } = usePanel();
  if (!state.isRegenerating) return null;
  return (
    <div class="note" role="status">
      <Icon name="regenerate" />
      <div>These are the settings of the background that you came from. Change what you like, then generate.</div>
      <IconButton icon="close" label="Dismiss" onClick={() => panel.dispatch({ type: "regenerating_noted" })} />
    </div>
  );
}
