import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { unionOf } from "./camera.ts";
import { Canvas } from "./canvas.tsx";
import type { CanvasController } from "./canvasController.ts";
import { figmaColors } from "./figmaColors.ts";
import { Inspector } from "./inspector.tsx";
import { LayersPanel } from "./layersPanel.tsx";
import type { Manifest } from "./manifest.ts";
import { boxesOf, type Playground } from "./playground.ts";
import { PluginWindow } from "./pluginWindow.tsx";
import { listenForShortcuts } from "./shortcuts.ts";
import { useStore } from "./store.ts";
import { Toasts } from "./toasts.tsx";
import { TopBar } from "./topBar.tsx";

interface AppProps {
  readonly playground: Playground;
  readonly manifest: Manifest;
  /** shown first: these layers */
  readonly openingView: readonly string[];
}

/** The whole page: bar, layers and properties at the left, the canvas, and the plugin's window over it. */
export function App({ playground, manifest, openingView }: AppProps): JSX.Element {
  const state = useStore(playground.store);
  const [canvas, setCanvas] = useState<CanvasController | null>(null);
  const { theme, panel } = state;

  useEffect(() => {
    const root = document.documentElement;
    for (const [name, color] of Object.entries(figmaColors(theme))) root.style.setProperty(name, color);
    root.dataset.theme = theme;
  }, [theme]);

  useEffect(() => {
    if (canvas === null) return;
    canvas.whenSized(() => {
      const box = unionOf(boxesOf(playground.store.state, openingView));
      if (box === null) canvas.zoomTo("fit");
      else canvas.showBox(box);
    });
    return listenForShortcuts(playground, canvas);
  }, [canvas]);

  const addPictures = (files: readonly File[], at: DragEvent | null) => {
    const center = canvas?.pagePoint(at) ?? { x: 0, y: 0 };
    for (const file of files) void addPicture(playground, file, center);
  };
  useEffect(() => {
    const paste = (event: ClipboardEvent) => addPictures([...(event.clipboardData?.files ?? [])], null);
    window.addEventListener("paste", paste);
    return () => window.removeEventListener("paste", paste);
  }, [canvas]);

  return (
    <>
      <TopBar
        playground={playground}
        state={state}
        onPictures={(files) => addPictures(files, null)}
        onZoom={(to) => canvas?.zoomTo(to)}
      />
      <aside class="side">
        <LayersPanel playground={playground} state={state} />
        <Inspector playground={playground} state={state} relaunchButtons={manifest.relaunchButtons} />
      </aside>
      <main class="stage">
        <Canvas playground={playground} onController={setCanvas} onPictures={addPictures} />
        <PortNotice ports={manifest.ports} />
        <Toasts playground={playground} state={state} />
      </main>
      {panel !== null && (
        <PluginWindow key={panel.key} playground={playground} state={state} panel={panel} name={manifest.name} />
      )}
    </>
  );
}

/** As in Figma, the panel reaches the manifest's ports and no others; without this the reason would be a riddle. */
function PortNotice({ ports }: Pick<Manifest, "ports">): JSX.Element | null {
  if (ports.includes(Number(location.port))) return null;
  return (
    <p class="banner" role="status">
      This server runs on port {location.port}, which the plugin’s manifest does not let it reach. Start it with --port{" "}
      {ports.join(" or ")} to generate.
    </p>
  );
}

async function addPicture(playground: Playground, file: File, center: { readonly x: number; readonly y: number }) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const name = file.name.replace(/\.[^.]+$/, "");
  try {
    await playground.ask({ type: "add_picture", bytes, name, center });
  } catch (error) {
    const message = `${file.name}: ${error instanceof Error ? error.message : error}`;
    // The plugin's own toasts count up from 1.
    const toast = { toastId: -Date.now(), message, isError: true, timeoutMs: 6_000, button: null };
    playground.store.set({ toasts: [...playground.store.state.toasts, toast] });
  }
}
