import { z } from "zod";
import { BackdropError, type ErrorCode } from "../errors.ts";
import { type ClientMessage, clientMessageSchema } from "./clientMessages.ts";
import { jobIdSchema, modelNameSchema, uuidSchema } from "./fields.ts";
import { type ServerMessage, serverMessageSchema } from "./serverMessages.ts";

/**
 * One text message from a client. What is no message at all is `bad_message`; a well-formed `submit` whose parameters
 * are out of range is `invalid_params` or `prompt_invalid`. Either way `pointer` says where.
 */
export function parseClientMessage(text: string): ClientMessage {
  const json = parseJson(text);
  const parsed = clientMessageSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw refusal(parsed.error.issues);
}

/** One text message from the server. */
export function parseServerMessage(text: string): ServerMessage {
  const parsed = serverMessageSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw refusal(parsed.error.issues);
}

const offeredSchema = z.looseObject({ type: z.literal("hello"), versions: z.array(z.number()) });

/** The versions that a `hello` offers, whatever else a later version may have put into it. */
export function offeredVersions(text: string): readonly number[] | undefined {
  try {
    return offeredSchema.parse(JSON.parse(text)).versions;
  } catch {
    return undefined;
  }
}

const subjectSchema = z.looseObject({
  jobId: jobIdSchema.optional().catch(undefined),
  uploadId: uuidSchema.optional().catch(undefined),
  requestId: uuidSchema.optional().catch(undefined),
  package: modelNameSchema.optional().catch(undefined),
});

/** What a message is about. */
export interface Subject {
  readonly jobId?: string;
  readonly uploadId?: string;
  readonly requestId?: string;
  readonly package?: string;
}

/** What a refused message was about, as far as it says so. */
export function subjectOf(text: string): Subject {
  try {
    const subject = subjectSchema.parse(JSON.parse(text));
    return {
      ...(subject.jobId !== undefined && { jobId: subject.jobId }),
      ...(subject.uploadId !== undefined && { uploadId: subject.uploadId }),
      ...(subject.requestId !== undefined && { requestId: subject.requestId }),
      ...(subject.package !== undefined && { package: subject.package }),
    };
  } catch {
    return {};
  }
}

/** RFC 6901 */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BackdropError("bad_message", "expected a JSON object, got text that is no JSON", { cause });
  }
}

function refusal(issues: readonly z.core.$ZodIssue[]): BackdropError {
  const [first] = issues;
  if (first === undefined) return new BackdropError("bad_message", "the message is not understood");
  const [unknownKey] = first.code === "unrecognized_keys" ? first.keys : [];
  const path = unknownKey === undefined ? first.path : [...first.path, unknownKey];
  const message = unknownKey === undefined ? first.message : `unknown key ${JSON.stringify(unknownKey.slice(0, 40))}`;
  const pointer = jsonPointer(path);
  return new BackdropError(refusalCode(path), `${pointer === "" ? "message" : pointer}: ${message}`, { pointer });
}

/** Only `submit` has `params`. */
function refusalCode(path: readonly PropertyKey[]): ErrorCode {
  if (path[0] !== "params" || path.length === 1) return "bad_message";
  const isText = path[1] === "settings" && (path[2] === "prompt" || path[2] === "negative");
  return isText ? "prompt_invalid" : "invalid_params";
}
