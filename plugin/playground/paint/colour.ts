import type { Rgb } from "../document/node.ts";

/** As CSS writes it. */
export function cssColour({ r, g, b }: Rgb, alpha = 1): string {
  const [red, green, blue] = [r, g, b].map((part) => Math.round(part * 255));
  return `rgb(${red} ${green} ${blue} / ${alpha})`;
}
