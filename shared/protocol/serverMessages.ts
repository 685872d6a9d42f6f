import { z } from "zod";
import { errorCodes } from "../errors.ts";
import { bytes32Schema, jobIdSchema, modelNameSchema, seqSchema, sha256Schema, uuidSchema } from "./fields.ts";
import { inventorySchema } from "./inventory.ts";
import { jobEventSchema, jobStates, jobSummarySchema } from "./jobs.ts";

const count = z.int().min(1);

/** Everything that the server may say as text; docs/protocol.md has the meaning. */
export const serverMessageSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("pair_ready"), expiresInMs: count }),
  z.strictObject({ type: z.literal("paired"), serverId: uuidSchema, secret: bytes32Schema }),
  z.strictObject({
    type: z.literal("challenge"),
    version: z.int(),
    serverId: uuidSchema,
    serverNonce: bytes32Schema,
    serverProof: bytes32Schema,
    limits: z.strictObject({
      maxTextBytes: count,
      chunkBytes: count,
      maxUploadBytes: count,
      uploadWindowChunks: count,
      maxOpenUploads: count,
      maxQueuedJobs: count,
      heartbeatMs: count,
    }),
  }),
  z.strictObject({
    type: z.literal("welcome"),
    serverVersion: z.string(),
    /** for `Authorization: Bearer`; ends with this connection */
    sessionToken: bytes32Schema,
    defaultModel: modelNameSchema,
    ...inventorySchema.shape,
  }),
  /** it has changed: the whole of it */
  z.strictObject({ type: z.literal("inventory"), ...inventorySchema.shape }),
  z.strictObject({ type: z.literal("ping") }),
  z.strictObject({ type: z.literal("pong") }),
  z.strictObject({ type: z.literal("have"), present: z.array(sha256Schema) }),
  /** `have`: the server has these bytes already, send none */
  z.strictObject({ type: z.literal("upload_ready"), uploadId: uuidSchema, have: z.boolean() }),
  z.strictObject({ type: z.literal("upload_ack"), uploadId: uuidSchema, chunks: count }),
  z.strictObject({ type: z.literal("upload_done"), uploadId: uuidSchema, sha256: sha256Schema }),
  z.strictObject({ type: z.literal("accepted"), jobId: jobIdSchema, state: z.enum(jobStates) }),
  z.strictObject({ type: z.literal("cancel_ack"), jobId: jobIdSchema, state: z.enum([...jobStates, "unknown"]) }),
  z.strictObject({ type: z.literal("event"), jobId: jobIdSchema, seq: seqSchema, event: jobEventSchema }),
  z.strictObject({ type: z.literal("resumed"), jobId: jobIdSchema, state: z.enum(jobStates), lastSeq: seqSchema }),
  z.strictObject({ type: z.literal("jobs"), jobs: z.array(jobSummarySchema), more: z.boolean() }),
  z.strictObject({ type: z.literal("removed"), jobId: jobIdSchema }),
  z.strictObject({ type: z.literal("described"), requestId: uuidSchema, text: z.string() }),
  z.strictObject({
    type: z.literal("error"),
    code: z.enum(errorCodes),
    message: z.string(),
    retryable: z.boolean(),
    /** RFC 6901, into the message that was refused */
    pointer: z.string().optional(),
    /** what the refused message was about */
    jobId: jobIdSchema.optional(),
    uploadId: uuidSchema.optional(),
    requestId: uuidSchema.optional(),
    package: modelNameSchema.optional(),
  }),
]);

export type ServerMessage = z.output<typeof serverMessageSchema>;
export type ServerMessageOf<Type extends ServerMessage["type"]> = Extract<ServerMessage, { readonly type: Type }>;
