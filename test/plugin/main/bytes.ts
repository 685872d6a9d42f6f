/** Lets bytes travel in JSON: `JSON.stringify(value, withBytes)`. */
export function withBytes(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { $bytes: [...value] } : value;
}

/** `JSON.parse(text, revived)` */
export function revived(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("$bytes" in value)) return value;
  return Array.isArray(value.$bytes) ? new Uint8Array(value.$bytes) : value;
}
