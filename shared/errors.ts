/** Every code a client can meet. The list is closed: adding one means docs/protocol.md and its exit code (server/cli/io.ts). */
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
  "download_failed",
  "disk_full",
  "licence_not_accepted",
  "helper_missing",
  "memory_insufficient",
  "bad_message",
  "upload_invalid",
  "job_conflict",
  "job_unknown",
  "queue_full",
  "engine_crashed",
  "pairing_failed",
  "rate_limited",
  "unauthorized",
  "forbidden",
  "not_found",
  "shutting_down",
  "storage_failed",
  "port_taken",
  "already_running",
  "internal",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

const retryable: readonly ErrorCode[] = [
  "queue_full",
  "engine_crashed",
  "memory_insufficient",
  "rate_limited",
  "shutting_down",
  "storage_failed",
  "download_failed",
  "upload_invalid",
];

/** Whether the same request may succeed later, unchanged. */
export function isRetryable(code: ErrorCode): boolean {
  return retryable.includes(code);
}

export interface BackdropErrorOptions extends ErrorOptions {
  /** RFC 6901: which part of the request is meant */
  readonly pointer?: string;
}

/** A failure with a stable code and a message that says what failed, what was expected, what came, and what to do. */
export class BackdropError extends Error {
  override readonly name = "BackdropError";
  readonly code: ErrorCode;
  readonly pointer: string | undefined;

  constructor(code: ErrorCode, message: string, options?: BackdropErrorOptions) {
    super(message, options);
    this.code = code;
    this.pointer = options?.pointer;
  }
}

/** Whatever was thrown, as a BackdropError; an unforeseen one becomes `internal` and keeps its cause. */
export function toBackdropError(thrown: unknown): BackdropError {
  if (thrown instanceof BackdropError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new BackdropError("internal", `unexpected failure: ${message}; please report it`, { cause: thrown });
}
