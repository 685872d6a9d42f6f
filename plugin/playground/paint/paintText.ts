import type { NodeRecord, Paint } from "../document/node.ts";
import type { Canvas2d } from "./canvas2d.ts";
import { cssColour } from "./colour.ts";

/** Inter's, in parts of the font size. */
const lineHeight = 1.21;
const ascent = 0.97;

/** The first that matches a font's style gives its weight. */
const weights: readonly (readonly [RegExp, number])[] = [
  [/light/i, 300],
  [/medium/i, 500],
  [/semi ?bold/i, 600],
  [/extra ?bold|black/i, 800],
  [/bold/i, 700],
];

/** Lines break only where the text has a line break: text boxes are as wide as they are told to be. */
export function paintText(context: Canvas2d, node: NodeRecord, paint: Paint): void {
  if (paint.type !== "SOLID" || paint.visible === false) return;
  context.save();
  context.globalAlpha *= paint.opacity ?? 1;
  context.fillStyle = cssColour(paint.color);
  context.font = cssFont(node);
  context.textBaseline = "alphabetic";
  context.textAlign = ({ LEFT: "left", CENTER: "center", RIGHT: "right" } as const)[node.textAlignHorizontal];
  const x = { LEFT: 0, CENTER: node.width / 2, RIGHT: node.width }[node.textAlignHorizontal];
  for (const [index, line] of node.characters.split("\n").entries()) {
    context.fillText(line, x, node.fontSize * (ascent + index * lineHeight));
  }
  context.restore();
}

function cssFont({ fontName, fontSize }: NodeRecord): string {
  const weight = weights.find(([pattern]) => pattern.test(fontName.style))?.[1] ?? 400;
  const style = /italic/i.test(fontName.style) ? "italic " : "";
  return `${style}${weight} ${fontSize}px ${JSON.stringify(fontName.family)}, Inter, system-ui, sans-serif`;
}
