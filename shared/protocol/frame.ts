import { BackdropError } from "../errors.ts";
import { protocolVersion } from "./limits.ts";

export const headerBytes = 32;

/** What a binary message carries. Numbers are the wire's. */
export const frameKinds = { preview: 1, chunk: 2, mask: 3 } as const;
export type FrameKind = keyof typeof frameKinds;

/** A binary message: a fixed header, then bytes. All numbers are unsigned and big-endian. */
export interface Frame {
  readonly kind: FrameKind;
  /** preview: of the event that it belongs to; chunk: its index from 0; mask: 0 */
  readonly seq: number;
  /** of a preview, from 1; else 0 */
  readonly step: number;
  readonly steps: number;
  readonly variant: number;
  /** of the job (preview), the upload (chunk) or the request (mask): a UUID in lower case */
  readonly id: string;
  /** a JPEG (preview), a part of a file (chunk) or a PNG (mask) */
  readonly payload: Uint8Array;
}

/**
 * | byte | 0       | 1    | 2 … 3    | 4 … 7 | 8 … 9 | 10 … 11 | 12 … 13 | 14 … 15  | 16 … 31 | 32 …    |
 * | is   | version | kind | flags: 0 | seq   | step  | steps   | variant | reserved | id      | payload |
 */
export function encodeFrame(frame: Frame): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(headerBytes + frame.payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, protocolVersion);
  view.setUint8(1, frameKinds[frame.kind]);
  view.setUint32(4, frame.seq);
  view.setUint16(8, frame.step);
  view.setUint16(10, frame.steps);
  view.setUint16(12, frame.variant);
  bytes.set(uuidToBytes(frame.id), 16);
  bytes.set(frame.payload, headerBytes);
  return bytes;
}

/** Refuses what this version does not know; the payload is a view, not a copy. */
export function decodeFrame(bytes: Uint8Array): Frame {
  if (bytes.length <= headerBytes) {
    throw refused(`expected a header of ${headerBytes} bytes and a payload, got ${bytes.length} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(0);
  if (version !== protocolVersion) throw refused(`expected version ${protocolVersion}, got ${version}`);
  const kind = kindOf(view.getUint8(1));
  if (view.getUint16(2) !== 0) throw refused("expected flags 0");
  if (view.getUint16(14) !== 0) throw refused("expected 0 in the reserved bytes 14 and 15");
  return {
    kind,
    seq: view.getUint32(4),
    step: view.getUint16(8),
    steps: view.getUint16(10),
    variant: view.getUint16(12),
    id: bytesToUuid(bytes.subarray(16, headerBytes)),
    payload: bytes.subarray(headerBytes),
  };
}

function kindOf(byte: number): FrameKind {
  switch (byte) {
    case frameKinds.preview:
      return "preview";
    case frameKinds.chunk:
      return "chunk";
    case frameKinds.mask:
      return "mask";
    default:
      throw refused(`expected kind ${Object.values(frameKinds).join(" or ")}, got ${byte}`);
  }
}

function uuidToBytes(uuid: string): Uint8Array {
  const digits = uuid.replaceAll("-", "");
  if (!/^[0-9a-f]{32}$/.test(digits)) throw refused("expected a UUID in lower case");
  return Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

function bytesToUuid(bytes: Uint8Array): string {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function refused(what: string): BackdropError {
  return new BackdropError("bad_message", `binary frame: ${what}`);
}
