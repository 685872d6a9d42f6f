/** Every code a client can meet. The list is closed: adding one means deciding its exit code (server/cli/io.ts). */
export const errorCodes = [
  "invalid_params",
  "prompt_invalid",
  "image_missing",
  "image_corrupt",
  "image_unsupported",
  "image_too_large",
  "product_empty",
  "mask_mismatch",
  "output_unwritable",
  "model_unknown",
  "model_corrupt",
  "internal",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** A failure with a stable code and a message that says what failed, what was expected, what came, and what to do. */
export class BackdropError extends Error {
  override readonly name = "BackdropError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Whatever was thrown, as a BackdropError; an unforeseen one becomes `internal` and keeps its cause. */
export function toBackdropError(thrown: unknown): BackdropError {
  if (thrown instanceof BackdropError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new BackdropError("internal", `unexpected failure: ${message}; please report it`, { cause: thrown });
}
