import { describe, expect, it } from "vitest";
import type { ToUi } from "../../../plugin/messages.ts";
import { answer, artboard, beginRun, insert, insertAnswers, openWith, page, reference } from "./documents.ts";
import { openPlugin, type Sandbox } from "./sandbox.ts";

// Protects that the panel never shows what is no longer so: deleted, renamed and changed layers, and results that are gone.

async function withReference(): Promise<Sandbox> {
  const sandbox = await openWith([artboard, reference], "1:3");
  sandbox.call("select", ["2:1"]);
  sandbox.send({ type: "use_selection", slot: "reference" });
  sandbox.call("sent");
  return sandbox;
}

describe("the selection", () => {
  it("is told when it changes", async () => {
    const sandbox = await openWith([artboard, reference], "1:3");
    sandbox.call("sent");
    sandbox.call("select", ["2:1"]);
    expect(sandbox.call("sent")).toEqual([
      {
        type: "selection_changed",
        selection: [{ id: "2:1", name: "Kitchen", type: "RECTANGLE", size: { width: 500, height: 400 } }],
      },
    ]);
  });

  it.each([
    ["nothing", [], "Nothing is selected"],
    ["several layers", ["1:2", "2:1"], "2 layers are selected"],
  ])("of %s fills no slot", async (_what, ids, message) => {
    const sandbox = await openWith([artboard, reference], "1:3");
    sandbox.call("select", ids);
    const failure = answer(sandbox.send({ type: "use_selection", slot: "reference" }), "host_error");
    expect(failure).toMatchObject({ code: "nothing_selected", slot: "reference" });
    expect(failure.message).toContain(message);
  });

  it.each([
    ["product", "reference", "1:3", "“Bottle” is the product. Select a layer that shows what"],
    ["reference", "referenceMask", "2:1", "“Kitchen” is the style reference. A mask is a layer of its own"],
    ["product", "referenceMask", "1:3", "“Bottle” is the product. A mask is a layer of its own"],
    ["reference", "product", "2:1", "“Kitchen” is the style reference. Select the layer to keep as it is"],
  ] as const)("that is the %s already does not become the %s", async (_taken, slot, id, message) => {
    const sandbox = await withReference();
    sandbox.call("select", [id]);
    const failure = answer(sandbox.send({ type: "use_selection", slot }), "host_error");
    expect(failure).toMatchObject({ code: "layer_taken", slot });
    expect(failure.message).toContain(message);
  });

  it("fills a slot that was asked for, by a person", async () => {
    const sandbox = await openWith([artboard, reference], "1:3");
    sandbox.call("select", ["2:1"]);
    const { slot, state } = answer(sandbox.send({ type: "use_selection", slot: "referenceMask" }), "slot_changed");
    expect({ slot, state }).toMatchObject({ slot: "referenceMask", state: { type: "set", isAutomatic: false } });
  });

  it("of another reference takes the mask with it, which was drawn over the one before", async () => {
    const sandbox = await withReference();
    sandbox.call("select", ["1:2"]);
    sandbox.send({ type: "use_selection", slot: "referenceMask" });
    const slotsOf = (messages: readonly ToUi[]) =>
      messages.flatMap((message) => (message.type === "slot_changed" ? [message.slot] : []));
    expect(slotsOf(sandbox.send({ type: "use_selection", slot: "reference" }))).toEqual(["referenceMask", "reference"]);
    sandbox.send({ type: "use_selection", slot: "referenceMask" });
    expect(slotsOf(sandbox.send({ type: "use_selection", slot: "reference" }))).toEqual(["reference"]);
  });

  it("is answered though the slot has that layer already", async () => {
    const sandbox = await withReference();
    expect(answer(sandbox.send({ type: "use_selection", slot: "reference" }), "slot_changed").slot).toBe("reference");
  });

  it("goes to a layer on another page", async () => {
    const sandbox = await openPlugin({ pages: [{ id: "0:9", type: "PAGE" }, page] });
    expect(sandbox.send({ type: "show_layer", nodeId: "1:3" })).toEqual([]);
    expect(sandbox.call("notices")).toContainEqual({ show: ["1:3"] });
    sandbox.call("deleteNode", "1:3");
    expect(answer(sandbox.send({ type: "show_layer", nodeId: "1:3" }), "host_error").code).toBe("layer_missing");
  });
});

