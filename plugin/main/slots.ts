import type { LayerInfo, Slot, SlotState, ToUi } from "../messages.ts";
import type { Recipe } from "../recipe.ts";
import { HostFailure } from "./hostFailure.ts";
import { enclosingFrame, findLayer, layerInfo } from "./layers.ts";

/** Which layer is for what. Layers are known by id: a reference to a node does not survive its deletion and undo. */
export interface Slots {
  readonly states: Readonly<Record<Slot, SlotState>>;
  fill(slot: Slot, layer: SceneNode, isAutomatic: boolean): void;
  clear(slot: Slot): void;
  /** fills what still exists of the layers that a result was made from; an area that the product has by itself goes on following it */
  fillFrom(layers: Partial<Recipe["layers"]>): Promise<void>;
  /** finds out what was deleted, brought back, renamed or resized */
  refresh(): Promise<void>;
  /** the layer of a slot that is needed; a failure when there is none */
  layer(slot: Slot): Promise<SceneNode>;
  /** the layer to fill, or null when the product lies directly on its page */
  area(product: SceneNode): Promise<SceneNode | null>;
}

export const slotTitles: Readonly<Record<Slot, string>> = {
  product: "product",
  reference: "style reference",
  referenceMask: "reference mask",
  area: "area",
};

export function createSlots(send: (message: ToUi) => void): Slots {
  const states: Record<Slot, SlotState> = {
    product: { type: "empty" },
    reference: { type: "empty" },
    referenceMask: { type: "empty" },
    area: { type: "empty" },
  };
  /** Undo brings a deleted layer back under its id. */
  const deleted = new Map<Slot, Extract<SlotState, { type: "set" }>>();
  /** until the designer chooses an area, or none */
  let areaFollowsProduct = true;

  function set(slot: Slot, state: SlotState): void {
    const before = states[slot];
    states[slot] = state;
    if (state.type === "deleted" && before.type === "set") deleted.set(slot, before);
    else if (state.type !== "deleted") deleted.delete(slot);
    send({ type: "slot_changed", slot, state });
  }

  function update(slot: Slot, state: SlotState): void {
    if (!sameState(states[slot], state)) set(slot, state);
  }

  function fill(slot: Slot, layer: SceneNode, isAutomatic: boolean): void {
    const before = states[slot];
    if (slot === "reference" && !(before.type === "set" && before.layer.id === layer.id)) dropMask();
    set(slot, { type: "set", layer: layerInfo(layer), isAutomatic });
    if (slot === "area") areaFollowsProduct = false;
    if (slot !== "product") return;
    if (states.area.type !== "set") areaFollowsProduct = true;
    if (areaFollowsProduct) followProduct(layer);
  }

  /** A mask is drawn over one reference, and goes with it. */
  function dropMask(): void {
    update("referenceMask", { type: "empty" });
  }

  function followProduct(product: SceneNode): void {
    const frame = enclosingFrame(product);
    if (frame === null) update("area", { type: "empty" });
    else update("area", { type: "set", layer: layerInfo(frame), isAutomatic: true });
  }

  async function refreshSlot(slot: Slot): Promise<SceneNode | null> {
    const state = states[slot];
    const known = state.type === "set" ? state : deleted.get(slot);
    if (known === undefined) return null;
    const layer = await findLayer(known.layer.id);
    // Meanwhile the designer may have chosen another layer.
    if (states[slot] !== state) return null;
    if (layer !== null) update(slot, { ...known, layer: layerInfo(layer) });
    else update(slot, { type: "deleted", name: known.layer.name });
    return layer;
  }

  async function layerOf(slot: Slot): Promise<SceneNode> {
    const layer = await refreshSlot(slot);
    if (layer !== null) return layer;
    throw new HostFailure("layer_missing", missingMessage(slot, states[slot]), { slot });
  }

  return {
    states,
    fill,
    clear(slot) {
      set(slot, { type: "empty" });
      if (slot === "area") areaFollowsProduct = false;
      if (slot === "reference") dropMask();
    },
    async fillFrom(layers) {
      for (const slot of ["product", "reference", "referenceMask", "area"] as const) {
        const id = layers[slot] ?? null;
        const layer = id === null ? null : await findLayer(id);
        const isThere = states[slot].type === "set" && states[slot].layer.id === id;
        if (layer !== null && !isThere) fill(slot, layer, false);
      }
    },
    async refresh() {
      const [product] = await Promise.all([
        refreshSlot("product"),
        refreshSlot("reference"),
        refreshSlot("referenceMask"),
      ]);
      if (product !== null && areaFollowsProduct) followProduct(product);
      else await refreshSlot("area");
    },
    layer: layerOf,
    async area(product) {
      if (areaFollowsProduct) followProduct(product);
      return states.area.type === "empty" ? null : layerOf("area");
    },
  };
}

function missingMessage(slot: Slot, state: SlotState): string {
  const title = slotTitles[slot];
  switch (state.type) {
    case "deleted":
      return `The ${title} “${state.name}” was deleted. Undo that, or select another layer, then “Use selection”.`;
    case "empty":
    case "set":
      return `There is no ${title} yet. Select its layer, then “Use selection”.`;
  }
}

function sameState(a: SlotState, b: SlotState): boolean {
  if (a.type === "set" && b.type === "set") return a.isAutomatic === b.isAutomatic && sameLayer(a.layer, b.layer);
  if (a.type === "deleted" && b.type === "deleted") return a.name === b.name;
  return a.type === b.type;
}

function sameLayer(a: LayerInfo, b: LayerInfo): boolean {
  return (
    a.id === b.id &&
    a.name === b.name &&
    a.type === b.type &&
    a.size.width === b.size.width &&
    a.size.height === b.size.height
  );
}
