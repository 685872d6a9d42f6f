import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { IconButton } from "../components/IconButton.tsx";

interface EditorFrameProps {
  readonly title: string;
  readonly onDone: () => void;
  readonly children: ComponentChildren;
}

/** A view that takes the whole panel. What is done in it counts at once, so both ways out are the same. */
export function EditorFrame({ title, onDone, children }: EditorFrameProps): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  // What opened it is gone from the panel, and the focus with it.
  useEffect(() => heading.current?.focus(), []);
  return (
    <div class="frame editor">
      <header class="head editor-head">
        <IconButton icon="back" label="Back" onClick={onDone} />
        <h1 class="editor-title" ref={heading} tabIndex={-1}>
          {title}
        </h1>
        <button type="button" class="primary" onClick={onDone}>
          Done
        </button>
      </header>
      <div class="body editor-body">{children}</div>
    </div>
  );
}
