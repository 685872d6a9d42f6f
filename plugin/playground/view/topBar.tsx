import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { Icon } from "./icons.tsx";
import type { Playground } from "./playground.ts";
import type { PlaygroundState } from "./store.ts";
import { Tool } from "./tool.tsx";

const zooms = { in: "Zoom in", out: "Zoom out", fit: "Zoom to fit", actual: "Zoom to 100%" } as const;
type Zoom = keyof typeof zooms;

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

interface TopBarProps {
  readonly playground: Playground;
  readonly state: PlaygroundState;
  readonly onPictures: (files: readonly File[]) => void;
  readonly onZoom: (to: Zoom) => void;
}

/** Who we are, what can be done with the document, and the plugin's switch. */
export function TopBar({ playground, state, onPictures, onZoom }: TopBarProps): JSX.Element {
  const files = useRef<HTMLInputElement>(null);
  const { canUndo, canRedo, theme } = state;
  const otherTheme = theme === "light" ? "dark" : "light";
  const askAndReset = () => window.confirm("Start over with the sample document?") && playground.reset();
  return (
    <header class="top-bar">
      <div class="brand">
        <Logo />
        <span class="brand-name">Backdrop</span>
        <span class="brand-place">Playground</span>
      </div>
      <div class="tools" role="toolbar" aria-label="Document">
        <Tool
          icon="undo"
          label="Undo"
          keys={isMac ? "⌘Z" : "Ctrl+Z"}
          isDisabled={!canUndo}
          onPress={() => playground.ask({ type: "undo" })}
        />
        <Tool
          icon="redo"
          label="Redo"
          keys={isMac ? "⇧⌘Z" : "Ctrl+Shift+Z"}
          isDisabled={!canRedo}
          onPress={() => playground.ask({ type: "redo" })}
        />
        <span class="divider" />
        <Tool icon="picture" label="Add pictures" onPress={() => files.current?.click()} />
        <input
          ref={files}
          type="file"
          accept="image/png,image/jpeg,image/gif"
          multiple
          hidden
          onChange={({ currentTarget }) => {
            onPictures([...(currentTarget.files ?? [])]);
            currentTarget.value = "";
          }}
        />
        <Tool icon="reset" label="Reset document" onPress={askAndReset} />
        <span class="divider" />
        <Tool
          icon={theme === "light" ? "moon" : "sun"}
          label={`Use the ${otherTheme} theme`}
          onPress={() => playground.setTheme(otherTheme)}
        />
      </div>
      <div class="actions">
        <ZoomMenu zoom={state.zoom} onZoom={onZoom} />
        <PluginSwitch playground={playground} isRunning={state.isPluginRunning} />
      </div>
    </header>
  );
}

/** Shows the zoom; what is chosen is done and not kept. */
function ZoomMenu({ zoom, onZoom }: { readonly zoom: number; readonly onZoom: (to: Zoom) => void }): JSX.Element {
  return (
    <select
      class="zoom"
      aria-label="Zoom"
      value=""
      onChange={({ currentTarget }) => {
        const chosen = (Object.keys(zooms) as Zoom[]).find((name) => name === currentTarget.value);
        currentTarget.value = "";
        if (chosen !== undefined) onZoom(chosen);
      }}
    >
      <option value="" hidden>
        {`${Math.round(zoom * 100)}%`}
      </option>
      {Object.entries(zooms).map(([name, label]) => (
        <option value={name} key={name}>
          {label}
        </option>
      ))}
    </select>
  );
}

function PluginSwitch(props: { readonly playground: Playground; readonly isRunning: boolean }): JSX.Element {
  const { playground, isRunning } = props;
  if (!isRunning) {
    return (
      <button type="button" class="run" onClick={() => void playground.run("")}>
        <Icon name="play" />
        Run Backdrop
      </button>
    );
  }
  return (
    <>
      <Tool icon="restart" label="Restart the plugin" onPress={() => playground.run("")} />
      <button type="button" class="run stop" onClick={() => void playground.stop()}>
        <Icon name="stop" />
        Stop Backdrop
      </button>
    </>
  );
}

function Logo(): JSX.Element {
  return (
    <svg class="logo" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
      <rect class="logo-back" x="2" y="2" width="20" height="20" rx="6" />
      <path class="logo-hill" d="M2 16.5c4-3.6 7.6-3.6 11 0s6.4 2.9 9 .2V18a4 4 0 0 1-4 4H6a4 4 0 0 1-4-4Z" />
      <rect class="logo-product" x="9" y="7" width="6" height="11" rx="2" />
    </svg>
  );
}
