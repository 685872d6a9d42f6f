import type { JSX } from "preact";
import type { NodeRecord } from "../document/node.ts";

const paths = {
  undo: "M6 3.5 3 6.5l3 3M3.4 6.5H9.5a3.25 3.25 0 0 1 0 6.5H7",
  redo: "m10 3.5 3 3-3 3M12.6 6.5H6.5a3.25 3.25 0 0 0 0 6.5H9",
  picture: "M2.5 3.5h11v9h-11zM3 11l3-3 2.5 2.5L10.5 8.5 13 11M10.5 6.2v.1",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9",
  moon: "M12.8 9.7A5.2 5.2 0 0 1 6.3 3.2a5.2 5.2 0 1 0 6.5 6.5Z",
  play: "M5 3.4v9.2l7.4-4.6Z",
  stop: "M4.5 4.5h7v7h-7z",
  close: "m4.5 4.5 7 7M11.5 4.5l-7 7",
  restart: "M12.5 8a4.5 4.5 0 1 1-1.6-3.45M11.2 2.2v2.6H8.6",
  reset: "M3.5 8a4.5 4.5 0 1 0 1.6-3.45M4.8 2.2v2.6h2.6",
  eye: "M1.8 8S4 4 8 4s6.2 4 6.2 4S12 12 8 12 1.8 8 1.8 8ZM8 6.4a1.6 1.6 0 1 0 0 3.2 1.6 1.6 0 0 0 0-3.2",
  hidden: "M2.5 6.5C3.5 8.2 5.4 9.8 8 9.8s4.5-1.6 5.5-3.3M8 9.8v2M4.6 9 3.4 10.7M11.4 9l1.2 1.7",
  lock: "M4.5 7.2h7v5.3h-7zM6 7V5.4a2 2 0 0 1 4 0V7",
  chevron: "m6.2 5 3.2 3-3.2 3",
  frame: "M5 2.5v11M11 2.5v11M2.5 5h11M2.5 11h11",
  group: "M3 3h3M10 3h3v3M13 10v3h-3M6 13H3v-3M3 6V3",
  rectangle: "M3.5 3.5h9v9h-9z",
  ellipse: "M8 3.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9",
  text: "M4 5V3.5h8V5M8 3.5v9M6.5 12.5h3",
  component:
    "m8 2.5 2.2 2.2L8 6.9 5.8 4.7ZM4.7 5.8l2.2 2.2-2.2 2.2L2.5 8ZM11.3 5.8 13.5 8l-2.2 2.2L9.1 8ZM8 9.1l2.2 2.2L8 13.5l-2.2-2.2Z",
} as const;
export type IconName = keyof typeof paths;

export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}

/** What the layers list shows before a name. */
export function iconOf({ type, fills }: NodeRecord): IconName {
  switch (type) {
    case "FRAME":
      return "frame";
    case "GROUP":
      return "group";
    case "TEXT":
      return "text";
    case "ELLIPSE":
      return "ellipse";
    case "COMPONENT":
    case "INSTANCE":
      return "component";
    default:
      return fills.some((paint) => paint.type === "IMAGE") ? "picture" : "rectangle";
  }
}
