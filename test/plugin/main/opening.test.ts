import { describe, expect, it } from "vitest";
import type { ToUi } from "../../../plugin/messages.ts";
import { answer, artboard, beginRun, insert, openWith, page, recipe, reference, treeOf } from "./documents.ts";
import { bundleMain, openPlugin, type Sandbox } from "./sandbox.ts";

// Protects what the panel knows when it opens, in an engine that has nothing that Figma's sandbox lacks.

it("loads nothing but its own files, the messages and the geometry that the panel shares", async () => {
  const { inputs } = await bundleMain();
  const own = /^(plugin\/(main\/\w+|messages|recipe)|shared\/geometry)\.ts$/;
  expect(inputs.filter((path) => !own.test(path))).toEqual([]);
});

it("shows a panel in Figma's colours", async () => {
  const sandbox = await openPlugin({ pages: [page] });
  expect(sandbox.call("notices")).toEqual([{ showUI: { width: 340, height: 720, themeColors: true } }]);
});

it("takes a single selected layer as the product, and its frame as the area", async () => {
  const sandbox = await openPlugin({ pages: [page], selection: ["1:3"] });
  const opened = answer(sandbox.send({ type: "ui_ready" }), "opened");
  const bottle = { id: "1:3", name: "Bottle", type: "RECTANGLE", size: { width: 200, height: 300 } };
  const ad = { id: "1:1", name: "Ad", type: "FRAME", size: { width: 800, height: 600 } };
  expect(opened).toEqual({
    type: "opened",
    command: "open",
    recipe: null,
    stored: {},
    documentId: expect.stringMatching(/^\w+-\w+$/),
    slots: {
      product: { type: "set", layer: bottle, isAutomatic: true },
      reference: { type: "empty" },
      referenceMask: { type: "empty" },
      area: { type: "set", layer: ad, isAutomatic: true },
    },
    selection: [bottle],
    results: [],
  });
});

it("infers no roles from several selected layers", async () => {
  const sandbox = await openPlugin({ pages: [page], selection: ["1:3", "2:1"] });
  const { slots, selection } = answer(sandbox.send({ type: "ui_ready" }), "opened");
  expect(Object.values(slots)).toEqual(Array(4).fill({ type: "empty" }));
  expect(selection.map(({ id }) => id)).toEqual(["1:3", "2:1"]);
});

it("leaves the area empty for a product directly on the page", async () => {
  const sandbox = await openPlugin({ pages: [page], selection: ["2:1"] });
  expect(answer(sandbox.send({ type: "ui_ready" }), "opened").slots.area).toEqual({ type: "empty" });
});

const result = {
  id: "3:1",
  type: "RECTANGLE",
  name: "Background",
  pluginData: { backdrop: JSON.stringify({ ...recipe, layers: { ...recipe.layers, referenceMask: "7:7" } }) },
};

it("opens a result's recipe from its button, with the layers that still exist", async () => {
  const sandbox = await openPlugin({
    pages: [{ id: "0:1", type: "PAGE", children: [artboard, reference, result] }],
    selection: ["3:1"],
    command: "regenerate",
  });
  const opened = answer(sandbox.send({ type: "ui_ready" }), "opened");
  expect(opened.command).toBe("regenerate");
  expect(opened.recipe?.settings).toEqual(recipe.settings);
  expect(opened.slots).toMatchObject({
    product: { type: "set", layer: { id: "1:3" }, isAutomatic: false },
    reference: { type: "set", layer: { id: "2:1" } },
    referenceMask: { type: "empty" },
    area: { type: "set", layer: { id: "1:1" }, isAutomatic: true },
  });
});

it("knows the results that lie on the page, also in a group, and those that come back", async () => {
  const copy = { ...result, id: "3:2" };
  const sandbox = await openPlugin({
    pages: [{ id: "0:1", type: "PAGE", children: [{ id: "3:0", type: "GROUP", children: [result, copy] }, artboard] }],
  });
  const found = (nodeId: string) => ({ nodeId, jobId: "job", variant: 1 });
  expect(answer(sandbox.send({ type: "ui_ready" }), "opened").results).toEqual([found("3:1"), found("3:2")]);
  sandbox.call("sent");
  sandbox.call("deleteNode", "3:1");
  expect(sandbox.call("sent")).toContainEqual({ type: "result_gone", nodeId: "3:1" });
  sandbox.call("restoreNode", "3:1");
  expect(sandbox.call("sent")).toContainEqual({ type: "results_found", results: [found("3:1")] });
});

it("finds the results of a page that is gone to", async () => {
  const second = { id: "0:2", type: "PAGE", children: [result] };
  const sandbox = await openPlugin({ pages: [page, second] });
  expect(answer(sandbox.send({ type: "ui_ready" }), "opened").results).toEqual([]);
  sandbox.call("sent");
  sandbox.call("goToPage", "0:2");
  expect(answer(sandbox.call("sent") as readonly ToUi[], "results_found").results).toMatchObject([{ nodeId: "3:1" }]);
});

