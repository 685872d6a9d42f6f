import { expect, test } from "vitest";
import { changesBetween } from "../../../plugin/playground/document/changes.ts";
import { TestDocument } from "./documents.ts";

const everywhere = () => true;

test("of a subtree that comes or goes only its topmost layer is told", () => {
  const document = new TestDocument();
  const before = document.tree;
  const frame = document.add("FRAME");
  document.add("RECTANGLE", frame);
  expect(changesBetween(before, document.tree, everywhere)).toEqual([{ type: "CREATE", id: frame }]);
  const full = document.tree;
  document.edit({ type: "remove", ids: [frame] });
  expect(changesBetween(full, document.tree, everywhere)).toEqual([{ type: "DELETE", id: frame, nodeType: "FRAME" }]);
});

test("changes of place, size and data are told by their names", () => {
  const document = new TestDocument();
  const id = document.add("RECTANGLE");
  const before = document.tree;
  document.edit({ type: "set", id, values: { x: 5, width: 50, pluginData: { key: "value" } } });
  expect(changesBetween(before, document.tree, everywhere)).toEqual([
    { type: "PROPERTY_CHANGE", id, properties: ["width", "pluginData", "x", "relativeTransform"] },
  ]);
});
