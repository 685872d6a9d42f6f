import { type BackdropError, type ErrorCode, toBackdropError } from "../../../shared/errors.ts";
import type { HostErrorCode } from "../../messages.ts";
import { HostError } from "../host.ts";

/** Where in the panel a problem is shown; `run` is beside Generate and in the live view. */
export type ProblemPlace =
  | "product"
  | "reference"
  | "referenceMask"
  | "area"
  | "prompt"
  | "negative"
  | "settings"
  | "model"
  /** in the view of that name */
  | "models"
  | "run"
  | "results";

/** Something that went wrong, as the person reads it. */
export interface Problem {
  readonly code: ErrorCode | HostErrorCode;
  readonly place: ProblemPlace;
  /** what failed */
  readonly message: string;
  /** what to do, where the message does not say it */
  readonly fix: string | null;
}

/** Told while the mask is painted, and by Generate. */
export const erasedProductText =
  "The mask takes all of the product away. Add some of it back under “Refine…”, or reset the mask.";

/** Whatever was thrown, or told by the server or by main. `place` is where it belongs if nothing in it says so. */
export function problemOf(thrown: unknown, place: ProblemPlace = "run"): Problem {
  const failure = thrown instanceof HostError ? thrown : toBackdropError(thrown);
  return {
    code: failure.code,
    place: placeOf(failure) ?? place,
    message: sentence(failure.message),
    fix: failure instanceof HostError ? null : (fixes[failure.code] ?? null),
  };
}

/** Whether the place is in the tab “Create”: such a problem is read where it can be put right. */
export function isInForm(place: ProblemPlace): boolean {
  return place !== "run" && place !== "results" && place !== "models";
}

/** One problem a place: the newest. */
export function withProblem(problems: readonly Problem[], problem: Problem): readonly Problem[] {
  return [...problems.filter(({ place }) => place !== problem.place), problem];
}

/** By its slot, by the pointer into the refused message, or by the code where that is clear. */
function placeOf(failure: HostError | BackdropError): ProblemPlace | undefined {
  if (failure instanceof HostError) return failure.slot;
  const { pointer = "" } = failure;
  const pointed = pointedPlaces.find(([start]) => pointer.startsWith(start));
  return pointed?.[1] ?? codePlaces[failure.code];
}

/** The first that the pointer begins with holds. */
const pointedPlaces: readonly (readonly [string, ProblemPlace])[] = [
  ["/params/settings/prompt", "prompt"],
  ["/params/settings/negative", "negative"],
  ["/params/settings/width", "area"],
  ["/params/settings/height", "area"],
  ["/params/settings/placement", "area"],
  ["/params/settings", "settings"],
  ["/params/inputs/referenceMask", "referenceMask"],
  ["/params/inputs/reference", "reference"],
  ["/params/inputs/product", "product"],
  ["/params/model", "model"],
];

const codePlaces: Partial<Record<ErrorCode, ProblemPlace>> = {
  prompt_invalid: "prompt",
  product_empty: "product",
  mask_mismatch: "referenceMask",
  model_unknown: "model",
  model_corrupt: "model",
};

/** For codes of the server whose messages say what failed but not what to do. What main says has it all. */
const fixes: Partial<Record<ErrorCode, string>> = {
  image_corrupt: "Use another layer, or save the picture again as PNG or JPEG.",
  image_missing: "Generate again: the pictures are sent anew.",
  product_empty: "Choose a product layer with visible pixels.",
  model_unknown: "Choose another model at the top right.",
  memory_insufficient: "Close other programs, or choose a smaller size.",
  model_corrupt: "Repair the model under “More…” at the top right, where that is offered, or choose another.",
  queue_full: "Wait for a run to end, then generate again.",
  engine_crashed: "Generate again. If it fails again, use the size 1× or fewer variants.",
  shutting_down: "Start the server again, then generate again.",
  storage_failed: "Free some space on the disk, then try again.",
  upload_invalid: "Generate again.",
  rate_limited: "Wait a minute, then try again.",
};

/** A capital letter at the front, a full stop at the end. */
function sentence(message: string): string {
  const text = message.trim();
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
}
