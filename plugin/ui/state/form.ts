import { BackdropError } from "../../../shared/errors.ts";
import {
  type Fusion,
  parseSettings,
  type SamplerName,
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
  readonly controlStart: number;
  readonly controlEnd: number;
  readonly sampler: SamplerName | null;
  readonly steps: number | null;
  readonly guidance: number | null;
  readonly guidanceStart: number;
  readonly guidanceEnd: number;
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
  | "controlStart"
  | "controlEnd"
  | "sampler"
  | "steps"
  | "guidance"
  | "guidanceStart"
  | "guidanceEnd"
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
  const { prompt, negative, visibilityThreshold, imageScale, depthScale, contactShadow, variants } = settings;
  const { controlStart, controlEnd, guidanceStart, guidanceEnd } = settings;
  return {
    prompt,
    negative,
    fusion: settings.fusion ?? null,
    visibilityThreshold,
    imageScale,
    depthScale,
    strength: settings.strength ?? null,
    contactShadow,
    controlStart,
    controlEnd,
    sampler: settings.sampler ?? null,
    steps: settings.steps ?? null,
    guidance: settings.guidance ?? null,
    guidanceStart,
    guidanceEnd,
    variants,
  };
}

/** What was chosen; what is left to the model is left out. */
function chosenSettings({ fusion, strength, sampler, steps, guidance, ...form }: SettingsOfForm): SettingsInput {
  const { prompt, negative, visibilityThreshold, imageScale, depthScale, contactShadow, variants } = form;
  const { controlStart, controlEnd, guidanceStart, guidanceEnd } = form;
  return {
    prompt,
    negative,
    visibilityThreshold,
    imageScale,
    depthScale,
    contactShadow,
    controlStart,
    controlEnd,
    guidanceStart,
    guidanceEnd,
    variants,
    ...(fusion !== null && { fusion }),
    ...(strength !== null && { strength }),
    ...(sampler !== null && { sampler }),
    ...(steps !== null && { steps }),
    ...(guidance !== null && { guidance }),
  };
}
