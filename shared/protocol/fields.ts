import { z } from "zod";

/** RFC 9562, version 7, lower case: the client's own name for a job. It sorts by time. */
export const jobIdSchema = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, {
  error: "expected a UUID of version 7 in lower case",
});

/** Any UUID in lower case. */
export const uuidSchema = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, {
  error: "expected a UUID in lower case",
});

export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, { error: "expected a sha256 as 64 hex digits" });

/** 32 bytes as base64url without padding: nonces, proofs, the secret. */
export const bytes32Schema = z.string().regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/, {
  error: "expected 32 bytes as base64url without padding",
});

/** No I, O, 0 or 1: nobody has to guess what they read. */
export const pairingAlphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
export const pairingCodeSchema = z.string().regex(/^[A-HJ-NP-Z2-9]{6}$/, {
  error: "expected the 6 letters and digits that the server shows",
});

/** The name of an installed model; never a path. */
export const modelNameSchema = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, { error: "expected a model's name" });

/** Of an event within its job; rises, but not always by 1 across restarts of the server. */
export const seqSchema = z.int().min(0).max(0xffff_ffff);
