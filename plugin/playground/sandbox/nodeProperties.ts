import { isFrameLike, isOnPage, type NodeRecord, type NodeType } from "../document/node.ts";

/** A plain field of a layer: which types have it, and what a plugin may write. */
export interface Property {
  readonly on: (type: NodeType) => boolean;
  readonly expects: string;
  readonly accepts: (value: unknown) => boolean;
}

const hasGeometry = (type: NodeType) => isOnPage(type) && type !== "GROUP";
const hasCorners = (type: NodeType) => isFrameLike(type) || type === "RECTANGLE";
const isText = (type: NodeType) => type === "TEXT";

const isString = (value: unknown) => typeof value === "string";
const isBoolean = (value: unknown) => typeof value === "boolean";
const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isUnit = (value: unknown) => isNumber(value) && value >= 0 && value <= 1;
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const text = (on: Property["on"]): Property => ({ on, expects: "string", accepts: isString });
const boolean = (on: Property["on"]): Property => ({ on, expects: "boolean", accepts: isBoolean });
const number = (on: Property["on"], min = Number.NEGATIVE_INFINITY): Property => ({
  on,
  expects: Number.isFinite(min) ? `number of at least ${min}` : "number",
  accepts: (value) => isNumber(value) && value >= min,
});
const oneOf = (on: Property["on"], ...values: readonly string[]): Property => ({
  on,
  expects: values.map((value) => JSON.stringify(value)).join(" | "),
  accepts: (value) => values.some((known) => known === value),
});
const list = (on: Property["on"], of: string, accepts: (value: unknown) => boolean): Property => ({
  on,
  expects: `array of ${of}`,
  accepts: (value) => Array.isArray(value) && value.every(accepts),
});

/** By the field of NodeRecord, which has the property's name. */
export const properties = {
  name: text((type) => type !== "DOCUMENT"),
  visible: boolean(isOnPage),
  locked: boolean(isOnPage),
  opacity: { on: isOnPage, expects: "number from 0 to 1", accepts: isUnit },
  blendMode: text(isOnPage),
  isMask: boolean(isOnPage),
  constraints: { on: hasGeometry, expects: "{ horizontal, vertical }", accepts: isObject },
  fills: list(hasGeometry, "paints", isPaint),
  strokes: list(hasGeometry, "paints", isPaint),
  strokeWeight: number(hasGeometry, 0),
  strokeAlign: oneOf(hasGeometry, "INSIDE", "CENTER", "OUTSIDE"),
  effects: list(isOnPage, "effects", isObject),
  cornerRadius: number(hasCorners, 0),
  clipsContent: boolean(isFrameLike),
  layoutMode: oneOf(isFrameLike, "NONE", "HORIZONTAL", "VERTICAL"),
  itemSpacing: number(isFrameLike),
  paddingLeft: number(isFrameLike, 0),
  paddingTop: number(isFrameLike, 0),
  characters: text(isText),
  fontSize: number(isText, 1),
  fontName: { on: isText, expects: "{ family, style }", accepts: isFontName },
  textAlignHorizontal: oneOf(isText, "LEFT", "CENTER", "RIGHT"),
} as const satisfies Partial<Record<keyof NodeRecord, Property>>;

export type PropertyName = keyof typeof properties;

/** The type of a value as Figma's errors name it. */
export function describe(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

export function isFontName(value: unknown): value is { readonly family: string; readonly style: string } {
  return isObject(value) && isString(value.family) && isString(value.style);
}

function isPaint(value: unknown): boolean {
  if (!isObject(value)) return false;
  switch (value.type) {
    case "SOLID":
      return isObject(value.color) && [value.color.r, value.color.g, value.color.b].every(isUnit);
    case "IMAGE":
      return isString(value.scaleMode) && (value.imageHash === null || isString(value.imageHash));
    case "GRADIENT_LINEAR":
    case "GRADIENT_RADIAL":
      return Array.isArray(value.gradientStops) && Array.isArray(value.gradientTransform);
    default:
      return false;
  }
}
