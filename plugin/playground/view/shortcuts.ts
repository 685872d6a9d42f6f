import { find } from "../document/tree.ts";
import type { CanvasController } from "./canvasController.ts";
import type { Playground } from "./playground.ts";

/** Figma's keys, wherever the focus is outside of fields. Returns what ends the listening. */
export function listenForShortcuts(playground: Playground, canvas: CanvasController): () => void {
  const down = (event: KeyboardEvent) => {
    if (isTyping(event)) return;
    if (event.code === "Space" && isOnCanvas(event)) canvas.pointer.setSpaceDown(true);
    else if (!press(playground, canvas, event)) return;
    event.preventDefault();
  };
  const up = (event: KeyboardEvent) => {
    if (event.code === "Space") canvas.pointer.setSpaceDown(false);
  };
  window.addEventListener("keydown", down);
  window.addEventListener("keyup", up);
  return () => {
    window.removeEventListener("keydown", down);
    window.removeEventListener("keyup", up);
  };
}

/** Whether the key meant something. */
function press(playground: Playground, canvas: CanvasController, event: KeyboardEvent): boolean {
  const { selection } = playground.store.state.document;
  const key = event.key.toLowerCase();
  if (event.metaKey || event.ctrlKey) return pressCommand(playground, canvas, key, event.shiftKey);
  if (event.shiftKey && event.code === "Digit1") canvas.zoomTo("fit");
  else if (event.shiftKey && event.code === "Digit0") canvas.zoomTo("actual");
  else if (key === "escape") playground.select([]);
  else if (key === "delete" || key === "backspace") void playground.edit({ type: "remove", ids: selection });
  else {
    const step = event.shiftKey ? 10 : 1;
    const way = { arrowleft: [-step, 0], arrowright: [step, 0], arrowup: [0, -step], arrowdown: [0, step] }[key];
    if (way === undefined || selection.length === 0) return false;
    const [dx = 0, dy = 0] = way;
    void playground.edit({ type: "move", ids: selection, dx, dy });
  }
  return true;
}

function pressCommand(playground: Playground, canvas: CanvasController, key: string, isShift: boolean): boolean {
  const { selection } = playground.store.state.document;
  switch (key) {
    case "z":
      void playground.ask({ type: isShift ? "redo" : "undo" });
      return true;
    case "y":
      void playground.ask({ type: "redo" });
      return true;
    case "d":
      void playground.edit({ type: "duplicate", ids: selection });
      return true;
    case "h":
    case "l":
      if (isShift) toggleSelected(playground, key === "h" ? "visible" : "locked");
      return isShift;
    case "=":
    case "+":
      canvas.zoomTo("in");
      return true;
    case "-":
      canvas.zoomTo("out");
      return true;
    default:
      return false;
  }
}

function toggleSelected(playground: Playground, field: "visible" | "locked"): void {
  const { tree, selection } = playground.store.state.document;
  for (const node of selection.flatMap((id) => find(tree, id) ?? [])) {
    void playground.edit({ type: "set", id: node.id, values: { [field]: !node[field] } });
  }
}

function isTyping({ target }: KeyboardEvent): boolean {
  return target instanceof Element && target.matches("input, textarea, select");
}

function isOnCanvas({ target }: KeyboardEvent): boolean {
  return target instanceof Element && !target.matches("button, [role=treeitem]");
}
