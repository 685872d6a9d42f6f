import type { JSX } from "preact";

/** On a grid of 16 px, drawn with a line of 1 px. */
const paths = {
  area: "M5.5 2.5v11M10.5 2.5v11M2.5 5.5h11M2.5 10.5h11",
  back: "m9.5 4-4 4 4 4",
  check: "m3.5 8.5 3 3 6-7",
  chevron: "m6.5 4.5 3.5 3.5-3.5 3.5",
  close: "m4 4 8 8M12 4l-8 8",
  dice: "M3 3h10v10H3zM5 5.5a.5.5 0 1 0 1 0 .5.5 0 0 0-1 0M10 5.5a.5.5 0 1 0 1 0 .5.5 0 0 0-1 0M7.5 8a.5.5 0 1 0 1 0 .5.5 0 0 0-1 0M5 10.5a.5.5 0 1 0 1 0 .5.5 0 0 0-1 0M10 10.5a.5.5 0 1 0 1 0 .5.5 0 0 0-1 0",
  eye: "M1.8 8S4 4.2 8 4.2 14.2 8 14.2 8 12 11.8 8 11.8 1.8 8 1.8 8ZM8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6",
  file: "M4 1.8h5L12.5 5.3v8.9H4ZM8.8 2v3.5h3.5",
  info: "M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2M8 7.4v3.4M8 5.2v.01",
  invert: "M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2M8 2.2v11.6",
  locate: "M2.5 5V2.5H5M11 2.5h2.5V5M13.5 11v2.5H11M5 13.5H2.5V11M8 5.5v5M5.5 8h5",
  lock: "M4 7.2h8v5.8H4ZM5.7 7V5.2a2.3 2.3 0 0 1 4.6 0V7",
  mask: "M2.5 2.5h11v11h-11zM8 5.3a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4",
  picture: "M2.5 3.5h11v9h-11zM3 11.5l3-3.2 2.4 2.4 2-1.9 2.6 2.7M10.6 6.3v.01",
  plug: "M5.8 2v3M10.2 2v3M3.8 5.2h8.4v2.3a4.2 4.2 0 0 1-8.4 0ZM8 11.8V14",
  product: "m8 2 5.2 3v6L8 14l-5.2-3V5ZM8 8v6M2.9 5.1 8 8l5.1-2.9",
  regenerate: "M12.8 8a4.8 4.8 0 1 1-1.5-3.5M11.6 2v2.8H8.8",
  shield: "m8 1.8 5 1.7v4.2c0 3-2 5.3-5 6.5-3-1.2-5-3.5-5-6.5V3.5ZM5.8 7.8l1.6 1.6 2.9-3.2",
  trash: "M2.8 4.3h10.4M6.2 4V2.5h3.6V4M4.2 4.5l.5 9h6.6l.5-9M6.7 7v4M9.3 7v4",
  undo: "M5.8 3.2 2.8 6.2l3 3M3.2 6.2h6.2a3.3 3.3 0 0 1 0 6.6H7",
  unlock: "M4 7.2h8v5.8H4ZM10.3 7V5.2a2.3 2.3 0 0 0-4.5-.6",
  warning: "M8 2.3 14.2 13H1.8ZM8 6.3v3.2M8 11.3v.01",
} as const;
export type IconName = keyof typeof paths;

export function Icon({ name, sizePx = 16 }: { readonly name: IconName; readonly sizePx?: number }): JSX.Element {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 16 16" width={sizePx} height={sizePx} aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
