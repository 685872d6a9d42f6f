import { setValues } from "../document/edits.ts";
import { absoluteBoundingBox, absoluteTransform } from "../document/geometry.ts";
import { apply, invert, type Point } from "../document/matrix.ts";
import { newNode } from "../document/node.ts";
import { addNode, childrenOf, firstPageId, nodeOf, type Tree } from "../document/tree.ts";
import type { StoredPicture } from "./pictures.ts";

/** A rectangle `id` as large as its picture, around a point of the page; in the frontmost frame under the point, at whole px. */
export function placePicture(tree: Tree, { hash, size }: StoredPicture, name: string, center: Point, id: string): Tree {
  const page = nodeOf(tree, firstPageId);
  const parent = childrenOf(tree, page).findLast((node) => {
    const { x, y, width, height } = absoluteBoundingBox(tree, node);
    const isUnder = center.x >= x && center.x <= x + width && center.y >= y && center.y <= y + height;
    return node.type === "FRAME" && node.visible && isUnder;
  });
  const inParent = parent ? apply(invert(absoluteTransform(tree, parent)), center) : center;
  const fill = { type: "IMAGE", scaleMode: "FILL", imageHash: hash } as const;
  const added = addNode(tree, (parent ?? page).id, newNode("RECTANGLE", id, { name, fills: [fill] }));
  return setValues(added, id, {
    x: Math.round(inParent.x - size.width / 2),
    y: Math.round(inParent.y - size.height / 2),
    ...size,
  });
}
