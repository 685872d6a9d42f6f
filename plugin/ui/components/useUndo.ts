import { useEffect, useRef, useState } from "preact/hooks";
import { type Past, remember } from "../mask/past.ts";

export interface Undo<Value> {
  readonly canUndo: boolean;
  /** what is now, before it is changed */
  remember(value: Value): void;
  undo(): void;
}

/** Steps back in an editor, with Ctrl/⌘+Z too: while the panel has the focus, that key never reaches the document. */
export function useUndo<Value>(restore: (value: Value) => void): Undo<Value> {
  const [past, setPast] = useState<Past<Value>>([]);
  const undo = () => {
    past.slice(-1).forEach(restore);
    setPast(past.slice(0, -1));
  };
  const latestUndo = useRef(undo);
  latestUndo.current = undo;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "z" || event.shiftKey || !(event.ctrlKey || event.metaKey)) return;
      if (event.target instanceof HTMLInputElement && event.target.classList.contains("field")) return;
      event.preventDefault();
      latestUndo.current();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
  return { canUndo: past.length > 0, remember: (value) => setPast((before) => remember(before, value)), undo };
}
