import { STATUS_CODES } from "node:http";
import { type ErrorCode, isRetryable, toBackdropError } from "../../shared/errors.ts";

/** RFC 9457, with our code. */
export interface Problem {
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly requestId: string;
}

const statuses: Partial<Readonly<Record<ErrorCode, number>>> = {
  bad_message: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  rate_limited: 429,
};

/** What was thrown, as the reply's body; what was not foreseen says nothing of its insides. */
export function toProblem(thrown: unknown, requestId: string): Problem {
  const { code, message } = toBackdropError(thrown);
  const status = statuses[code] ?? 500;
  return {
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail: status === 500 ? "an internal failure; the server's log has it under the request's id" : message,
    code,
    retryable: isRetryable(code),
    requestId,
  };
}
