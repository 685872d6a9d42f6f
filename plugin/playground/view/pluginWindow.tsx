import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Point } from "../document/matrix.ts";
import { framePage, isFrameNotice } from "./framePage.ts";
import type { Playground } from "./playground.ts";
import type { Panel, PlaygroundState } from "./store.ts";
import { Tool } from "./tool.tsx";

interface PluginWindowProps {
  readonly playground: Playground;
  readonly state: PlaygroundState;
  readonly panel: Panel;
  /** the manifest's */
  readonly name: string;
}

/** That much of the window cannot be dragged out of sight. */
const graspPx = 40;

/** The plugin's panel in its window. It starts at the right and can be dragged by its title. */
export function PluginWindow({ playground, state, panel, name }: PluginWindowProps): JSX.Element {
  const { width, height, visible, title, themeColors } = panel.options;
  const frame = useRef<HTMLIFrameElement>(null);
  const [place, setPlace] = useState<Point | null>(null);
  // The page is made once: later themes reach it as messages.
  const html = useMemo(() => framePage(panel.html, themeColors ? state.theme : null), [panel.key]);

  useEffect(() => {
    const receive = ({ source, data }: MessageEvent<unknown>) => {
      const target = frame.current?.contentWindow;
      if (source === null || source !== target) return;
      if (isFrameNotice(data)) {
        playground.frame = target;
        if (data.playground === "empty") target.postMessage({ playgroundHtml: html }, "*");
        else playground.frameReady();
      } else if (typeof data === "object" && data !== null && "pluginMessage" in data) {
        playground.fromUi(data.pluginMessage);
      }
    };
    window.addEventListener("message", receive);
    return () => window.removeEventListener("message", receive);
  }, [html]);

  return (
    <section
      class={visible ? "plugin-window" : "plugin-window hidden"}
      aria-label={title ?? name}
      style={{ width: `${width}px`, ...(place && { left: `${place.x}px`, top: `${place.y}px`, right: "auto" }) }}
    >
      <TitleBar
        title={title ?? name}
        onMove={({ x, y }) =>
          setPlace({
            x: Math.min(Math.max(x, graspPx - width), window.innerWidth - graspPx),
            y: Math.min(Math.max(y, 0), window.innerHeight - graspPx),
          })
        }
        onClose={() => void playground.stop()}
      />
      <iframe
        ref={frame}
        title={title ?? name}
        src="/playground/frame.html"
        sandbox="allow-scripts allow-forms allow-modals allow-popups allow-popups-to-escape-sandbox allow-downloads"
        style={{ height: `${height}px` }}
      />
    </section>
  );
}

/** `onMove` gets the window's new top left corner, px of the page's window. */
function TitleBar(props: {
  readonly title: string;
  readonly onMove: (to: Point) => void;
  readonly onClose: () => void;
}): JSX.Element {
  /** from the window's corner to the pointer */
  const held = useRef<Point | null>(null);
  return (
    <header
      onPointerDown={(event) => {
        const box = event.currentTarget.parentElement?.getBoundingClientRect();
        if (box === undefined || (event.target instanceof Element && event.target.closest("button"))) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        held.current = { x: event.clientX - box.x, y: event.clientY - box.y };
      }}
      onPointerMove={(event) => {
        const from = held.current;
        if (from !== null) props.onMove({ x: event.clientX - from.x, y: event.clientY - from.y });
      }}
      onPointerUp={() => {
        held.current = null;
      }}
    >
      <span class="plugin-icon" aria-hidden="true" />
      <h2>{props.title}</h2>
      <Tool icon="close" label="Close the plugin" onPress={props.onClose} />
    </header>
  );
}
