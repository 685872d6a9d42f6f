import { z } from "zod";
import { BackdropError } from "./errors.ts";
import { frameSidePx } from "./geometry.ts";

/** How text and image prompts meet in cross-attention; the names of the paper's forms (Eq. 4, Eq. 6 and its ablations). */
export const fusions = ["query", "output", "global", "image", "text"] as const;
export type Fusion = (typeof fusions)[number];

/** How the steps go from noise to the picture. */
export const samplers = ["ddim", "euler", "dpmpp_2m", "lcm"] as const;
export type SamplerName = (typeof samplers)[number];

export const maxPromptLength = 2000;

/** What each number may be, both ends included; every `number` and `integer` of the schema takes its range from here. */
export const settingRanges = {
  visibilityThreshold: { min: 0, max: 1 },
  imageScale: { min: 0, max: 2 },
  depthScale: { min: 0, max: 2 },
  strength: { min: Number.MIN_VALUE, max: 1 },
  controlStart: { min: 0, max: 1 },
  controlEnd: { min: 0, max: 1 },
  steps: { min: 1, max: 150 },
  guidance: { min: 1, max: 30 },
  guidanceStart: { min: 0, max: 1 },
  guidanceEnd: { min: 0, max: 1 },
  seed: { min: 0, max: 0xffff_ffff },
  variants: { min: 1, max: 4 },
} as const;
export type RangedSetting = keyof typeof settingRanges;

/**
 * Everything that affects the picture and is not a picture, with its range and default, once: the panel, the server and
 * the command line all parse through here. `fusion`, `strength`, `sampler`, `steps` and `guidance` left out mean the model
 * package's own; `seed` left out means that the caller draws one; `width` and `height` left out mean the product picture's own
 * canvas.
 */
export const settingsSchema = z
  .strictObject({
    prompt: text("prompt"),
    negative: text("negative"),
    fusion: choice("fusion", fusions).optional(),
    visibility: choice("visibility", ["on", "off"]).default("on"),
    /** τ of PFV as a fraction of a patch's pixels: a patch with more dropped pixels than this is dropped whole. */
    visibilityThreshold: number("visibilityThreshold").default(0.1),
    imageScale: number("imageScale").default(1),
    depthScale: number("depthScale").default(1),
    /** 1 starts from pure noise; lower keeps more of the reference's layout. */
    strength: number("strength", "more than 0, up to 1").optional(),
    /** Below strength 1: a shadow at the product's foot to start with, so that it stands. */
    contactShadow: choice("contactShadow", ["on", "off"]).default("on"),
    /** The depth counts from this part of the steps to that one. */
    controlStart: number("controlStart").default(0),
    controlEnd: number("controlEnd").default(1),
    sampler: choice("sampler", samplers).optional(),
    steps: integer("steps", settingRanges.steps).optional(),
    guidance: number("guidance").optional(),
    /** The other steps run without guidance, which is faster: only the conditional half is computed. */
    guidanceStart: number("guidanceStart").default(0),
    guidanceEnd: number("guidanceEnd").default(1),
    seed: integer("seed", settingRanges.seed).optional(),
    variants: integer("variants", settingRanges.variants).default(1),
    width: integer("width", frameSidePx).optional(),
    height: integer("height", frameSidePx).optional(),
    /** The box in the output frame, px, that the product picture is fitted into; it may stick out of the frame. */
    placement: z
      .strictObject({
        x: integer("placement.x", { min: -frameSidePx.max, max: frameSidePx.max }),
        y: integer("placement.y", { min: -frameSidePx.max, max: frameSidePx.max }),
        width: integer("placement.width", { min: 1, max: frameSidePx.max }),
        height: integer("placement.height", { min: 1, max: frameSidePx.max }),
      })
      .optional(),
  })
  .refine((settings) => (settings.width === undefined) === (settings.height === undefined), {
    error: "width and height: expected both or neither",
  })
  .refine(({ controlStart, controlEnd }) => controlStart <= controlEnd, {
    error: "controlStart: expected at most controlEnd",
    path: ["controlStart"],
  })
  .refine(({ guidanceStart, guidanceEnd }) => guidanceStart <= guidanceEnd, {
    error: "guidanceStart: expected at most guidanceEnd",
    path: ["guidanceStart"],
  });

export type SettingsInput = z.input<typeof settingsSchema>;
export type Settings = z.output<typeof settingsSchema>;

/** Parses untrusted settings; refuses, with the accepted range in the message, and never repairs. */
export function parseSettings(input: unknown): Settings {
  const parsed = settingsSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const aboutText = parsed.error.issues.some(({ path }) => path[0] === "prompt" || path[0] === "negative");
  const messages = parsed.error.issues.map((issue) =>
    issue.code === "unrecognized_keys" ? `unknown setting ${issue.keys.join(", ")}` : issue.message,
  );
  throw new BackdropError(aboutText ? "prompt_invalid" : "invalid_params", messages.join("; "));
}

function text(name: string) {
  return z
    .string({ error: () => `${name}: expected text` })
    .max(maxPromptLength, {
      error: ({ input }) =>
        `${name}: expected up to ${maxPromptLength} characters, got ${String(input).length}; shorten it`,
    })
    .refine((value) => !value.includes("\0"), { error: `${name}: contains a NUL character; remove it` })
    .refine((value) => !/\p{Surrogate}/u.test(value), {
      error: `${name}: contains half of a surrogate pair; remove the broken character`,
    })
    .default("");
}

function number(name: RangedSetting, range?: string) {
  const { min, max } = settingRanges[name];
  const error = ({ input }: { readonly input?: unknown }) =>
    `${name}: expected a number ${range ?? `${min} to ${max}`}, got ${show(input)}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
}

function integer(name: string, { min, max }: { readonly min: number; readonly max: number }) {
  const error = ({ input }: { readonly input?: unknown }) =>
    `${name}: expected a whole number ${min} to ${max}, got ${show(input)}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

function choice<const Values extends readonly string[]>(name: string, values: Values) {
  return z.enum(values, { error: ({ input }) => `${name}: expected one of ${values.join(", ")}, got ${show(input)}` });
}

function show(value: unknown): string {
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  return shown.length > 40 ? `${shown.slice(0, 40)}…` : shown;
}