describe("the document's own data", () => {
  const documentData = (sandbox: Sandbox) => treeOf(sandbox, "0:0").data;
  const opening = (data: Readonly<Record<string, string>>) => ({ pages: [page], documentData: data });

  it("names the document from its first result on; opening the plugin and a run that is cancelled change nothing", async () => {
    const first = await openWith([artboard], "1:3");
    beginRun(first);
    first.send({ type: "end_run", runId: "run" });
    first.call("close");
    expect(documentData(first)).toEqual({});
    insert(first);
    const { documentId = "" } = documentData(first);
    expect(documentId).not.toBe("");
    const again = await openPlugin(opening({ documentId }));
    expect(answer(again.send({ type: "ui_ready" }), "opened").documentId).toBe(documentId);
    const another = await openPlugin(opening({}));
    expect(answer(another.send({ type: "ui_ready" }), "opened").documentId).not.toBe(documentId);
  });

  it("names it for a run that goes on when the plugin is closed", async () => {
    const sandbox = await openWith([artboard], "1:3");
    beginRun(sandbox);
    sandbox.call("close");
    expect(documentData(sandbox)).toEqual({ documentId: expect.stringMatching(/^\w+-\w+$/) });
  });

  it("remembers the layers of the latest result for the next opening", async () => {
    const sandbox = await openWith([artboard, reference], "1:3");
    beginRun(sandbox);
    insert(sandbox);
    const again = await openPlugin(opening(documentData(sandbox)));
    expect(answer(again.send({ type: "ui_ready" }), "opened").slots).toMatchObject({
      product: { type: "set", layer: { id: "1:3" } },
      reference: { type: "set", layer: { id: "2:1" } },
      referenceMask: { type: "empty" },
      area: { type: "set", layer: { id: "1:1" }, isAutomatic: true },
    });
  });

  it.each([
    ["another layer, which is the product then", "1:2", "1:2"],
    ["the reference, which is no product", "2:1", "1:3"],
  ])("is opened with %s", async (_what, selected, product) => {
    const remembered = JSON.stringify(recipe.layers);
    const sandbox = await openPlugin({ ...opening({ reference: remembered }), selection: [selected] });
    expect(answer(sandbox.send({ type: "ui_ready" }), "opened").slots).toMatchObject({
      product: { type: "set", layer: { id: product } },
      reference: { type: "set", layer: { id: "2:1" } },
    });
  });

  it("keeps the reference layer of before where the latest result has one from disk", async () => {
    const sandbox = await openWith([artboard, reference], "1:3");
    beginRun(sandbox);
    insert(sandbox);
    insert(sandbox, { recipe: { ...recipe, layers: { ...recipe.layers, product: "1:2", reference: "" } } });
    expect(JSON.parse(documentData(sandbox).reference ?? "")).toMatchObject({ product: "1:2", reference: "2:1" });
  });

  it.each(["", "{", "null", '{"reference":5,"referenceMask":"8:8"}'])(
    "that remembers no layer that is there, %j, fills nothing",
    async (text) => {
      const sandbox = await openPlugin(opening({ reference: text }));
      const { slots } = answer(sandbox.send({ type: "ui_ready" }), "opened");
      expect([slots.reference, slots.referenceMask]).toEqual([{ type: "empty" }, { type: "empty" }]);
    },
  );
});

it.each([
  ["of a later version", JSON.stringify({ ...recipe, version: 2 })],
  ["without layers", JSON.stringify({ ...recipe, layers: null })],
  ["that is no JSON", "{"],
])("ignores a recipe %s", async (_what, backdrop) => {
  const sandbox = await openPlugin({
    pages: [{ id: "0:1", type: "PAGE", children: [artboard, { ...result, pluginData: { backdrop } }] }],
    selection: ["3:1"],
    command: "regenerate",
  });
  expect(answer(sandbox.send({ type: "ui_ready" }), "opened")).toMatchObject({ command: "open", recipe: null });
});

it("does not take a background of ours for a product", async () => {
  const sandbox = await openPlugin({
    pages: [{ id: "0:1", type: "PAGE", children: [artboard, result] }],
    selection: ["3:1"],
  });
  expect(answer(sandbox.send({ type: "ui_ready" }), "opened").slots.product).toEqual({ type: "empty" });
});

it("hands over what is stored, and drops what it cannot read", async () => {
  const sandbox = await openPlugin({
    pages: [page],
    storage: { clientId: "c", port: 41731, pairing: { serverId: "s" }, panel: { steps: 12 } },
  });
  expect(answer(sandbox.send({ type: "ui_ready" }), "opened").stored).toEqual({
    clientId: "c",
    port: 41731,
    panel: { steps: 12 },
  });
});

it("stores and forgets, and says so when Figma refuses", async () => {
  const sandbox = await openPlugin({ pages: [page] });
  expect(sandbox.send({ type: "store", key: "port", value: 41730 })).toEqual([]);
  expect(sandbox.call("storage")).toEqual({ port: 41730 });
  sandbox.send({ type: "store", key: "port", value: null });
  expect(sandbox.call("storage")).toEqual({});
  sandbox.call("refuse", "storage");
  expect(answer(sandbox.send({ type: "store", key: "clientId", value: "c" }), "host_error").code).toBe(
    "storage_failed",
  );
});

it("shows notices of at most 100 characters, and resizes", async () => {
  const sandbox = await openPlugin({ pages: [page] });
  sandbox.send({ type: "notify", message: "x".repeat(120), isError: true });
  sandbox.send({ type: "resize", size: { width: 400, height: 500 } });
  expect(sandbox.call("notices").slice(1)).toEqual([
    { notify: "x".repeat(100), options: { error: true } },
    { resize: [400, 500] },
  ]);
});

it("answers a message that it does not know, instead of failing", async () => {
  const sandbox = await openWith([artboard], "1:3");
  const messages = sandbox.send(JSON.parse('{"type":"dance","requestId":"r"}'));
  expect(answer(messages, "host_error")).toMatchObject({ code: "internal", requestId: "r" });
});
