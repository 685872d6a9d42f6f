import type { SettingsInput } from "../shared/settings.ts";

/** Raised when a recipe in an old document can no longer be read. */
export const recipeVersion = 1;

/**
 * How a result layer was made, kept in the layer's private plugin data so that it can be made again. No pictures, no secrets.
 * Layer ids are those of the document that it was made in.
 */
export interface Recipe {
  readonly version: typeof recipeVersion;
  /** the server's job */
  readonly jobId: string;
  /** from 1 */
  readonly variant: number;
  readonly model: string;
  /** with this variant's own seed */
  readonly settings: SettingsInput;
  readonly layers: {
    readonly product: string;
    readonly reference: string;
    readonly referenceMask: string | null;
    readonly area: string | null;
  };
  /** sha256 of the refined product mask, which the server keeps; null: the layer's own shape. Missing in layers of earlier versions */
  readonly productMask?: string | null;
  /** patch indices of the reference's grid that the designer hid or showed by hand, row by row; see plugin/ui */
  readonly hiddenPatches: readonly number[];
  /** px of the document to px of the picture */
  readonly scale: number;
}
