import { expect, test } from "vitest";
import { firstPageId } from "../../../plugin/playground/document/tree.ts";
import { fitInto, toPage, zoomAt } from "../../../plugin/playground/view/camera.ts";
import { dropTarget, layerAt, layerInside, layersIn } from "../../../plugin/playground/view/hitTest.ts";
import { draggedCorner } from "../../../plugin/playground/view/resizing.ts";
import { TestDocument } from "./documents.ts";

const size = { width: 800, height: 600 };

test("zooming keeps the point under the pointer", () => {
  const camera = { center: { x: 10, y: 20 }, zoom: 0.5 };
  const pointer = { x: 700, y: 100 };
  const before = toPage(camera, size, pointer);
  const after = toPage(zoomAt(camera, size, pointer, 3), size, pointer);
  expect([after.x, after.y]).toEqual([expect.closeTo(before.x, 9), expect.closeTo(before.y, 9)]);
});

test("a box is shown between what lies over the canvas", () => {
  const camera = fitInto({ x: 0, y: 0, width: 1000, height: 100 }, size, { left: 0, top: 0, right: 300, bottom: 0 });
  expect(camera.zoom).toBe(0.5);
  expect(toPage(camera, size, { x: 0, y: 300 })).toEqual({ x: 0, y: 50 });
  expect(toPage(camera, size, { x: 500, y: 300 })).toEqual({ x: 1000, y: 50 });
});

function artboard() {
  const document = new TestDocument();
  const frame = document.add("FRAME", undefined, { width: 400, height: 400 });
  const inner = document.add("FRAME", frame, { x: 100, y: 100 });
  const leaf = document.add("RECTANGLE", inner, { width: 50, height: 50 });
  return { document, frame, inner, leaf };
}

test("a click selects what is in a frame, a double click what is inside that", () => {
  const { document, frame, inner, leaf } = artboard();
  const at = { x: 110, y: 110 };
  expect(layerAt(document.tree, at, false)?.id).toBe(inner);
  expect(layerAt(document.tree, at, true)?.id).toBe(leaf);
  expect(layerInside(document.tree, at, document.node(inner))?.id).toBe(leaf);
  expect(layerAt(document.tree, { x: 10, y: 10 }, false)?.id).toBe(frame);
  expect(layerAt(document.tree, { x: 500, y: 10 }, false)).toBeNull();
  document.edit({ type: "set", id: inner, values: { locked: true } });
  expect(layerAt(document.tree, at, false)?.id).toBe(frame);
});

test("a selection rectangle takes a frame only as a whole", () => {
  const { document, frame, inner } = artboard();
  const ids = (side: number) =>
    layersIn(document.tree, { x: -1, y: -1, width: side, height: side }).map(({ id }) => id);
  expect(ids(150)).toEqual([inner]);
  expect(ids(500)).toEqual([frame]);
});

test("a layer is dropped into the frame under the pointer, or out of it", () => {
  const { document, frame } = artboard();
  const layer = document.add("RECTANGLE", undefined, { x: 600 });
  expect(dropTarget(document.tree, { x: 50, y: 50 }, [layer])?.id).toBe(frame);
  expect(dropTarget(document.tree, { x: 650, y: 50 }, [layer])).toBeNull();
  document.edit({ type: "reparent", id: layer, parentId: frame, index: 0 });
  expect(dropTarget(document.tree, { x: 650, y: 50 }, [layer])?.id).toBe(firstPageId);
});

test("a dragged corner leaves the opposite one where it was, also of a turned layer", () => {
  const document = new TestDocument();
  const id = document.add("RECTANGLE", undefined, { x: 100, y: 100, width: 40, height: 20 });
  expect(draggedCorner(document.tree, document.node(id), "topLeft", { x: 90, y: 95 }, false)).toEqual({
    x: 90,
    y: 95,
    width: 50,
    height: 25,
  });
  expect(draggedCorner(document.tree, document.node(id), "bottomRight", { x: 180, y: 100 }, true)).toEqual({
    x: 100,
    y: 100,
    width: 80,
    height: 40,
  });
  document.edit({ type: "set", id, values: { rotation: 90 } });
  expect(draggedCorner(document.tree, document.node(id), "bottomRight", { x: 130, y: 50 }, false)).toEqual({
    x: 100,
    y: 100,
    width: 50,
    height: 30,
  });
});
