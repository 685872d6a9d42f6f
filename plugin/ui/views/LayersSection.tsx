import type { JSX } from "preact";
import { openerId } from "../components/opener.ts";
import { ProblemNote } from "../components/ProblemNote.tsx";
import { usePanel } from "../components/panelContext.ts";
import { SlotRow } from "../components/SlotRow.tsx";
import { Warnings } from "../components/Warnings.tsx";
import { erasedProductText } from "../state/problem.ts";
import { hasReference } from "../state/state.ts";
import { ReferenceSlot } from "./ReferenceSlot.tsx";

/** The layers of the run: product, reference with its mask, area. */
export function LayersSection(): JSX.Element {
  const { state } = usePanel();
  const { slots, thumbnails, isProductErased, problems } = state;
  const isErasureTold = problems.some(({ code }) => code === "product_empty");
  const isAreaFound = slots.area.type === "set" && slots.area.isAutomatic;
  return (
    <div class="section layers">
      <SlotRow
        slot="product"
        label="Product"
        hint="The layer to keep as it is"
        icon="product"
        thumbnail={thumbnails.product}
      >
        {slots.product.type === "set" && <ProductMaskLine />}
      </SlotRow>
      {isProductErased && !isErasureTold && <Warnings warnings={[erasedProductText]} />}
      <ProblemNote place="product" />
      <ReferenceSlot />
      <ProblemNote place="reference" />
      {hasReference(state) && slots.referenceMask.type !== "empty" && (
        <SlotRow
          slot="referenceMask"
          label="Keep/drop mask"
          hint="A layer over the reference"
          icon="mask"
          thumbnail={thumbnails.referenceMask}
          detail="White keeps, black or empty drops"
        />
      )}
      <ProblemNote place="referenceMask" />
      <SlotRow
        slot="area"
        label={isAreaFound ? "Area (the frame around it)" : "Area"}
        hint="Around the product"
        icon="area"
      />
      <ProblemNote place="area" />
    </div>
  );
}

function ProductMaskLine(): JSX.Element {
  const { panel, state } = usePanel();
  const isPainted = state.productMask !== null;
  return (
    <div class="slot-line">
      <span class="secondary-text one-line">{isPainted ? "Mask: refined by hand" : "Mask: the layer’s own shape"}</span>
      <span class="slot-links">
        {isPainted && (
          <button
            type="button"
            class="link"
            onClick={() => panel.dispatch({ type: "product_mask_painted", mask: null })}
          >
            Reset
          </button>
        )}
        <button
          type="button"
          id={openerId("productMask")}
          class="link"
          onClick={() => void panel.editors.openProductMask()}
        >
          Refine…
        </button>
      </span>
    </div>
  );
}
