import type { HostErrorCode, Slot, ToUi } from "../messages.ts";

/** Something that could not be done in the document, said so that the designer knows what to do. */
export class HostFailure extends Error {
  override readonly name = "HostFailure";
  readonly code: HostErrorCode;
  readonly slot: Slot | undefined;

  constructor(code: HostErrorCode, message: string, options?: ErrorOptions & { readonly slot?: Slot }) {
    super(message, options);
    this.code = code;
    this.slot = options?.slot;
  }
}

/** Whatever was thrown, as the panel hears of it; what was not foreseen becomes `internal`. */
export function hostError(thrown: unknown, requestId?: string): Extract<ToUi, { type: "host_error" }> {
  const failure =
    thrown instanceof HostFailure
      ? thrown
      : new HostFailure("internal", `unexpected failure: ${reasonOf(thrown)}; please report it`);
  return {
    type: "host_error",
    code: failure.code,
    message: failure.message,
    ...(requestId === undefined ? {} : { requestId }),
    ...(failure.slot === undefined ? {} : { slot: failure.slot }),
  };
}

/** What Figma said, to be put into a sentence. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
