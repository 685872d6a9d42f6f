/** What was before each change, newest last. */
export type Past<Value> = readonly Value[];

/** A step may keep a whole mask, up to 1 MB. */
const maxSteps = 32;

/** The oldest steps are forgotten. */
export function remember<Value>(past: Past<Value>, value: Value): Past<Value> {
  return [...past, value].slice(-maxSteps);
}
