import { BackdropError } from "../../shared/errors.ts";
import { frameSidePx, type Size } from "../../shared/geometry.ts";
import type { Provider } from "../../shared/providers.ts";
import type { CompiledGraph } from "../checkpoint/compile.ts";
import { hasOwnMemory } from "./deviceMemory.ts";

// What a job will take, before it starts. The factors are upper bounds of what `bench/memory.ts` measures on the CPU; docs/memory.md has the
// figures. On a GPU nothing was measured: its kernels are planned as the CPU's.

/** Convolutions and matrix products keep rearranged copies of some weights. */
const weightsFactor = 1.2;
/** While a graph is loaded, its weights are also there as they are stored, and some of them before they are rearranged. */
const loadingFactor = 0.55;
/** The runtime's arena grows by doubling, and convolutions keep a rearranged copy of their input. */
const activationsFactor = 2;
/** A session's own, whatever its graph: threads' scratch memory and small buffers. */
const sessionBytesAtLeast = 32e6;
/** This part of a session's memory is still taken after it was closed. On a device each session has an allocator of its own, which ends with it. */
const keptShare = { main: 0.5, device: 0 } as const;
/** Decoded, resampled and encoded pictures, a pixel of the output frame. */
const bytesPerFramePixel = 24;
/** What the driver and the provider's libraries take of a device for this process. */
const deviceBytesAtLeast = 500e6;

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
export function sessionNeed({ weightsBytes, activationsBytes }: CompiledGraph["memory"]): SessionNeed {
  return {
    heldBytes: weightsFactor * weightsBytes + activationsFactor * activationsBytes + sessionBytesAtLeast,
    loadingBytes: loadingFactor * weightsBytes,
  };
}

/** Upper bounds of what a session takes of each memory. */
export type GraphNeed = Readonly<Record<Memory, SessionNeed>>;

export function graphNeed(memory: CompiledGraph["memory"], provider: Provider): GraphNeed {
  const need = sessionNeed(memory);
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

/** Whether all sessions of a job that are not open yet can be opened beside those that are. */
export function fitsTogether(frame: Size, missing: readonly GraphNeed[], available: MemoryBytes): boolean {
  const main = togetherBytes(of("main", missing)) + besidesSessions("main", frame);
  const device = togetherBytes(of("device", missing));
  // Open sessions have what they need of a device, however little they have left of it.
  return main <= available.main && (device === 0 || device + besidesSessions("device", frame) <= available.device);
}

/** What sessions may take when they are opened in turn and everything that is open now can be closed. */
export function roomForSessions(frame: Size, available: MemoryBytes, open: readonly GraphNeed[]): MemoryBytes {
  const room = (memory: Memory) => {
    const openBytes = heldBytes(memory, open);
    return available[memory] + openBytes - keptBytes([openBytes], memory) - besidesSessions(memory, frame);
  };
  return { main: room("main"), device: room("device") };
}

/** What these sessions take of a memory while they are open. */
export function heldBytes(memory: Memory, sessions: readonly GraphNeed[]): number {
  return sum(of(memory, sessions).map((need) => need.heldBytes));
}

/** What is still taken after these sessions were closed. */
export function keptBytes(closed: readonly number[], memory: Memory = "main"): number {
  return keptShare[memory] * sum(closed);
}

/** What must be free for the largest of these sessions to run, when the others have been closed before it. */
export function inTurnBytes(sessions: readonly SessionNeed[], memory: Memory = "main"): number {
  const held = sessions.map((need) => need.heldBytes);
  return Math.max(
    ...sessions.map((need) => need.heldBytes + need.loadingBytes + keptBytes([sum(held) - need.heldBytes], memory)),
  );
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
    const taken = heldBytes(memory, open) + keptBytes([heldBytes(memory, closed)], memory);
    return taken + wanted[memory].heldBytes + wanted[memory].loadingBytes > room[memory];
  });
}

/** A frame, and what its graphs take. */
export interface FrameNeed {
  readonly frame: Size;
  readonly sessions: readonly GraphNeed[];
}

/**
 * Says what is missing, and the largest frame of this shape for which it would be enough.
 * @param smaller the largest of this shape for which the model paints as few pixels as it can, where that is fewer
 */
export function memoryInsufficient(
  model: string,
  { frame, sessions }: FrameNeed,
  room: MemoryBytes,
  smaller: FrameNeed | undefined,
): BackdropError {
  const memory = inTurnBytes(of("device", sessions), "device") > room.device ? "device" : "main";
  const needed = inTurnBytes(of(memory, sessions), memory) + besidesSessions(memory, frame);
  const fitting = withLessPictures(frame, sessions, room) ?? (smaller && fittingFrame(frame, smaller, room));
  const [name, programs] = memory === "device" ? ["GPU memory", "programs that use the GPU"] : ["memory", "programs"];
  const advice = fitting
    ? `the largest size of this shape that fits is ${fitting.width}×${fitting.height}`
    : `no size fits, because the model paints a least number of pixels whatever the size; close other ${programs}` +
      `${memory === "device" ? ", start with --precision fp16 where it is fp32," : ""} or choose a smaller model`;
  return new BackdropError(
    "memory_insufficient",
    `memory: ${model} at ${frame.width}×${frame.height} needs ${gigabytes(needed)} of ${name} even part by part, ` +
      `got ${gigabytes(room[memory] + besidesSessions(memory, frame))} free; ${advice}`,
  );
}

/** The largest frame that the same graphs leave room for: its pictures lie in main memory. */
function withLessPictures(frame: Size, sessions: readonly GraphNeed[], room: MemoryBytes): Size | undefined {
  if (inTurnBytes(of("device", sessions), "device") > room.device) return undefined;
  const pictureBytes = besidesSessions("main", frame);
  const leftBytes = room.main + pictureBytes - inTurnBytes(of("main", sessions));
  const scale = Math.sqrt(Math.max(leftBytes, 0) / pictureBytes);
  const largest = { width: Math.floor(frame.width * scale), height: Math.floor(frame.height * scale) };
  return Math.min(largest.width, largest.height) >= frameSidePx.min ? largest : undefined;
}

function fittingFrame(frame: Size, smaller: FrameNeed, room: MemoryBytes): Size | undefined {
  const fewerBytes = besidesSessions("main", frame) - besidesSessions("main", smaller.frame);
  return fitsInTurn(smaller.sessions, { ...room, main: room.main + fewerBytes }) ? smaller.frame : undefined;
}

/** What a job takes of a memory besides its sessions: its pictures; of a device, what is not a session's. */
function besidesSessions(memory: Memory, { width, height }: Size): number {
  return memory === "device" ? deviceBytesAtLeast : bytesPerFramePixel * width * height;
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
