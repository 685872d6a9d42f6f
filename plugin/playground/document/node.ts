import { identity, type Matrix } from "./matrix.ts";

/** The layer types that the playground knows. */
export type NodeType =
  | "DOCUMENT"
  | "PAGE"
  | "FRAME"
  | "GROUP"
  | "COMPONENT"
  | "INSTANCE"
  | "RECTANGLE"
  | "ELLIPSE"
  | "TEXT";

export interface Rgb {
  readonly r: number;
  readonly g: number;
  readonly b: number;
}

interface PaintBase {
  readonly visible?: boolean;
  readonly opacity?: number;
}

export interface SolidPaint extends PaintBase {
  readonly type: "SOLID";
  readonly color: Rgb;
}

export interface GradientPaint extends PaintBase {
  readonly type: "GRADIENT_LINEAR" | "GRADIENT_RADIAL";
  /** from the layer's unit square to the gradient's */
  readonly gradientTransform: Matrix;
  readonly gradientStops: readonly { readonly position: number; readonly color: Rgb & { readonly a: number } }[];
}

export interface ImagePaint extends PaintBase {
  readonly type: "IMAGE";
  readonly scaleMode: "FILL" | "FIT" | "CROP" | "TILE";
  readonly imageHash: string | null;
  /** CROP: from the layer's unit square to the picture's */
  readonly imageTransform?: Matrix;
  /** TILE: px of the layer to one px of the picture */
  readonly scalingFactor?: number;
}

export type Paint = SolidPaint | GradientPaint | ImagePaint;

export interface ShadowEffect {
  readonly type: "DROP_SHADOW";
  readonly visible: boolean;
  readonly color: Rgb & { readonly a: number };
  readonly offset: { readonly x: number; readonly y: number };
  /** px, twice the standard deviation */
  readonly radius: number;
}

export interface FontName {
  readonly family: string;
  readonly style: string;
}

/** One layer. Every layer has every field; which of them a plugin sees depends on the type. */
export interface NodeRecord {
  readonly id: string;
  readonly type: NodeType;
  readonly parentId: string | null;
  /** back to front */
  readonly children: readonly string[];
  readonly name: string;
  readonly visible: boolean;
  readonly locked: boolean;
  readonly opacity: number;
  readonly blendMode: string;
  readonly isMask: boolean;
  /** to the nearest ancestor that is no group */
  readonly transform: Matrix;
  readonly width: number;
  readonly height: number;
  readonly constraints: { readonly horizontal: string; readonly vertical: string };
  readonly fills: readonly Paint[];
  readonly strokes: readonly Paint[];
  readonly strokeWeight: number;
  readonly strokeAlign: "INSIDE" | "CENTER" | "OUTSIDE";
  readonly effects: readonly ShadowEffect[];
  readonly cornerRadius: number;
  readonly clipsContent: boolean;
  readonly layoutMode: "NONE" | "HORIZONTAL" | "VERTICAL";
  readonly layoutPositioning: "AUTO" | "ABSOLUTE";
  readonly itemSpacing: number;
  readonly paddingLeft: number;
  readonly paddingTop: number;
  readonly characters: string;
  readonly fontSize: number;
  readonly fontName: FontName;
  readonly textAlignHorizontal: "LEFT" | "CENTER" | "RIGHT";
  readonly pluginData: Readonly<Record<string, string>>;
  /** by "namespace/key" */
  readonly sharedPluginData: Readonly<Record<string, string>>;
  /** by the manifest's command */
  readonly relaunchData: Readonly<Record<string, string>>;
}

/** What an edit may change in place; the tree's shape changes by the functions of tree.ts. */
export type NodePatch = Partial<Omit<NodeRecord, "id" | "type" | "parentId" | "children">>;

const defaultNames: Readonly<Record<NodeType, string>> = {
  DOCUMENT: "Document",
  PAGE: "Page",
  FRAME: "Frame",
  GROUP: "Group",
  COMPONENT: "Component",
  INSTANCE: "Instance",
  RECTANGLE: "Rectangle",
  ELLIPSE: "Ellipse",
  TEXT: "Text",
};

const white: SolidPaint = { type: "SOLID", color: { r: 1, g: 1, b: 1 } };
const grey: SolidPaint = { type: "SOLID", color: { r: 0.85, g: 0.85, b: 0.85 } };
const black: SolidPaint = { type: "SOLID", color: { r: 0, g: 0, b: 0 } };

const defaultFills: Readonly<Record<NodeType, readonly Paint[]>> = {
  DOCUMENT: [],
  PAGE: [],
  FRAME: [white],
  GROUP: [],
  COMPONENT: [white],
  INSTANCE: [white],
  RECTANGLE: [grey],
  ELLIPSE: [grey],
  TEXT: [black],
};

/** A new layer as Figma makes it: 100 × 100, at the origin, in no parent. */
export function newNode(type: NodeType, id: string, patch: NodePatch = {}): NodeRecord {
  return {
    id,
    type,
    parentId: null,
    children: [],
    name: defaultNames[type],
    visible: true,
    locked: false,
    opacity: 1,
    blendMode: "PASS_THROUGH",
    isMask: false,
    transform: identity,
    width: 100,
    height: 100,
    constraints: { horizontal: "MIN", vertical: "MIN" },
    fills: defaultFills[type],
    strokes: [],
    strokeWeight: 1,
    strokeAlign: "INSIDE",
    effects: [],
    cornerRadius: 0,
    clipsContent: isFrameLike(type),
    layoutMode: "NONE",
    layoutPositioning: "AUTO",
    itemSpacing: 0,
    paddingLeft: 0,
    paddingTop: 0,
    characters: "",
    fontSize: 12,
    fontName: { family: "Inter", style: "Regular" },
    textAlignHorizontal: "LEFT",
    pluginData: {},
    sharedPluginData: {},
    relaunchData: {},
    ...patch,
  };
}

export function isFrameLike(type: NodeType): boolean {
  return type === "FRAME" || type === "COMPONENT" || type === "INSTANCE";
}

/** Whether layers of this type hold others. */
export function isContainer(type: NodeType): boolean {
  return type !== "RECTANGLE" && type !== "ELLIPSE" && type !== "TEXT";
}

/** Whether layers of this type have a place and a size of their own on a page. */
export function isOnPage(type: NodeType): boolean {
  return type !== "DOCUMENT" && type !== "PAGE";
}
