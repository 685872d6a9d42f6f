import { rotationOf } from "./matrix.ts";
import type { NodeRecord } from "./node.ts";
import type { Tree } from "./tree.ts";

/** What a plugin hears of as `nodechange`. Of a subtree that came or went only the topmost layer is told. */
export type Change =
  | { readonly type: "CREATE"; readonly id: string }
  | { readonly type: "DELETE"; readonly id: string; readonly nodeType: NodeRecord["type"] }
  | { readonly type: "PROPERTY_CHANGE"; readonly id: string; readonly properties: readonly string[] };

/** Fields whose change is told by their own name. */
const plain = [
  "name",
  "visible",
  "locked",
  "opacity",
  "blendMode",
  "isMask",
  "width",
  "height",
  "constraints",
  "fills",
  "strokes",
  "strokeWeight",
  "strokeAlign",
  "effects",
  "cornerRadius",
  "clipsContent",
  "layoutMode",
  "layoutPositioning",
  "itemSpacing",
  "paddingLeft",
  "paddingTop",
  "characters",
  "fontSize",
  "fontName",
  "textAlignHorizontal",
  "pluginData",
] as const satisfies readonly (keyof NodeRecord)[];

/** The differences of what `isMeant` says is regarded, in no order that means anything. */
export function changesBetween(before: Tree, after: Tree, isMeant: (id: string, tree: Tree) => boolean): Change[] {
  const ids = new Set([...Object.keys(before.nodes), ...Object.keys(after.nodes)]);
  return [...ids].flatMap((id): Change[] => {
    const [old, now] = [before.nodes[id], after.nodes[id]];
    if (old === now) return [];
    if (now === undefined) {
      if (old === undefined || !isTopmost(old, after) || !isMeant(id, before)) return [];
      return [{ type: "DELETE", id, nodeType: old.type }];
    }
    if (!isMeant(id, after)) return [];
    if (old === undefined) return isTopmost(now, before) ? [{ type: "CREATE", id }] : [];
    const properties = changedProperties(old, now);
    return properties.length === 0 ? [] : [{ type: "PROPERTY_CHANGE", id, properties }];
  });
}

/** Whether the parent of a layer that is on one side only is on the other side too. */
function isTopmost({ parentId }: NodeRecord, other: Tree): boolean {
  return parentId === null || other.nodes[parentId] !== undefined;
}

function changedProperties(old: NodeRecord, now: NodeRecord): string[] {
  const changed: string[] = plain.filter((key) => old[key] !== now[key]);
  if (old.parentId !== now.parentId) changed.push("parent");
  const moved = changedPlace(old, now);
  return moved.length === 0 ? changed : [...changed, ...moved, "relativeTransform"];
}

function changedPlace({ transform: old }: NodeRecord, { transform: now }: NodeRecord): string[] {
  return [
    ...(old[0][2] === now[0][2] ? [] : ["x"]),
    ...(old[1][2] === now[1][2] ? [] : ["y"]),
    ...(rotationOf(old) === rotationOf(now) ? [] : ["rotation"]),
  ];
}
