import { describe, expect, it } from "vitest";
import { hiddenByHand } from "../../../plugin/ui/state/state.ts";
import { openPanel, settled, slotOf } from "./world.ts";

// Protects what belongs to a layer: its thumbnail, its patches and its mask follow it, and go with it.

const mask = { sizePx: { width: 1, height: 1 }, data: new Uint8Array([255]) };
const hidden = (world: Awaited<ReturnType<typeof openPanel>>) => hiddenByHand(world.panel.state());

describe("hidden patches", () => {
  it("are kept by reference, and by the model's grid", async () => {
    const world = await openPanel();
    world.panel.dispatch({ type: "patches_hidden", hidden: [1, 2] });
    world.say({ type: "slot_changed", slot: "reference", state: slotOf("5:5") });
    expect(hidden(world)).toEqual([]);
    world.panel.dispatch({ type: "patches_hidden", hidden: [9] });
    world.say({ type: "slot_changed", slot: "reference", state: slotOf("1:3") });
    expect(hidden(world)).toEqual([1, 2]);
    world.panel.dispatch({ type: "form_changed", change: { model: "fine" } });
    expect(hidden(world)).toEqual([]);
  });
});

describe("a reference from disk", () => {
  it("takes the layer's place, until a layer takes its", async () => {
    const world = await openPanel({ slots: { referenceMask: slotOf("1:8") } });
    await world.panel.layers.openReference(new File([], "beach.jpg"));
    await settled();
    expect(world.toMain.at(-1)).toEqual({ type: "clear_slot", slot: "reference" });
    world.say({ type: "slot_changed", slot: "reference", state: { type: "empty" } });
    expect(world.panel.state().referenceFile?.name).toBe("beach.jpg");
    expect(world.panel.state().droppedParts).toEqual([0.5]);
    expect(world.panel.state().thumbnails.reference).toMatchObject({ type: "ready", url: "blob:beach.jpg" });
    world.say({ type: "slot_changed", slot: "reference", state: slotOf("1:3") });
    expect(world.panel.state().referenceFile).toBeNull();
  });
});

describe("a slot", () => {
  it("shows its layer, and again when its pixels changed and it has come to rest", async () => {
    const world = await openPanel();
    const exports = () => world.toMain.filter((message) => message.type === "export_picture").length;
    expect(world.panel.state().thumbnails.product.type).toBe("ready");
    const before = exports();
    world.say({ type: "slot_stale", slot: "product" });
    world.say({ type: "slot_stale", slot: "product" });
    await world.advance(400);
    expect(exports()).toBe(before + 1);
    world.say({ type: "slot_changed", slot: "product", state: { type: "deleted", name: "Bottle" } });
    expect(world.panel.state().thumbnails.product.type).toBe("none");
  });

  it("says which patches a mask layer drops", async () => {
    const world = await openPanel();
    expect(world.panel.state().droppedParts).toBeNull();
    world.say({ type: "slot_changed", slot: "referenceMask", state: slotOf("1:8") });
    await settled();
    expect(world.panel.state().droppedParts).toEqual([0.5]);
  });

  it("forgets the painted mask with its product, not when the product only changes", async () => {
    const world = await openPanel();
    world.panel.dispatch({ type: "product_mask_painted", mask });
    world.say({ type: "slot_changed", slot: "product", state: slotOf("1:2") });
    expect(world.panel.state().productMask).toBe(mask);
    world.say({ type: "slot_changed", slot: "product", state: slotOf("5:5") });
    expect(world.panel.state().productMask).toBeNull();
  });

  it("shows what main could not do beside it, until it is filled", async () => {
    const world = await openPanel();
    const message = "Nothing is selected. Select the one layer that is the area.";
    world.say({ type: "host_error", code: "nothing_selected", message, slot: "area" });
    expect(world.panel.state().problems).toEqual([{ code: "nothing_selected", place: "area", message, fix: null }]);
    world.say({ type: "slot_changed", slot: "area", state: slotOf("5:5") });
    expect(world.panel.state().problems).toEqual([]);
  });
});

describe("an editor", () => {
  it("opens with its picture, and not any more once it was closed", async () => {
    const world = await openPanel();
    await world.panel.editors.openPatches();
    expect(world.panel.state().editor).toMatchObject({ type: "patches", picture: { url: "blob:export_picture" } });
    world.panel.editors.close();
    void world.panel.editors.openProductMask();
    expect(world.panel.state().editor).toEqual({ type: "loading", of: "productMask" });
    world.panel.editors.close();
    await settled();
    expect(world.panel.state().editor).toEqual({ type: "closed" });
  });
});

describe("what no run could be made of", () => {
  const painted = (value: number) => ({ sizePx: { width: 1, height: 1 }, data: Uint8Array.of(value) });
  const begun = (world: Awaited<ReturnType<typeof openPanel>>) =>
    world.toMain.filter((message) => message.type === "begin_run").length;

  it("a mask layer of another shape is told at once and until it fits, and Generate does not start", async () => {
    const world = await openPanel();
    world.setMaskFits(false);
    world.say({ type: "slot_changed", slot: "referenceMask", state: slotOf("1:8") });
    await settled();
    expect(world.panel.state().problems).toMatchObject([{ place: "referenceMask", code: "mask_mismatch" }]);
    await world.panel.runs.generate();
    expect([begun(world), world.panel.state().tab]).toEqual([0, "create"]);
    world.setMaskFits(true);
    world.say({ type: "slot_stale", slot: "referenceMask" });
    await world.advance(400);
    expect(world.panel.state().problems).toEqual([]);
    void world.panel.runs.generate();
    expect(begun(world)).toBe(1);
  });

  it("a product that the painted mask takes away is told at once, and Generate does not start", async () => {
    const world = await openPanel();
    world.panel.dispatch({ type: "product_mask_painted", mask: painted(0) });
    await settled();
    expect(world.panel.state().isProductErased).toBe(true);
    await world.panel.runs.generate();
    expect([begun(world), world.panel.state().problems]).toMatchObject([0, [{ place: "product" }]]);
    world.panel.dispatch({ type: "product_mask_painted", mask: painted(255) });
    await settled();
    expect(world.panel.state()).toMatchObject({ isProductErased: false, problems: [] });
    world.panel.dispatch({ type: "product_mask_painted", mask: painted(0) });
    await settled();
    world.say({ type: "slot_changed", slot: "product", state: slotOf("5:5") });
    await settled();
    expect(world.panel.state().isProductErased).toBe(false);
  });
});
