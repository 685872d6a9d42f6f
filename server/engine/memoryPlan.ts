import { BackdropError } from "../../shared/errors.ts";
import { frameSidePx, type Size } from "../../shared/geometry.ts";
import type { Provider } from "../../shared/providers.ts";
import type { CompiledGraph } from "../checkpoint/compile.ts";
import { keepsPlainLayout } from "../runtime/sessionOptions.ts";
import { hasOwnMemory } from "./deviceMemory.ts";

// What a job will take, before it starts. The factors are upper bounds of what `bench/memory.ts` measures on the CPU; docs/memory.md has the
// figures. On a GPU nothing was measured: its kernels are planned as the CPU's.

/**
 * Of the weights, `held` while a session is open: convolutions and matrix products keep rearranged copies of some. While it is loaded,
 * `loading` more: they are also there as they are stored, and before they are rearranged.
 */
const weightFactors = { rearranged: { held: 1.2, loading: 0.55 }, plain: { held: 1.1, loading: 0.1 } } as const;
/** The runtime's arena grows by doubling, and convolutions keep a rearranged copy of their input. */
const activationsFactor = 2;
/** A session's own, whatever its graph: threads' scratch memory and small buffers. */
const sessionBytesAtLeast = 32e6;
/** This part of a session's memory is still taken after it was closed. On a device each session has an allocator of its own, which ends with it. */
const keptShare = { main: 0.5, device: 0 } as const;
/** Decoded, resampled and encoded pictures, a pixel of the output frame. */
const bytesPerFramePixel = 24;
/** What the driver and the provider's libraries take of a device for this process, with its first session there. */
const driverBytes = 500e6;

/** The processor's, and a GPU's own. */
const memories = ["main", "device"] as const;
export type Memory = (typeof memories)[number];
export type MemoryBytes = Readonly<Record<Memory, number>>;

/** Upper bounds of what a session takes of one memory. */
export interface SessionNeed {
  /** while it is open, with what a run of it takes */
  readonly heldBytes: number;
  /** beyond that, while it is loaded */
  readonly loadingBytes: number;
}

/** Of the memory that its kernels work in. */
export function sessionNeed(
  { weightsBytes, activationsBytes }: CompiledGraph["memory"],
  provider: Provider = "cpu",
): SessionNeed {
  const { held, loading } = weightFactors[keepsPlainLayout({ provider, weightsBytes }) ? "plain" : "rearranged"];
  return {
    heldBytes: held * weightsBytes + activationsFactor * activationsBytes + sessionBytesAtLeast,
    loadingBytes: loading * weightsBytes,
  };
}

/** Upper bounds of what a session takes of each memory. */
export type GraphNeed = Readonly<Record<Memory, SessionNeed>>;

export function graphNeed(memory: CompiledGraph["memory"], provider: Provider): GraphNeed {
  const need = sessionNeed(memory, provider);
  if (!hasOwnMemory(provider)) return { main: need, device: { heldBytes: 0, loadingBytes: 0 } };
  return {
    // On their way to the device the weights are here, as they are stored and as the kernels will read them.
    main: { heldBytes: sessionBytesAtLeast, loadingBytes: memory.weightsBytes + need.loadingBytes },
    device: { heldBytes: need.heldBytes, loadingBytes: 0 },
  };
}

/** Of sessions that are opened one after the other and stay open. */
export function togetherBytes(sessions: readonly SessionNeed[]): number {
  return sum(sessions.map(({ heldBytes }) => heldBytes)) + Math.max(0, ...sessions.map((need) => need.loadingBytes));
}

/** What a process that has had no session on a device can take there beside what its first one brings along. */
export function besideDriver({ main, device }: MemoryBytes): MemoryBytes {
  return { main, device: Math.max(0, device - driverBytes) };
}

/** Whether all sessions of a job that are not open yet can be opened beside those that are. */
export function fitsTogether(frame: Size, missing: readonly GraphNeed[], available: MemoryBytes): boolean {
  const [main, device] = [togetherBytes(of("main", missing)), togetherBytes(of("device", missing))];
  return main + pictureBytes(frame) <= available.main && device <= available.device;
}

/** What is left when these sessions have been opened. */
export function leftBeside(opened: readonly GraphNeed[], { main, device }: MemoryBytes): MemoryBytes {
  return { main: main - heldBytes("main", opened), device: device - heldBytes("device", opened) };
}

/**
 * What sessions may take that are opened in turn.
 * @param ownBytes of main memory, what this process has of sessions: it can be taken again
 */
