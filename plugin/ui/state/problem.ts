import type { ErrorCode } from "../../../shared/errors.ts";
import type { HostErrorCode } from "../../messages.ts";

/** Where in the panel a problem is shown; `run` is beside Generate and in the live view. */
export type ProblemPlace =
  | "product"
  | "reference"
  | "referenceMask"
  | "area"
  | "prompt"
  | "negative"
  | "settings"
  | "model"
  | "run"
  | "results";

/** Something that went wrong, as the person reads it. */
export interface Problem {
  readonly code: ErrorCode | HostErrorCode;
  readonly place: ProblemPlace;
  /** what failed */
  readonly message: string;
  /** what to do, where the message does not say it */
  readonly fix: string | null;
}
