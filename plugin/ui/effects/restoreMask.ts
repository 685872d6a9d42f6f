import { problemOf } from "../state/problem.ts";
import type { Context } from "./context.ts";
import { maxEditedSidePx } from "./editors.ts";

/** The mask that a product was refined with for an earlier run is its mask again; null: its own shape was. */
export type RestoreMask = (productId: string, sha256: string | null) => Promise<void>;

/** The mask comes from the server, which keeps it as long as the run. */
export function createRestoreMask({ connection, pixels, state, dispatch }: Context): RestoreMask {
  return async (productId, sha256) => {
    const isInHand = () => {
      const { product } = state().slots;
      return product.type === "set" && product.layer.id === productId;
    };
    if (!isInHand()) return;
    dispatch({ type: "product_mask_painted", mask: null });
    if (sha256 === null) return;
    try {
      const mask = await pixels.openMask(await connection.fetchUpload(sha256), maxEditedSidePx);
      if (isInHand() && state().productMask === null) dispatch({ type: "product_mask_painted", mask });
    } catch (thrown) {
      const message =
        "The mask that this product was refined with could not be brought back: now its own shape counts.";
      const problem = { ...problemOf(thrown, "product"), message, fix: "Refine it again, if it is needed." };
      if (isInHand()) dispatch({ type: "problem_raised", problem });
    }
  };
}