describe("a slot's layer", () => {
  it("that is deleted leaves its name, and comes back with undo", async () => {
    const sandbox = await withReference();
    sandbox.call("deleteNode", "2:1");
    expect(sandbox.call("sent")).toEqual([
      { type: "slot_changed", slot: "reference", state: { type: "deleted", name: "Kitchen" } },
    ]);
    sandbox.call("restoreNode", "2:1");
    expect(sandbox.call("sent")).toMatchObject([
      { type: "slot_changed", slot: "reference", state: { type: "set", layer: { id: "2:1" }, isAutomatic: false } },
    ]);
  });

  it("is noticed as deleted when only its frame is reported", async () => {
    const sandbox = await withReference();
    sandbox.call("deleteNode", "1:1");
    const changed = sandbox.call("sent").map((message) => message as { slot: string; state: { type: string } });
    expect(changed.map(({ slot, state }) => [slot, state.type])).toEqual([
      ["product", "deleted"],
      ["area", "deleted"],
    ]);
  });

  it("takes the automatic area along into another frame, and back onto the page", async () => {
    const sandbox = await openWith([artboard, { id: "5:1", type: "FRAME", name: "Wide" }], "1:3");
    const areaAfterMoveTo = (parentId: string) => {
      sandbox.call("sent");
      sandbox.call("moveNode", "1:3", parentId);
      return answer(sandbox.call("sent") as ToUi[], "slot_changed");
    };
    expect(areaAfterMoveTo("5:1")).toMatchObject({ slot: "area", state: { layer: { id: "5:1" }, isAutomatic: true } });
    expect(areaAfterMoveTo("0:1")).toMatchObject({ slot: "area", state: { type: "empty" } });
    expect(areaAfterMoveTo("1:1")).toMatchObject({ slot: "area", state: { layer: { id: "1:1" }, isAutomatic: true } });
  });

  it("leaves the area empty once the designer cleared it, until there is another product", async () => {
    const sandbox = await openWith([artboard, reference], "1:3");
    sandbox.send({ type: "clear_slot", slot: "area" });
    sandbox.call("edit", "1:3", { x: 1 });
    expect(sandbox.call("sent")).toEqual([]);
    sandbox.call("select", ["1:2"]);
    const changes = sandbox.send({ type: "use_selection", slot: "product" });
    expect(changes.map((message) => message.type === "slot_changed" && message.slot)).toEqual(["product", "area"]);
  });

  it("is told anew when it is renamed", async () => {
    const sandbox = await withReference();
    sandbox.call("edit", "2:1", { name: "Bathroom" });
    expect(sandbox.call("sent")).toMatchObject([
      { type: "slot_changed", slot: "reference", state: { layer: { name: "Bathroom" } } },
    ]);
  });

  it("is stale once its pixels, or those of a layer in it, have settled", async () => {
    const sandbox = await openWith([artboard, reference], "1:1");
    sandbox.call("sent");
    sandbox.call("edit", "1:2", { fills: [] });
    sandbox.call("advance", 200);
    sandbox.call("edit", "1:2", { x: 5 });
    sandbox.call("advance", 200);
    expect(sandbox.call("sent")).toEqual([]);
    sandbox.call("advance", 100);
    expect(sandbox.call("sent")).toEqual([{ type: "slot_stale", slot: "product" }]);
  });

  it("is stale when a layer was deleted that may have been in it", async () => {
    const sandbox = await openWith([artboard, reference], "1:1");
    sandbox.call("sent");
    sandbox.call("deleteNode", "1:2");
    sandbox.call("advance", 300);
    expect(sandbox.call("sent")).toEqual([{ type: "slot_stale", slot: "product" }]);
  });

  it("is not stale because it was moved, or because others changed", async () => {
    const sandbox = await withReference();
    sandbox.call("edit", "2:1", { x: 7, y: 8 });
    sandbox.call("edit", "1:2", { fills: [] });
    sandbox.call("advance", 1000);
    expect(sandbox.call("sent")).toEqual([]);
  });
});

describe("a result", () => {
  it("that was deleted or undone is told as gone, once, and as found when it comes back", async () => {
    const sandbox = await openWith([artboard], "1:3");
    beginRun(sandbox);
    const nodeId = insert(sandbox);
    sandbox.call("sent");
    sandbox.call("deleteNode", nodeId);
    sandbox.call("restoreNode", nodeId);
    expect(sandbox.call("sent")).toEqual([
      { type: "result_gone", nodeId },
      { type: "results_found", results: [{ nodeId, jobId: "job", variant: 1 }] },
    ]);
  });

  it("that the panel removed or replaced is not told as gone", async () => {
    const sandbox = await openWith([artboard], "1:3");
    beginRun(sandbox);
    const first = insert(sandbox);
    const replacement = insertAnswers(sandbox, { replace: first });
    expect(replacement.map(({ type }) => type)).toEqual(["inserted"]);
    const { nodeId } = answer(replacement, "inserted");
    const messages = sandbox.send({ type: "remove_result", requestId: "r", nodeId });
    expect(messages).toEqual([{ type: "result_removed", requestId: "r", nodeId }]);
  });

  it("is watched on every page that is entered, and on no other", async () => {
    const pages = [page, { id: "0:2", type: "PAGE" }];
    const sandbox = await openPlugin({ pages, selection: ["1:3"] });
    for (const id of ["0:2", "0:1", "0:2", "0:1"]) sandbox.call("goToPage", id);
    expect(pages.map(({ id }) => sandbox.call("listeners", id))).toEqual([1, 0]);
  });
});
