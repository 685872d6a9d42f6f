import { expect, test } from "vitest";
import { exportRegion } from "../../../plugin/playground/document/exportRegion.ts";
import { TestDocument } from "./documents.ts";

const document = new TestDocument();
const whole = document.add("RECTANGLE", undefined, { x: 10, y: 20, width: 300, height: 200 });
const fraction = document.add("RECTANGLE", undefined, { x: 10.5, y: 20, width: 300, height: 200 });
const turned = document.add("RECTANGLE", undefined, { x: 0, y: 0, width: 100, height: 100, rotation: 45 });
const clip = document.add("FRAME", undefined, { width: 50, height: 50 });
const clipped = document.add("RECTANGLE", clip, { width: 100, height: 100 });

function sizeOf(id: string, type: "SCALE" | "WIDTH" | "HEIGHT", value: number, useAbsoluteBounds = false) {
  const { widthPx, heightPx } = exportRegion(document.tree, document.node(id), { type, value }, useAbsoluteBounds);
  return [widthPx, heightPx];
}

test("a scale, a width or a height gives the picture's size", () => {
  expect(sizeOf(whole, "SCALE", 1)).toEqual([300, 200]);
  expect(sizeOf(whole, "SCALE", 2)).toEqual([600, 400]);
  expect(sizeOf(whole, "WIDTH", 512)).toEqual([512, 341]);
  expect(sizeOf(whole, "HEIGHT", 10)).toEqual([15, 10]);
});

test("a layer between pixels is one pixel larger, at a scale", () => {
  expect(sizeOf(fraction, "SCALE", 1)).toEqual([301, 200]);
  expect(sizeOf(fraction, "SCALE", 2)).toEqual([600, 400]);
  expect(sizeOf(fraction, "WIDTH", 300)).toEqual([300, 200]);
});

test("a turned layer is exported as it is seen", () => {
  expect(sizeOf(turned, "SCALE", 1)).toEqual([142, 142]);
});

test("frames around do not cut a layer's export, the frame's own does", () => {
  expect(sizeOf(clipped, "SCALE", 1)).toEqual([100, 100]);
  expect(sizeOf(clip, "SCALE", 1)).toEqual([50, 50]);
});

test("a shadow is part of the picture unless absolute bounds are asked for", () => {
  const shadow = {
    type: "DROP_SHADOW",
    visible: true,
    color: { r: 0, g: 0, b: 0, a: 1 },
    offset: { x: 0, y: 8 },
    radius: 2,
  } as const;
  const id = document.add("RECTANGLE", undefined, { effects: [shadow] });
  expect(sizeOf(id, "SCALE", 1)).toEqual([104, 110]);
  expect(sizeOf(id, "SCALE", 1, true)).toEqual([100, 100]);
});

test("what is not seen cannot be exported", () => {
  const frame = document.add("FRAME", undefined, { visible: false });
  const child = document.add("RECTANGLE", frame);
  for (const id of [frame, child]) {
    expect(() => sizeOf(id, "SCALE", 1)).toThrow("This node may not have any visible layers");
  }
});
