import { useEffect, useState } from "preact/hooks";
import type { StoredDocument, Toast, UiOptions } from "../messages.ts";
import type { Theme } from "./figmaColors.ts";

/** The plugin's window over the canvas. */
export interface Panel {
  /** another panel has another key, and so another frame */
  readonly key: number;
  readonly html: string;
  readonly options: UiOptions;
}

export interface PluginError {
  readonly message: string;
  readonly isFatal: boolean;
}

export interface PlaygroundState {
  readonly document: StoredDocument;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly theme: Theme;
  readonly isPluginRunning: boolean;
  readonly pluginError: PluginError | null;
  readonly panel: Panel | null;
  readonly toasts: readonly Toast[];
  /** the layer under the pointer, on the canvas or in the list */
  readonly hoveredId: string | null;
  /** px of the screen to one px of the page, for the display */
  readonly zoom: number;
}

/** The page's state; components read it. */
export class Store<State> {
  private listeners: readonly (() => void)[] = [];
  private current: State;

  constructor(initial: State) {
    this.current = initial;
  }

  get state(): State {
    return this.current;
  }

  set(patch: Partial<State>): void {
    this.current = { ...this.current, ...patch };
    for (const listener of this.listeners) listener();
  }

  /** Returns what ends the listening. */
  listen(listener: () => void): () => void {
    this.listeners = [...this.listeners, listener];
    return () => {
      this.listeners = this.listeners.filter((other) => other !== listener);
    };
  }
}

export function useStore<State>(store: Store<State>): State {
  const [state, setState] = useState(store.state);
  useEffect(() => {
    setState(store.state);
    return store.listen(() => setState(store.state));
  }, [store]);
  return state;
}
