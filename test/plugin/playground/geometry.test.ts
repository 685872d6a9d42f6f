import { expect, test } from "vitest";
import {
  absoluteBoundingBox,
  absoluteRenderBounds,
  absoluteTransform,
  drawnBounds,
} from "../../../plugin/playground/document/geometry.ts";
import { invert, multiply, rotationOf, withRotation } from "../../../plugin/playground/document/matrix.ts";
import { TestDocument } from "./documents.ts";

test("a rotation turns counter-clockwise about the layer's corner, as Figma's does", () => {
  const document = new TestDocument();
  const id = document.add("RECTANGLE", undefined, { x: 100, y: 100, width: 40, height: 20, rotation: 90 });
  expect(document.node(id).transform).toEqual([
    [0, 1, 100],
    [-1, 0, 100],
  ]);
  expect(absoluteBoundingBox(document.tree, document.node(id))).toEqual({ x: 100, y: 60, width: 20, height: 40 });
});

test("transforms of nested, rotated frames are those that the sines and cosines give", () => {
  const document = new TestDocument();
  const frame = document.add("FRAME", undefined, { x: 10, y: 20, rotation: 30 });
  const child = document.add("RECTANGLE", frame, { x: 5, y: -7, rotation: -75 });
  const [[a, c, e], [b, d, f]] = absoluteTransform(document.tree, document.node(child));
  const [cos30, sin30] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)];
  const [cos45, sin45] = [Math.SQRT1_2, Math.SQRT1_2];
  const expected = [cos45, -sin45, 10 + 5 * cos30 - 7 * sin30, sin45, cos45, 20 - 5 * sin30 - 7 * cos30];
  for (const [index, value] of [a, c, e, b, d, f].entries()) expect(value).toBeCloseTo(expected[index] ?? 0, 12);
  expect(rotationOf(document.node(child).transform)).toBeCloseTo(-75, 12);
});

test("children of a group are placed in what the group lies in", () => {
  const document = new TestDocument();
  const frame = document.add("FRAME", undefined, { x: 1000, y: 0, width: 500, height: 500 });
  const group = document.add("GROUP", frame);
  expect(document.tree.nodes[group], "a group without children goes").toBeUndefined();
  const child = document.add("RECTANGLE", frame, { x: 30, y: 40 });
  expect(absoluteTransform(document.tree, document.node(child))).toEqual([
    [1, 0, 1030],
    [0, 1, 40],
  ]);
});

test("an inverted transform undoes it, and a mirroring survives a rotation", () => {
  const mirrored = [
    [-2, 0, 5],
    [0, 4, 7],
  ] as const;
  expect(multiply(mirrored, invert(mirrored))).toEqual([
    [1, 0, 0],
    [0, 1, 0],
  ]);
  const [[a, c], [b, d]] = withRotation(mirrored, 45);
  expect(a * d - b * c).toBeCloseTo(-1, 12);
});

test("render bounds are clipped by frames around, what is drawn of the layer itself is not", () => {
  const document = new TestDocument();
  const frame = document.add("FRAME", undefined, { width: 200, height: 200 });
  const child = document.add("RECTANGLE", frame, { x: 150, y: 150, width: 100, height: 100 });
  const whole = { x: 150, y: 150, width: 100, height: 100 };
  const bounds = () => absoluteRenderBounds(document.tree, document.node(child));
  expect(bounds()).toEqual({ x: 150, y: 150, width: 50, height: 50 });
  expect(drawnBounds(document.tree, document.node(child))).toEqual(whole);
  document.edit({ type: "set", id: frame, values: { clipsContent: false } });
  expect(bounds()).toEqual(whole);
  document.edit({ type: "set", id: frame, values: { visible: false } });
  expect(bounds()).toBeNull();
});

test("shadows and outer strokes are drawn outside of the box", () => {
  const document = new TestDocument();
  const black = { r: 0, g: 0, b: 0 };
  const shadow = {
    type: "DROP_SHADOW",
    visible: true,
    color: { ...black, a: 0.5 },
    offset: { x: 0, y: 10 },
    radius: 4,
  } as const;
  const id = document.add("RECTANGLE", undefined, {
    strokes: [{ type: "SOLID", color: black }],
    strokeWeight: 3,
    strokeAlign: "OUTSIDE",
    effects: [shadow],
  });
  expect(drawnBounds(document.tree, document.node(id))).toEqual({ x: -7, y: -3, width: 114, height: 120 });
  expect(absoluteBoundingBox(document.tree, document.node(id))).toEqual({ x: 0, y: 0, width: 100, height: 100 });
});
