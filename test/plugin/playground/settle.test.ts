import { expect, test } from "vitest";
import { absoluteBoundingBox } from "../../../plugin/playground/document/geometry.ts";
import { groupNodes, ungroupNode } from "../../../plugin/playground/document/group.ts";
import { resizeNode, setTransform, settle } from "../../../plugin/playground/document/settle.ts";
import { firstPageId } from "../../../plugin/playground/document/tree.ts";
import { TestDocument } from "./documents.ts";

function grouped() {
  const document = new TestDocument();
  const a = document.add("RECTANGLE", undefined, { x: 10, y: 20, width: 30, height: 30 });
  const b = document.add("RECTANGLE", undefined, { x: 100, y: 50, width: 20, height: 60 });
  const group = document.newId();
  document.tree = settle(groupNodes(document.tree, [b, a], firstPageId, 0, group));
  const box = (id: string) => absoluteBoundingBox(document.tree, document.node(id));
  return { document, a, b, group, box };
}

test("a group fits its children, which keep their order and their place", () => {
  const { document, a, b, group, box } = grouped();
  expect(document.node(group)).toMatchObject({ width: 110, height: 90, children: [a, b] });
  expect(box(group)).toEqual({ x: 10, y: 20, width: 110, height: 90 });
  document.edit({ type: "set", id: b, values: { x: 0 } });
  expect(box(group)).toEqual({ x: 0, y: 20, width: 40, height: 90 });
});

test("a moved group takes its children along", () => {
  const { document, a, group, box } = grouped();
  document.edit({ type: "set", id: group, values: { x: 110, y: 0 } });
  expect(box(a)).toEqual({ x: 110, y: 0, width: 30, height: 30 });
});

test("a turned group keeps its own size, its box on the page turns", () => {
  const { document, group, box } = grouped();
  document.edit({ type: "set", id: group, values: { rotation: 90 } });
  const { width, height } = document.node(group);
  expect([width, height]).toEqual([110, 90]);
  expect([box(group).width, box(group).height].map(Math.round)).toEqual([90, 110]);
});

test("resizing a group scales what is in it", () => {
  const { document, b, group, box } = grouped();
  document.tree = settle(resizeNode(document.tree, group, 220, 90));
  expect(box(b)).toEqual({ x: 190, y: 50, width: 40, height: 60 });
  expect(() => resizeNode(document.tree, group, 0, 10)).toThrow("at least 0.01");
});

test("a group goes with its last child, and with ungroup", () => {
  const { document, a, b, group } = grouped();
  const ungrouped = ungroupNode(document.tree, group);
  expect([ungrouped.ids, group in ungrouped.tree.nodes]).toEqual([[a, b], false]);
  document.edit({ type: "remove", ids: [a] });
  expect(group in document.tree.nodes).toBe(true);
  document.edit({ type: "remove", ids: [b] });
  expect(group in document.tree.nodes).toBe(false);
});

test("auto layout places its children but those with an absolute position", () => {
  const document = new TestDocument();
  const frame = document.add("FRAME", undefined, {
    layoutMode: "HORIZONTAL",
    paddingLeft: 8,
    paddingTop: 4,
    itemSpacing: 10,
  });
  const first = document.add("RECTANGLE", frame, { width: 20, height: 20 });
  const free = document.add("RECTANGLE", frame, { x: 3, y: 3, layoutPositioning: "ABSOLUTE" });
  const last = document.add("RECTANGLE", frame, { width: 20, height: 20 });
  const places = [first, free, last].map((id) => document.node(id).transform.map((row) => row[2]));
  expect(places).toEqual([
    [8, 4],
    [3, 3],
    [38, 4],
  ]);
});

test("what is settled stays the same object", () => {
  const { document } = grouped();
  expect(settle(document.tree)).toBe(document.tree);
  const moved = setTransform(document.tree, "a", document.node("a").transform);
  expect(settle(moved)).toBe(moved);
});
