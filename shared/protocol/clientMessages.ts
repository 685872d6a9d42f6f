import { z } from "zod";
import {
  bytes32Schema,
  jobIdSchema,
  modelNameSchema,
  pairingCodeSchema,
  seqSchema,
  sha256Schema,
  uuidSchema,
} from "./fields.ts";
import { pointSchema } from "./helpers.ts";
import { jobParamsSchema } from "./jobs.ts";
import { maxListedJobs, maxPoints } from "./limits.ts";

const resumePoint = z.strictObject({ jobId: jobIdSchema, lastSeq: seqSchema });

/** Everything that a client may say as text; docs/protocol.md has the meaning. */
export const clientMessageSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("pair_begin") }),
  z.strictObject({ type: z.literal("pair"), code: pairingCodeSchema }),
  z.strictObject({
    type: z.literal("hello"),
    versions: z.array(z.int()).min(1).max(16),
    /** the same for every connection of one client: a new connection replaces the old one */
    clientId: uuidSchema,
    clientNonce: bytes32Schema,
  }),
  z.strictObject({
    type: z.literal("prove"),
    clientProof: bytes32Schema,
    resume: z.array(resumePoint).max(16).optional(),
  }),
  z.strictObject({ type: z.literal("ping") }),
  z.strictObject({ type: z.literal("pong") }),
  z.strictObject({ type: z.literal("have"), sha256s: z.array(sha256Schema).min(1).max(16) }),
  z.strictObject({
    type: z.literal("upload"),
    uploadId: uuidSchema,
    sha256: sha256Schema,
    /** the store says what is too little or too much */
    sizeBytes: z.int().min(0),
  }),
  z.strictObject({ type: z.literal("submit"), jobId: jobIdSchema, params: jobParamsSchema }),
  z.strictObject({ type: z.literal("cancel"), jobId: jobIdSchema }),
  z.strictObject({ type: z.literal("resume"), ...resumePoint.shape }),
  z.strictObject({
    type: z.literal("jobs"),
    limit: z.int().min(1).max(maxListedJobs).default(20),
    /** only jobs older than this one */
    before: jobIdSchema.optional(),
  }),
  z.strictObject({ type: z.literal("remove"), jobId: jobIdSchema }),
  z.strictObject({
    type: z.literal("segment"),
    requestId: uuidSchema,
    picture: sha256Schema,
    points: z.array(pointSchema).min(1).max(maxPoints),
  }),
  z.strictObject({ type: z.literal("describe"), requestId: uuidSchema, picture: sha256Schema }),
  z.strictObject({ type: z.literal("withdraw"), requestId: uuidSchema }),
  /** by its name in the catalogue: never an address */
  z.strictObject({ type: z.literal("install"), package: modelNameSchema, licencesAccepted: z.boolean() }),
  z.strictObject({ type: z.literal("stop_installing"), package: modelNameSchema }),
  z.strictObject({ type: z.literal("unpair") }),
]);

export type ClientMessage = z.output<typeof clientMessageSchema>;
export type ClientMessageInput = z.input<typeof clientMessageSchema>;
export type ClientMessageOf<Type extends ClientMessage["type"]> = Extract<ClientMessage, { readonly type: Type }>;
