/** The only version of the wire protocol so far; `hello` and `challenge` agree on it. */
export const protocolVersion = 1;

export const defaultPort = 41730;
/** Where the server goes when its port is taken, in this order. The panel's manifest lists them all. */
export const fallbackPorts = [41731, 41732] as const;
export const socketPath = "/socket";

export const maxTextBytes = 64 * 1024;
export const chunkBytes = 256 * 1024;
/** As large as a picture file may be for the decoder. */
export const maxUploadBytes = 128 * 1024 * 1024;
/** Chunks that a client may have sent and not yet seen acknowledged, so that a cancel never waits behind a picture. */
export const uploadWindowChunks = 8;
export const maxOpenUploads = 4;

/** px of the longer side of a mask that a helper finds: finer than any model paints. */
export const maxMaskSidePx = 1024;
/** Clicks that one object may take. */
export const maxPoints = 64;
/** Requests to helpers that wait or run, of all clients. */
export const maxQueuedAssists = 16;

export const maxQueuedJobs = 16;
export const maxListedJobs = 50;
/** Unreadable messages on one connection; the last one closes it. */
export const maxBadMessages = 3;
export const maxMessagesPerSecond = 200;

export const heartbeatMs = 15_000;
export const helloTimeoutMs = 3_000;
export const pairingWindowMs = 120_000;
export const pairingTries = 5;

/** Above this, previews wait and only the newest of each job is kept. */
export const maxBufferedBytes = 1024 * 1024;
export const drainTimeoutMs = 30_000;

/** What a client needs to know of the above, as `challenge` carries it. */
export const announcedLimits = {
  maxTextBytes,
  chunkBytes,
  maxUploadBytes,
  uploadWindowChunks,
  maxOpenUploads,
  maxQueuedJobs,
  heartbeatMs,
} as const;
