import { BackdropError } from "../../shared/errors.ts";
import { frameSidePx, type Size } from "../../shared/geometry.ts";
import type { CompiledGraph } from "../checkpoint/compile.ts";

// What a job will take, before it starts. The factors are upper bounds of what `bench/memory.ts` measures; docs/memory.md has the figures.

/** Convolutions and matrix products keep rearranged copies of some weights. */
const weightsFactor = 1.2;
/** While a graph is loaded, its weights are also there as they are stored, and some of them before they are rearranged. */
const loadingFactor = 0.55;
/** The runtime's arena grows by doubling, and convolutions keep a rearranged copy of their input. */
const activationsFactor = 2;
/** A session's own, whatever its graph: threads' scratch memory and small buffers. */
const sessionBytesAtLeast = 32e6;
/** This part of a session's memory is still taken after it was closed. */
const keptShare = 0.5;
/** Decoded, resampled and encoded pictures, a pixel of the output frame. */
const bytesPerFramePixel = 24;

/** Upper bounds of what a session takes. */
export interface SessionNeed {
  /** while it is open, with what a run of it takes */
  readonly heldBytes: number;
  /** beyond that, while it is loaded */
  readonly loadingBytes: number;
}

export function sessionNeed({ weightsBytes, activationsBytes }: CompiledGraph["memory"]): SessionNeed {
  return {
    heldBytes: weightsFactor * weightsBytes + activationsFactor * activationsBytes + sessionBytesAtLeast,
    loadingBytes: loadingFactor * weightsBytes,
  };
}

/** Of sessions that are opened one after the other and stay open. */
export function togetherBytes(sessions: readonly SessionNeed[]): number {
  return sum(sessions.map(({ heldBytes }) => heldBytes)) + Math.max(0, ...sessions.map((need) => need.loadingBytes));
}

/** Whether all sessions of a job that are not open yet can be opened beside those that are. */
export function fitsTogether(frame: Size, missing: readonly SessionNeed[], availableBytes: number): boolean {
  return togetherBytes(missing) + pictureBytes(frame) <= availableBytes;
}

/** What sessions may take when they are opened in turn and everything that is open now can be closed. */
export function roomForSessions(frame: Size, availableBytes: number, openBytes: number): number {
  return availableBytes + openBytes - keptBytes([openBytes]) - pictureBytes(frame);
}

/** What is still taken after these sessions were closed. */
export function keptBytes(closed: readonly number[]): number {
  return keptShare * sum(closed);
}

/** What must be free for the largest of these sessions to run, when the others have been closed before it. */
export function inTurnBytes(sessions: readonly SessionNeed[]): number {
  const held = sessions.map(({ heldBytes }) => heldBytes);
  return Math.max(
    ...sessions.map((need) => need.heldBytes + need.loadingBytes + keptBytes([sum(held) - need.heldBytes])),
  );
}

/** Says what is missing, and the largest frame of this shape for which it would be enough. */
export function memoryInsufficient(
  model: string,
  frame: Size,
  sessions: readonly SessionNeed[],
  roomBytes: number,
): BackdropError {
  const availableBytes = roomBytes + pictureBytes(frame);
  const needed = inTurnBytes(sessions);
  const scale = Math.sqrt(Math.max(availableBytes - needed, 0) / pictureBytes(frame));
  const largest = { width: Math.floor(frame.width * scale), height: Math.floor(frame.height * scale) };
  const advice =
    Math.min(largest.width, largest.height) >= frameSidePx.min
      ? `the largest size of this shape that fits is ${largest.width}×${largest.height}`
      : "no size fits, because the model paints about the same number of pixels for each; close other programs or choose a smaller model";
  return new BackdropError(
    "memory_insufficient",
    `memory: ${model} at ${frame.width}×${frame.height} needs ${gigabytes(needed + pictureBytes(frame))} of memory even ` +
      `part by part, got ${gigabytes(availableBytes)} free; ${advice}`,
  );
}

function pictureBytes({ width, height }: Size): number {
  return bytesPerFramePixel * width * height;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
