import type { NodeRecord } from "../document/node.ts";
import type { Canvas2d } from "./canvas2d.ts";

/** Begins a path that is the layer's outline, `inset` px inside it, in the layer's own axes. */
export function traceShape(context: Canvas2d, node: NodeRecord, inset = 0): void {
  const [width, height] = [Math.max(0, node.width - 2 * inset), Math.max(0, node.height - 2 * inset)];
  context.beginPath();
  if (node.type === "ELLIPSE") {
    context.ellipse(node.width / 2, node.height / 2, width / 2, height / 2, 0, 0, 2 * Math.PI);
  } else if (node.cornerRadius === 0) context.rect(inset, inset, width, height);
  else context.roundRect(inset, inset, width, height, Math.max(0, node.cornerRadius - inset));
}
