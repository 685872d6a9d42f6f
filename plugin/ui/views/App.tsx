import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ModelMenu } from "../components/ModelMenu.tsx";
import { openerId } from "../components/opener.ts";
import { PanelContext } from "../components/panelContext.ts";
import { Tabs, tabId, tabPanelId } from "../components/Tabs.tsx";
import type { Panel } from "../panel.ts";
import type { Editor, State } from "../state/state.ts";
import { ConnectionBanner } from "./ConnectionBanner.tsx";
import { ConnectionView } from "./ConnectionView.tsx";
import { CreateView } from "./CreateView.tsx";
import { EditorFrame } from "./EditorFrame.tsx";
import { Footer } from "./Footer.tsx";
import { ModelsView } from "./ModelsView.tsx";
import { PatchEditor } from "./PatchEditor.tsx";
import { ProductMaskEditor } from "./ProductMaskEditor.tsx";
import { ResultsView } from "./ResultsView.tsx";

const tabs = [
  { name: "create", label: "Create" },
  { name: "results", label: "Results" },
] as const;

/** The whole panel. */
export function App({ panel }: { readonly panel: Panel }): JSX.Element {
  const [state, setState] = useState(panel.state());
  useEffect(() => {
    setState(panel.state());
    return panel.subscribe(setState);
  }, [panel]);
  useEffect(() => listenToKeys(panel), [panel]);
  return (
    <PanelContext.Provider value={{ panel, state }}>
      <Body state={state} panel={panel} />
    </PanelContext.Provider>
  );
}

function Body({ state, panel }: { readonly state: State; readonly panel: Panel }): JSX.Element {
  const { connection, wasReady, editor, tab } = state;
  useFocusAfterEditor(editor);
  const needsPerson = connection.type === "pairing" || (connection.type === "lost" && connection.cause === "revoked");
  if (connection.type !== "ready" && (!wasReady || needsPerson)) return <ConnectionView connection={connection} />;
  switch (editor.type) {
    case "patches":
      return <PatchEditor picture={editor.picture} />;
    case "productMask":
      return <ProductMaskEditor picture={editor.picture} />;
    case "models":
      return <ModelsView />;
    case "loading":
      return (
        <EditorFrame
          title={editor.of === "patches" ? "What the model sees" : "Refine the product mask"}
          onDone={panel.editors.close}
        >
          <div class="stage waiting" style={{ aspectRatio: "1" }} />
        </EditorFrame>
      );
    case "closed":
      return (
        <div class="frame">
          <header class="head">
            <Tabs
              label="Views"
              tabs={tabs}
              chosen={tab}
              onChoose={(name) => panel.dispatch({ type: "tab_chosen", tab: name })}
            />
            <ModelMenu />
          </header>
          <ConnectionBanner />
          <div class="body" id={tabPanelId} role="tabpanel" aria-labelledby={tabId(tab)} key={tab}>
            {tab === "create" ? <CreateView /> : <ResultsView />}
          </div>
          <Footer />
        </div>
      );
  }
}

/** Leaving an editor leads the focus back to what opens it. */
function useFocusAfterEditor(editor: Editor): void {
  const shown = editor.type === "loading" ? editor.of : editor.type;
  const before = useRef(shown);
  useEffect(() => {
    if (shown === "closed" && before.current !== "closed") document.getElementById(openerId(before.current))?.focus();
    before.current = shown;
  }, [shown]);
}

/** Ctrl/⌘+Enter generates from anywhere; Escape leaves a field, and an editor when no field has the focus. */
function listenToKeys(panel: Panel): () => void {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      if (panel.state().editor.type !== "models") void panel.runs.generate();
    }
    if (event.key !== "Escape") return;
    const focused = document.activeElement;
    if (focused instanceof HTMLElement && focused.matches("input, textarea, select")) focused.blur();
    else document.querySelector<HTMLElement>(".editor-head .primary")?.click();
  };
  window.addEventListener("keydown", onKeyDown);
  return () => window.removeEventListener("keydown", onKeyDown);
}
