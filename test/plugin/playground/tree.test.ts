import { describe, expect, it, test } from "vitest";
import { firstPageId, insertChild, nodeOf } from "../../../plugin/playground/document/tree.ts";
import { TestDocument } from "./documents.ts";

describe("insertChild", () => {
  const document = new TestDocument();
  for (let count = 0; count < 4; count++) document.add("RECTANGLE");
  const order = (index: number, id: string) =>
    nodeOf(insertChild(document.tree, firstPageId, index, id), firstPageId).children.join("");

  it("puts a layer behind the one that stands at the index", () => {
    expect(order(0, "d")).toBe("dabc");
    expect(order(2, "d")).toBe("abdc");
    expect(order(4, "a")).toBe("bcda");
    expect(order(3, "a")).toBe("bcad");
    expect(order(1, "b")).toBe("abcd");
  });

  it("refuses an index beyond the children, and a layer inside itself", () => {
    expect(() => order(5, "a")).toThrow("Index out of range: expected 0 to 4, got 5");
    expect(() => order(-1, "a")).toThrow("Index out of range");
    const frame = document.add("FRAME");
    expect(() => insertChild(document.tree, frame, 0, frame)).toThrow("cannot be moved into itself");
    expect(() => insertChild(document.tree, "a", 0, "b")).toThrow("RECTANGLE takes no children");
  });
});

test("what is inside a removed layer goes with it", () => {
  const document = new TestDocument();
  const frame = document.add("FRAME");
  const inner = document.add("FRAME", frame);
  const leaf = document.add("TEXT", inner);
  const other = document.add("TEXT");
  document.edit({ type: "remove", ids: [leaf, frame] });
  expect([frame, inner, leaf, other].map((id) => id in document.tree.nodes)).toEqual([false, false, false, true]);
  expect(document.node(firstPageId).children).toEqual([other]);
});

test("a layer dropped into another frame is seen where it was", () => {
  const document = new TestDocument();
  const frame = document.add("FRAME", undefined, { x: 100, y: 50, rotation: 90 });
  const layer = document.add("RECTANGLE", undefined, { x: 130, y: 20, rotation: 10 });
  const place = () => document.node(layer).transform.map(([, , shift]) => Math.round(shift * 1e6) / 1e6);
  document.edit({ type: "reparent", id: layer, parentId: frame, index: 0 });
  expect([document.node(layer).parentId, place()]).toEqual([frame, [30, 30]]);
  document.edit({ type: "reparent", id: layer, parentId: firstPageId, index: 0 });
  expect([document.node(layer).parentId, place()]).toEqual([firstPageId, [130, 20]]);
});

test("a move is in the page's axes, whatever the layer lies in", () => {
  const document = new TestDocument();
  const frame = document.add("FRAME", undefined, { rotation: 90 });
  const layer = document.add("RECTANGLE", frame, { x: 10, y: 10 });
  document.edit({ type: "move", ids: [layer, frame], dx: 0, dy: 0 });
  document.edit({ type: "move", ids: [layer], dx: 5, dy: 0 });
  expect(document.node(layer).transform).toEqual([
    [1, 0, 10],
    [0, 1, 15],
  ]);
});

test("a copy lies in front of its original and shares no layer with it", () => {
  const document = new TestDocument();
  const frame = document.add("FRAME");
  document.add("RECTANGLE", frame, { name: "inner" });
  const [copy = ""] = document.edit({ type: "duplicate", ids: [frame] });
  expect(document.node(firstPageId).children).toEqual([frame, copy]);
  const [inner = ""] = document.node(copy).children;
  document.edit({ type: "set", id: inner, values: { name: "changed" } });
  expect(document.node(document.node(frame).children[0] ?? "").name).toBe("inner");
});

test("layers inside an instance cannot be removed by hand", () => {
  const document = new TestDocument();
  const instance = document.add("INSTANCE");
  const inner = document.add("RECTANGLE", instance);
  document.edit({ type: "remove", ids: [inner] });
  expect(document.node(instance).children).toEqual([inner]);
});
