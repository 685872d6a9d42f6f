import { BackdropError } from "../../shared/errors.ts";
import type { Rect, Size } from "../../shared/geometry.ts";
import { parseSettings, type Settings } from "../../shared/settings.ts";

/** The options that are settings, as commander gives them. */
export interface SettingOptions {
  readonly prompt?: string;
  readonly negative?: string;
  readonly fusion?: string;
  readonly visibility?: string;
  readonly visibilityThreshold?: string;
  readonly imageScale?: string;
  readonly depthScale?: string;
  readonly strength?: string;
  readonly contactShadow?: string;
  readonly controlStart?: string;
  readonly controlEnd?: string;
  readonly sampler?: string;
  readonly steps?: string;
  readonly guidance?: string;
  readonly guidanceStart?: string;
  readonly guidanceEnd?: string;
  readonly seed?: string;
  readonly variants?: string;
  readonly size?: string;
  readonly place?: string;
}

export function settingsFromOptions(options: SettingOptions): Settings {
  const { prompt, negative, fusion, visibility, contactShadow, sampler } = options;
  return parseSettings({
    prompt,
    negative,
    fusion,
    visibility,
    visibilityThreshold: numeric(options.visibilityThreshold),
    imageScale: numeric(options.imageScale),
    depthScale: numeric(options.depthScale),
    strength: numeric(options.strength),
    contactShadow,
    controlStart: numeric(options.controlStart),
    controlEnd: numeric(options.controlEnd),
    sampler,
    steps: numeric(options.steps),
    guidance: numeric(options.guidance),
    guidanceStart: numeric(options.guidanceStart),
    guidanceEnd: numeric(options.guidanceEnd),
    seed: numeric(options.seed),
    variants: numeric(options.variants),
    ...(options.size !== undefined && parseSize(options.size)),
    placement: options.place === undefined ? undefined : parsePlacement(options.place),
  });
}

/** `1080x1350` */
export function parseSize(text: string): Size {
  const match = /^(\d{1,6})x(\d{1,6})$/i.exec(text);
  if (match) return { width: Number(match[1]), height: Number(match[2]) };
  throw new BackdropError("invalid_params", `size: expected WIDTHxHEIGHT in px such as 1080x1350, got ${quote(text)}`);
}

/** `120,300,400,520` */
function parsePlacement(text: string): Rect {
  const match = /^(-?\d{1,6}),(-?\d{1,6}),(\d{1,6}),(\d{1,6})$/.exec(text.replaceAll(" ", ""));
  if (match) {
    return { x: Number(match[1]), y: Number(match[2]), width: Number(match[3]), height: Number(match[4]) };
  }
  throw new BackdropError(
    "invalid_params",
    `place: expected x,y,width,height in px such as 120,300,400,520, got ${quote(text)}`,
  );
}

/** A number where the text is one; else the text itself, which the schema then refuses by name. */
function numeric(text: string | undefined): number | string | undefined {
  return text !== undefined && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
