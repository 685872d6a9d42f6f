import { z } from "zod";
import { fusions, samplers, settingsSchema } from "../../../shared/settings.ts";
import { defaultForm, type Form } from "./form.ts";
import type { State } from "./state.ts";

/** What the panel knows after it was closed: what was typed, and what the server does not keep. */
export interface Kept {
  readonly version: typeof keptVersion;
  readonly form: Form;
  readonly hiddenPatches: State["hiddenPatches"];
  readonly jobNotes: State["jobNotes"];
}

/** Raised when what an earlier panel kept can no longer be read. */
const keptVersion = 1;
/** Both far within Figma's storage. The server keeps 200 finished jobs. */
const maxKeptReferences = 50;
const maxKeptNotes = 200;

export function keptOf({ form, hiddenPatches, jobNotes }: State): Kept {
  return {
    version: keptVersion,
    form,
    hiddenPatches: newest(hiddenPatches, maxKeptReferences),
    jobNotes: newest(jobNotes, maxKeptNotes),
  };
}

/** The state with what was kept. Each part that cannot be read is left as it is: nothing that is stored may keep the panel from opening. */
export function restored(state: State, stored: unknown): State {
  const kept = keptSchema.safeParse(stored);
  return kept.success ? { ...state, ...kept.data } : state;
}

const { shape } = settingsSchema;
const patchesSchema = z.array(z.int().min(0)).readonly();
const noteSchema = z.object({
  documentId: z.string(),
  layers: z.object({
    product: z.string(),
    reference: z.string(),
    referenceMask: z.string().nullable(),
    area: z.string().nullable(),
  }),
  hiddenPatches: patchesSchema,
  scale: z.number().positive(),
});

/** A field that is missing or out of range is the default; a text that is too long is kept, so that nothing typed is lost. */
const formSchema = z.object({
  prompt: z.string().catch(defaultForm.prompt),
  negative: z.string().catch(defaultForm.negative),
  fusion: z.enum(fusions).nullable().catch(defaultForm.fusion),
  visibilityThreshold: shape.visibilityThreshold.catch(defaultForm.visibilityThreshold),
  imageScale: shape.imageScale.catch(defaultForm.imageScale),
  depthScale: shape.depthScale.catch(defaultForm.depthScale),
  strength: shape.strength.unwrap().nullable().catch(defaultForm.strength),
  controlStart: shape.controlStart.catch(defaultForm.controlStart),
  controlEnd: shape.controlEnd.catch(defaultForm.controlEnd),
  sampler: z.enum(samplers).nullable().catch(defaultForm.sampler),
  steps: shape.steps.unwrap().nullable().catch(defaultForm.steps),
  contactShadow: shape.contactShadow.catch(defaultForm.contactShadow),
  guidance: shape.guidance.unwrap().nullable().catch(defaultForm.guidance),
  guidanceStart: shape.guidanceStart.catch(defaultForm.guidanceStart),
  guidanceEnd: shape.guidanceEnd.catch(defaultForm.guidanceEnd),
  seed: shape.seed.unwrap().nullable().catch(defaultForm.seed),
  isSeedLocked: z.boolean().catch(defaultForm.isSeedLocked),
  variants: shape.variants.catch(defaultForm.variants),
  scale: z.literal([1, 2]).catch(defaultForm.scale),
  canvasPreviews: z.boolean().catch(defaultForm.canvasPreviews),
  model: z.string().nullable().catch(defaultForm.model),
});

const keptSchema = z
  .object({
    version: z.literal(keptVersion),
    form: formSchema.catch(defaultForm),
    hiddenPatches: z.record(z.string(), patchesSchema).catch({}),
    jobNotes: z.record(z.string(), noteSchema).catch({}),
  })
  .transform(({ form, hiddenPatches, jobNotes }) => ({ form, hiddenPatches, jobNotes }));

/** Records keep the order in which their keys came; the last are the newest. */
function newest<Value>(record: Readonly<Record<string, Value>>, max: number): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(record).slice(-max));
}
