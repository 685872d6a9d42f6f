import { BackdropError } from "../../../shared/errors.ts";
import {
  type Fusion,
  parseSettings,
  type Settings,
  type SettingsInput,
  settingsSchema,
} from "../../../shared/settings.ts";
import type { FrozenPlacement } from "../../messages.ts";

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
  readonly guidance: number | null;
  readonly contactShadow: Settings["contactShadow"];
  readonly seed: number | null;
  /** the same seed again, run after run */
  readonly isSeedLocked: boolean;
  readonly variants: number;
  /** px of the picture to one px of the document, wished for */
  readonly scale: 1 | 2;
  readonly canvasPreviews: boolean;
  readonly model: string | null;
}

/** The part of the form that goes into a job as it is. */
type SettingsOfForm = Pick<
  Form,
  | "prompt"
  | "negative"
  | "fusion"
  | "visibilityThreshold"
  | "imageScale"
  | "depthScale"
  | "strength"
  | "steps"
  | "guidance"
  | "contactShadow"
  | "variants"
>;

/** The schema's own defaults: they are written there, once. */
export const defaultForm: Form = {
  ...formOfSettings(settingsSchema.parse({})),
  seed: null,
  isSeedLocked: false,
  scale: 1,
  canvasPreviews: false,
  model: null,
};

/** Throws a BackdropError, whose pointer names the field, at the first field that no job can have. */
export function checkForm(form: Form): void {
  for (const [field, value] of Object.entries(chosenSettings(form))) {
    try {
      parseSettings({ [field]: value });
    } catch (thrown) {
      if (!(thrown instanceof BackdropError)) throw thrown;
      throw new BackdropError(thrown.code, thrown.message, { cause: thrown, pointer: `/params/settings/${field}` });
    }
  }
}

/** The settings of one job; what the form leaves to the model is left out. */
export function jobSettings(form: Form, seed: number, { frame, placement }: FrozenPlacement): SettingsInput {
  return { ...chosenSettings(form), seed, width: frame.width, height: frame.height, placement };
}

/** The fields that made a picture, to make another like it. Its size and place come from the document again. */
export function formOfSettings(settings: Settings): SettingsOfForm {
  const { prompt, negative, visibilityThreshold, imageScale, depthScale, contactShadow, steps, variants } = settings;
  return {
    prompt,
    negative,
    fusion: settings.fusion ?? null,
    visibilityThreshold,
    imageScale,
    depthScale,
    strength: settings.strength ?? null,
    contactShadow,
    steps,
    guidance: settings.guidance ?? null,
    variants,
  };
}

/** What was chosen; what is left to the model is left out. */
function chosenSettings({ fusion, strength, guidance, ...form }: SettingsOfForm): SettingsInput {
  const { prompt, negative, visibilityThreshold, imageScale, depthScale, contactShadow, steps, variants } = form;
  return {
    prompt,
    negative,
    visibilityThreshold,
    imageScale,
    depthScale,
    contactShadow,
    steps,
    variants,
    ...(fusion !== null && { fusion }),
    ...(strength !== null && { strength }),
    ...(guidance !== null && { guidance }),
  };
}
