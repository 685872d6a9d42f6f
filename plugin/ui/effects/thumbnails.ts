import { BackdropError } from "../../../shared/errors.ts";
import type { PictureSlot } from "../../messages.ts";
import { problemOf } from "../state/problem.ts";
import { patchGrid, type State } from "../state/state.ts";
import type { Context } from "./context.ts";
import { createProductCheck } from "./productCheck.ts";

/** Enough for a thumbnail on a dense screen, and to see which patches a mask drops. */
const maxSidePx = 512;
/** While a layer is being edited it changes many times a second. */
const settleMs = 400;
const pictureSlots = ["product", "reference", "referenceMask"] as const satisfies readonly PictureSlot[];

/** Small pictures of the slots' layers, and which patches of the reference its mask or its transparency drops. */
export function showThumbnails(context: Context): void {
  const { host, pixels, clock, state, dispatch, subscribe } = context;
  const droppedParts = createDroppedParts(context);
  const productCheck = createProductCheck(context);
  const see = (slot: PictureSlot, bytes: Uint8Array | null) =>
    slot === "product" ? productCheck.see(bytes) : droppedParts.see(slot, bytes);
  const turns: Record<PictureSlot, number> = { product: 0, reference: 0, referenceMask: 0 };
  const urls = new Map<PictureSlot, string>();
  const waiting = new Map<PictureSlot, () => void>();

  function clear(slot: PictureSlot): void {
    const url = urls.get(slot);
    if (url !== undefined) URL.revokeObjectURL(url);
    urls.delete(slot);
  }

  /** Of several loads of one slot the latest counts. A stale thumbnail stays until the new one is there. */
  async function load(slot: PictureSlot, isAnother: boolean): Promise<void> {
    waiting.get(slot)?.();
    const turn = ++turns[slot];
    const source = sourceOf(state(), slot);
    if (source === null) {
      clear(slot);
      dispatch({ type: "thumbnail_changed", slot, thumbnail: { type: "none" } });
      see(slot, null);
      return;
    }
    if (isAnother) dispatch({ type: "thumbnail_changed", slot, thumbnail: { type: "loading" } });
    try {
      const bytes = source.bytes ?? (await host.request("export_picture", { slot, maxSidePx })).picture.bytes;
      const shown = await pixels.show(bytes);
      if (turn !== turns[slot]) return URL.revokeObjectURL(shown.url);
      clear(slot);
      urls.set(slot, shown.url);
      dispatch({ type: "thumbnail_changed", slot, thumbnail: { type: "ready", ...shown } });
      see(slot, bytes);
    } catch {
      // Generate tells why a layer gives no picture; until then its row shows that there is none.
      if (turn !== turns[slot]) return;
      clear(slot);
      dispatch({ type: "thumbnail_changed", slot, thumbnail: { type: "failed" } });
      see(slot, null);
    }
  }

  subscribe((now, before) => {
    for (const slot of pictureSlots) {
      if (sourceOf(now, slot)?.key !== sourceOf(before, slot)?.key) void load(slot, true);
    }
    if (patchGrid(now) !== patchGrid(before)) droppedParts.renew();
  });
  host.listen((message) => {
    if (message.type !== "slot_stale") return;
    const { slot } = message;
    waiting.get(slot)?.();
    waiting.set(
      slot,
      clock.after(settleMs, () => void load(slot, false)),
    );
  });
  for (const slot of pictureSlots) if (sourceOf(state(), slot) !== null) void load(slot, true);
}

interface Source {
  readonly key: unknown;
  /** null: a layer, which is exported */
  readonly bytes: Uint8Array | null;
}

function sourceOf({ referenceFile, slots }: State, slot: PictureSlot): Source | null {
  if (slot === "reference" && referenceFile !== null) return { key: referenceFile, bytes: referenceFile.bytes };
  const { [slot]: layer } = slots;
  return layer.type === "set" ? { key: layer.layer.id, bytes: null } : null;
}

/** Looks at reference and mask again whenever one of them, or the grid, changes. */
function createDroppedParts({ pixels, state, dispatch }: Context) {
  let reference: Uint8Array | null = null;
  let mask: Uint8Array | null = null;
  let turn = 0;

  async function renew(): Promise<void> {
    const own = ++turn;
    const found = reference === null ? { parts: null, problem: null } : await find(reference, mask);
    if (own === turn) dispatch({ type: "dropped_parts_found", ...found });
  }

  /** Without them the grid is shown as if nothing was dropped. A mask that does not fit is told at once; what else is wrong, by Generate. */
  async function find(picture: Uint8Array, maskLayer: Uint8Array | null) {
    try {
      return { parts: await pixels.droppedParts(picture, maskLayer, patchGrid(state())), problem: null };
    } catch (thrown) {
      const isMismatch = thrown instanceof BackdropError && thrown.code === "mask_mismatch";
      return { parts: null, problem: isMismatch ? problemOf(thrown) : null };
    }
  }

  return {
    renew: () => void renew(),
    see(slot: "reference" | "referenceMask", bytes: Uint8Array | null): void {
      if (slot === "reference") reference = bytes;
      else mask = bytes;
      void renew();
    },
  };
}
