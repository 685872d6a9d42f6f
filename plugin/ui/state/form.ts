import type { Fusion } from "../../../shared/settings.ts";

/** Everything that the person sets besides layers and masks; null: the model's own default, or drawn anew. */
export interface Form {
  readonly prompt: string;
  readonly negative: string;
  readonly fusion: Fusion | null;
  readonly visibilityThreshold: number;
  readonly imageScale: number;
  readonly depthScale: number;
  readonly strength: number | null;
  readonly steps: number;
  readonly guidance: number;
  readonly seed: number | null;
  /** the same seed again, run after run */
  readonly isSeedLocked: boolean;
  readonly variants: number;
  /** px of the picture to one px of the document, wished for */
  readonly scale: 1 | 2;
  readonly canvasPreviews: boolean;
  readonly model: string | null;
}
