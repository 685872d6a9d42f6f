import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";

/**
 * Reads a network's `config.json`; the first few problems are named with the value found.
 * @param label names the file, @param runs says which networks this program runs, for the message
 */
export function parseNetworkConfig<T>(schema: z.ZodType<T>, json: unknown, label: string, runs: string): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const problems = result.error.issues.slice(0, 3).map(({ path, message }) => {
    const found = path.reduce<unknown>(member, json);
    return path.length > 0 ? `${path.join(".")}: ${message}, got ${JSON.stringify(found)}` : message;
  });
  throw new BackdropError("model_corrupt", `${label}: ${problems.join("; ")}; this program runs ${runs} only`);
}

/** An option that is implemented for one value only, which it also has where the file leaves it out. */
export function only<const T extends string | number | boolean | null>(value: T) {
  return z
    .literal(value)
    .optional()
    .transform(() => value);
}

export const count = z.int().positive();

/** For options that change nothing here, such as training settings. */
export const unused = z.unknown().optional();

/** A diffusers config without the library's own notes, such as `_diffusers_version`. */
export function withoutNotes(json: unknown): unknown {
  if (typeof json !== "object" || json === null) return json;
  return Object.fromEntries(Object.entries(json).filter(([key]) => !key.startsWith("_")));
}

function member(value: unknown, key: PropertyKey): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
