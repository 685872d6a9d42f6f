import type { PaintedMask } from "../state/pictures.ts";
import type { Context } from "./context.ts";

/** Sees the product's picture. */
export interface ProductCheck {
  /** null: there is none */
  see(picture: Uint8Array | null): void;
}

/** Finds out whether the painted mask leaves anything of the product, whenever one of the two changes. */
export function createProductCheck({ pixels, state, dispatch, subscribe }: Context): ProductCheck {
  let picture: Uint8Array | null = null;
  let turn = 0;

  async function look(): Promise<void> {
    const own = ++turn;
    const { productMask } = state();
    const isErased = picture !== null && productMask !== null && !(await leavesProduct(picture, productMask));
    if (own === turn && isErased !== state().isProductErased) dispatch({ type: "product_checked", isErased });
  }

  /** What cannot be read here is refused by Generate, with its reason. */
  async function leavesProduct(product: Uint8Array, mask: PaintedMask): Promise<boolean> {
    return await pixels.leavesProduct(product, mask).catch(() => true);
  }

  subscribe((now, before) => {
    if (now.productMask !== before.productMask) void look();
  });
  return {
    see(bytes) {
      picture = bytes;
      void look();
    },
  };
}