export function roomForSessions(frame: Size, { main, device }: MemoryBytes, ownBytes: number): MemoryBytes {
  return { main: main + ownBytes - pictureBytes(frame), device };
}

/** What open sessions take of a memory, and what is not given back of those that were closed. */
export function takenBytes(memory: Memory, open: readonly GraphNeed[], closed: readonly GraphNeed[]): number {
  return heldBytes(memory, open) + keptShare[memory] * heldBytes(memory, closed);
}

function heldBytes(memory: Memory, sessions: readonly GraphNeed[]): number {
  return sum(of(memory, sessions).map((need) => need.heldBytes));
}

/** What must be free for the largest of these sessions to run, when the others have been closed before it. */
export function inTurnBytes(sessions: readonly SessionNeed[], memory: Memory = "main"): number {
  const held = sum(sessions.map((need) => need.heldBytes));
  const kept = ({ heldBytes }: SessionNeed) => keptShare[memory] * (held - heldBytes);
  return Math.max(...sessions.map((need) => need.heldBytes + need.loadingBytes + kept(need)));
}

export function fitsInTurn(sessions: readonly GraphNeed[], room: MemoryBytes): boolean {
  return memories.every((memory) => inTurnBytes(of(memory, sessions), memory) <= room[memory]);
}

/** The memories in which a session finds no room beside those that are open and what those before them have left. */
export function shortMemories(
  wanted: GraphNeed,
  open: readonly GraphNeed[],
  closed: readonly GraphNeed[],
  room: MemoryBytes,
): readonly Memory[] {
  return memories.filter((memory) => {
    const { heldBytes, loadingBytes } = wanted[memory];
    return takenBytes(memory, open, closed) + heldBytes + loadingBytes > room[memory];
  });
}

/** A frame, and what its graphs take. */
export interface FrameNeed {
  readonly frame: Size;
  readonly sessions: readonly GraphNeed[];
}

/**
 * Says what is missing, and what to do.
 * @param fitting the largest frame of this shape for which it would be enough; undefined: there is none
 */
export function memoryInsufficient(
  model: string,
  { frame, sessions }: FrameNeed,
  room: MemoryBytes,
  fitting: Size | undefined,
): BackdropError {
  const memory = fitsDevice(sessions, room) ? "main" : "device";
  const besides = memory === "main" ? pictureBytes(frame) : 0;
  const needed = inTurnBytes(of(memory, sessions), memory) + besides;
  const [name, programs] = memory === "device" ? ["GPU memory", "programs that use the GPU"] : ["memory", "programs"];
  const advice = fitting
    ? `the largest size of this shape that fits is ${fitting.width}×${fitting.height}`
    : `no size fits, because the model paints a least number of pixels whatever the size; close other ${programs}` +
      `${memory === "device" ? ", start with --precision fp16 where it is fp32," : ""} or choose a smaller model`;
  return new BackdropError(
    "memory_insufficient",
    `memory: ${model} at ${frame.width}×${frame.height} needs ${gigabytes(needed)} of ${name} even part by part, ` +
      `got ${gigabytes(room[memory] + besides)} free for it; ${advice}`,
  );
}

/** The largest frame of this shape that the same graphs leave room for: its pictures lie in main memory. */
export function frameWithLessPictures({ frame, sessions }: FrameNeed, room: MemoryBytes): Size | undefined {
  if (!fitsDevice(sessions, room)) return undefined;
  const leftBytes = room.main + pictureBytes(frame) - inTurnBytes(of("main", sessions));
  const scale = Math.sqrt(Math.max(leftBytes, 0) / pictureBytes(frame));
  const largest = { width: Math.floor(frame.width * scale), height: Math.floor(frame.height * scale) };
  return Math.min(largest.width, largest.height) >= frameSidePx.min ? largest : undefined;
}

/** Whether a smaller frame's graphs fit in turn where there is room beside the pictures of `frame`. */
export function fitsInstead({ frame: smaller, sessions }: FrameNeed, frame: Size, room: MemoryBytes): boolean {
  return fitsInTurn(sessions, { ...room, main: room.main + pictureBytes(frame) - pictureBytes(smaller) });
}

function fitsDevice(sessions: readonly GraphNeed[], room: MemoryBytes): boolean {
  return inTurnBytes(of("device", sessions), "device") <= room.device;
}

/** What a job takes of main memory besides its sessions. */
function pictureBytes({ width, height }: Size): number {
  return bytesPerFramePixel * width * height;
}

function of(memory: Memory, sessions: readonly GraphNeed[]): readonly SessionNeed[] {
  return sessions.map((need) => need[memory]);
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
