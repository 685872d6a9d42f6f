import { closeCodes } from "../../../shared/protocol/closeCodes.ts";
import type { LostCause } from "./connection.ts";

/** Why there is no link. Some reasons need a closer look before they are a cause. */
export type FailureReason =
  | LostCause
  /** the socket did not open, and the browser does not say why */
  | "silent"
  /** nobody entered the code in time */
  | "pairing_expired";

/** An attempt to connect came to nothing. */
export class LinkFailure extends Error {
  override readonly name = "LinkFailure";
  readonly reason: FailureReason;

  constructor(reason: FailureReason) {
    super(`no link: ${reason}`);
    this.reason = reason;
  }
}

/** What a server means by closing an open socket. */
export function closeReason(code: number): LostCause {
  switch (code) {
    case closeCodes.goingAway:
      return "shutting_down";
    case closeCodes.overloaded:
    case closeCodes.rateLimited:
      return "overloaded";
    case closeCodes.unauthorized:
      return "wrong_server";
    case closeCodes.revoked:
      return "revoked";
    case closeCodes.version:
      return "version_mismatch";
    case closeCodes.replaced:
      return "replaced";
    default:
      return "dropped";
  }
}

/** Whether another port may still hold the server that we look for. */
export function isWorthAnotherPort(reason: FailureReason): boolean {
  return searched.includes(reason);
}

/** Of what the ports gave, what says most. */
export function mostTelling(reasons: readonly FailureReason[]): FailureReason {
  return searched.find((reason) => reasons.includes(reason)) ?? "silent";
}

const searched: readonly FailureReason[] = ["version_mismatch", "wrong_server", "dropped", "silent"];
