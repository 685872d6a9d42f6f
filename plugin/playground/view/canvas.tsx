import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { CanvasController } from "./canvasController.ts";
import type { Playground } from "./playground.ts";

/** The page, drawn and worked on by the controller; pictures can be dropped here. */
export function Canvas(props: {
  readonly playground: Playground;
  readonly onController: (controller: CanvasController) => void;
  readonly onPictures: (files: readonly File[], at: DragEvent) => void;
}): JSX.Element {
  const { playground, onController, onPictures } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current === null) return;
    const controller = new CanvasController(canvas.current, playground);
    onController(controller);
    return () => controller.close();
  }, [playground]);
  return (
    <canvas
      ref={canvas}
      class="canvas"
      tabIndex={0}
      aria-label="Canvas"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        onPictures([...(event.dataTransfer?.files ?? [])], event);
      }}
    />
  );
}
