import type { ErrorCode } from "../../../shared/errors.ts";
import type { Point } from "../../../shared/protocol/helpers.ts";
import type { InventoryInfo } from "../../../shared/protocol/inventory.ts";
import type { JobEvent, JobParams, JobSummary } from "../../../shared/protocol/jobs.ts";

/** Why there is no connection; the panel says for each what to do. The list is closed. */
export type LostCause =
  /** nothing listens on any of the ports */
  | "server_not_running"
  /** the browser refused loopback before anything was sent */
  | "browser_blocked"
  /** something else answers there, or another Backdrop than the one we paired with */
  | "wrong_server"
  | "version_mismatch"
  /** the secret was replaced on the server: pair again */
  | "revoked"
  /** another window of this client took over */
  | "replaced"
  | "shutting_down"
  | "overloaded"
  /** it was there and went away; being retried */
  | "dropped";

export type ConnectionState =
  | { readonly type: "connecting" }
  /** a server is there and we share no secret with it */
  | {
      readonly type: "pairing";
      /** `checking` while a code is on its way */
      readonly step: "enter_code" | "checking";
      /** of the window in which the code on the server's terminal is valid */
      readonly expiresAtMs: number;
      /** what was wrong with the last try, for the person */
      readonly problem: string | null;
    }
  | ({
      readonly type: "ready";
      readonly serverId: string;
      readonly serverVersion: string;
      readonly defaultModel: string;
    } & Readonly<InventoryInfo>)
  /** retryAtMs null: only `retry()` tries again */
  | { readonly type: "lost"; readonly cause: LostCause; readonly retryAtMs: number | null };

export interface Preview {
  readonly jobId: string;
  readonly variant: number;
  readonly step: number;
  readonly steps: number;
  readonly jpeg: Uint8Array;
}

export interface ConnectionListener {
  onState?(state: ConnectionState): void;
  /** the connection has stayed; what is installed, or can be, has changed */
  onInventory?(inventory: InventoryInfo): void;
  /** each event once and in order, across lost connections */
  onJobEvent?(jobId: string, event: JobEvent): void;
  onPreview?(preview: Preview): void;
  /** a job was refused before it began; no event will follow */
  onRefused?(
    jobId: string,
    error: { readonly code: ErrorCode; readonly message: string; readonly pointer: string | undefined },
  ): void;
}

/** What the panel remembers between openings, kept by the host. */
export interface Memory {
  readonly clientId: string;
  readonly port: number | undefined;
  readonly pairing: { readonly serverId: string; readonly secret: string } | undefined;
  save(key: "pairing" | "port", value: Memory["pairing"] | number | undefined): void;
}

/** The panel's end of docs/protocol.md: it connects, pairs, proves, uploads, follows jobs and comes back after every loss by itself. */
export interface Connection {
  readonly state: ConnectionState;
  /** returns what ends the listening */
  listen(listener: ConnectionListener): () => void;
  /** the six characters, any case, spaces ignored */
  pair(code: string): void;
  /** forgets the shared secret on this side and pairs anew */
  forget(): void;
  /** at once instead of at `retryAtMs` */
  retry(): void;
  /** sends only what the server lacks; resolves to the sha256. Waits through lost connections; rejects with a BackdropError or the signal's reason */
  upload(bytes: Uint8Array, signal?: AbortSignal): Promise<string>;
  /** the object that was clicked on an uploaded picture: a PNG, white = object. Waits and rejects as `upload` does */
  segment(picture: string, points: readonly Point[], signal?: AbortSignal): Promise<Uint8Array>;
  /** what an uploaded picture shows, as a sentence */
  describe(picture: string, signal?: AbortSignal): Promise<string>;
  /** the job is followed to its end, whatever happens to the connection; submitting again what the server never got is done here */
  submit(jobId: string, params: JobParams): void;
  /** follows a job of an earlier opening, from its first event */
  follow(jobId: string): void;
  cancel(jobId: string): void;
  history(limit: number, before?: string): Promise<{ readonly jobs: readonly JobSummary[]; readonly more: boolean }>;
  remove(jobId: string): Promise<void>;
  /** how it comes on and ends is told by `onInventory`; nothing happens without a connection */
  install(name: string, licencesAccepted: boolean): void;
  /** what has arrived stays */
  stopInstalling(name: string): void;
  /** a finished file */
  fetchResult(jobId: string, name: string): Promise<Uint8Array>;
  /** what was uploaded earlier, while the server keeps it */
  fetchUpload(sha256: string): Promise<Uint8Array>;
  close(): void;
}
