import { BackdropError } from "../../shared/errors.ts";
import { frameSidePx, type Size, workSize } from "../../shared/geometry.ts";
import type { Provider, Target } from "../../shared/providers.ts";
import { packageTileStatistics } from "../checkpoint/buildGraph.ts";
import { openParts } from "../checkpoint/checkpoint.ts";
import { compileGraphs } from "../checkpoint/compile.ts";
import {
  type GraphRequest,
  graphFile,
  graphsForSize,
  graphTarget,
  previewGraphs,
  type VaeTile,
} from "../checkpoint/graphRequest.ts";
import type { DepthPackage, ModelPackage } from "../checkpoint/modelPackage.ts";
import { vaeTile } from "../pipeline/autoencoder.ts";
import type { Preparation } from "../pipeline/model.ts";
import { openSession, type Session } from "../runtime/session.ts";
import {
  besideDriver,
  fitsInstead,
  fitsInTurn,
  fitsTogether,
  frameWithLessPictures,
  type GraphNeed,
  graphNeed,
  leftBeside,
  type MemoryBytes,
  memoryInsufficient,
  roomForSessions,
  shortMemories,
  takenBytes,
} from "./memoryPlan.ts";

/** The loaded graphs of one model. */
export interface Sessions {
  /**
   * Plans the memory of a job. Where all its graphs fit together they are loaded; where they do not, each is loaded when it is
   * first run and the oldest make room for it. Throws `memory_insufficient` where even that is too much.
   */
  prepare(works: readonly Size[], frame: Size, wants?: { readonly previews: boolean }): Promise<Preparation>;
  /** The loaded graph. */
  get(request: GraphRequest): Promise<Session>;
  dispose(): Promise<void>;
}

interface Opened {
  readonly session: Promise<Session>;
  readonly need: GraphNeed;
}

interface Reading {
  readonly available: MemoryBytes;
  /** what this process has of main memory for sessions: for those that are open, and for others, of what was not given back */
  readonly ownBytes: number;
}

interface Compiled {
  readonly name: string;
  readonly provider: Provider;
  readonly file: string;
  readonly weightsBytes: number;
  readonly need: GraphNeed;
}

const unlimited: MemoryBytes = { main: Number.POSITIVE_INFINITY, device: Number.POSITIVE_INFINITY };

/** @param depthHelper its depth network is used instead of the package's */
export function createSessions(
  modelPackage: ModelPackage,
  target: Target,
  availableMemory: () => Promise<MemoryBytes>,
  depthHelper?: DepthPackage,
): Sessions {
  /** oldest first */
  const open = new Map<string, Opened>();
  /** what sessions that were closed took: some of it is not given back */
  const closed = new Map<string, GraphNeed>();
  let room = unlimited;
  /** whether a session was opened on the device, which has brought along what lies there beside sessions */
  let hasDriver = false;
  const residentBefore = process.memoryUsage.rss();
  const openNeeds = () => [...open.values()].map(({ need }) => need);
  const closedNeeds = () => [...closed.values()];

  async function readMemory(): Promise<Reading> {
    const available = await availableMemory();
    // No more than was planned, because pictures and helpers are in this process too.
    const plannedBytes = takenBytes("main", openNeeds(), closedNeeds());
    const ownBytes = Math.max(0, Math.min(process.memoryUsage.rss() - residentBefore, plannedBytes));
    return { available: hasDriver ? available : besideDriver(available), ownBytes };
  }

  /** Compiles what is out of date, all at once. */
  async function compile(requests: readonly GraphRequest[]): Promise<Compiled[]> {
    const compiled = await compileGraphs(modelPackage.dir, requests, target, depthHelper);
    return compiled.map(({ request, file, memory }) => ({
      name: graphFile(request, target),
      provider: graphTarget(request, target).provider,
      file,
      weightsBytes: memory.weightsBytes,
      need: graphNeed(memory, graphTarget(request, target).provider),
    }));
  }

  function load({ name, provider, file, weightsBytes, need }: Compiled): void {
    // Noted before it is there, so that a second caller waits for it instead of loading it again.
    const session = openSession(file, { provider, weightsBytes });
    open.set(name, { session, need });
    closed.delete(name);
    session.then(
      () => {
        hasDriver ||= need.device.heldBytes > 0;
      },
      () => open.delete(name),
    );
  }

  async function makeRoom(wanted: GraphNeed): Promise<void> {
    for (const [name, oldest] of open) {
      const short = shortMemories(wanted, openNeeds(), closedNeeds(), room);
      if (short.length === 0) return;
      // Closing what lies in another memory would help nothing.
      if (short.every((memory) => oldest.need[memory].heldBytes === 0)) continue;
      await close(name, oldest);
    }
  }

  async function close(name: string, { session, need }: Opened): Promise<void> {
    open.delete(name);
    closed.set(name, need);
    await (await session).dispose();
  }

  /** What sessions may take when they are loaded in turn. What each has of a device nobody can tell before it is closed. */
  async function roomInTurn(frame: Size, reading: Reading): Promise<MemoryBytes> {
    const onDevice = [...open].filter(([, { need }]) => need.device.heldBytes > 0);
    for (const [name, opened] of onDevice) await close(name, opened);
    const { available, ownBytes } = onDevice.length > 0 ? await readMemory() : reading;
    return roomForSessions(frame, available, ownBytes);
  }

  /** Loads all of these graphs where they fit beside those that are open, and gives what they leave; none where they do not. */
  async function loadTogether(
    wanted: readonly GraphRequest[],
    frame: Size,
    available: MemoryBytes,
  ): Promise<MemoryBytes | undefined> {
    const missing = wanted.filter((request) => !open.has(graphFile(request, target)));
    const compiled = missing.length > 0 ? await compile(missing) : [];
    const needs = compiled.map(({ need }) => need);
    if (!fitsTogether(frame, needs, available)) return undefined;
    room = unlimited;
    // One after the other: loading takes more than holding.
    for (const graph of compiled) {
      load(graph);
      await open.get(graph.name)?.session;
    }
    await Promise.all(wanted.map((request) => open.get(graphFile(request, target))?.session));
    return leftBeside(needs, available);
  }

  /** A courtesy: where there is none, where it does not fit beside the others or cannot be loaded, previews are made without it. */
  async function loadPreviewDecoder(works: readonly Size[], frame: Size, available: MemoryBytes): Promise<boolean> {
    const wanted = distinct(works.flatMap((work) => previewGraphs(modelPackage, work)));
    if (wanted.length === 0) return false;
    try {
      return (await loadTogether(wanted, frame, available)) !== undefined;
    } catch (error) {
      if (error instanceof BackdropError) return false;
      throw error;
    }
  }

  /** Each graph once: some are the same at every size. */
  function distinct(requests: readonly GraphRequest[]): readonly GraphRequest[] {
    return [...new Map(requests.map((request) => [graphFile(request, target), request])).values()];
  }

  const needsOf = async (requests: readonly GraphRequest[]) => (await compile(requests)).map(({ need }) => need);

  /** The largest frame of this shape for which the model paints as few pixels as it can, where those are fewer and their graphs fit. */
  async function paintedSmaller(
    frame: Size,
    works: readonly Size[],
    statistics: VaeTile["statistics"],
  ): Promise<Size | undefined> {
    const smaller = smallerFrame(frame, works, modelPackage);
    if (smaller === undefined) return undefined;
    const sessions = await needsOf(graphsForSize(smaller.work, vaeTile(smaller.work, statistics)));
    return fitsInstead({ frame: smaller.frame, sessions }, frame, room) ? smaller.frame : undefined;
  }

  return {
    async prepare(works, frame, wants = { previews: false }) {
      const whole = distinct(works.flatMap((work) => graphsForSize(work)));
      const reading = await readMemory();
      const left = await loadTogether(whole, frame, reading.available);
      if (left) return wants.previews && (await loadPreviewDecoder(works, frame, left)) ? { previewDecoder: true } : {};
      room = await roomInTurn(frame, reading);
      if (fitsInTurn(await needsOf(whole), room)) return {};
      const statistics = await packageTileStatistics(openParts(modelPackage));
      const tiled = distinct(works.flatMap((work) => graphsForSize(work, vaeTile(work, statistics))));
      const need = { frame, sessions: await needsOf(tiled) };
      if (fitsInTurn(need.sessions, room)) return { tiled: { statistics } };
      const fitting = frameWithLessPictures(need, room) ?? (await paintedSmaller(frame, works, statistics));
      throw memoryInsufficient(modelPackage.name, need, room, fitting);
    },

    async get(request) {
      const name = graphFile(request, target);
      if (!open.has(name)) {
        const [compiled] = await compile([request]);
        // Another caller may have loaded it meanwhile.
        if (compiled && !open.has(name)) {
          await makeRoom(compiled.need);
          load(compiled);
        }
      }
      const opened = open.get(name);
      if (opened === undefined) throw new Error(`sessions: ${name} was not compiled`);
      return await opened.session;
    },

    async dispose() {
      const sessions = [...open.values()];
      open.clear();
      await Promise.all(sessions.map(async ({ session }) => (await session).dispose()));
    },
  };
}

/** The largest frame of this shape for which a model paints as few pixels as it can, where those are fewer than these. */
function smallerFrame(
  frame: Size,
  works: readonly Size[],
  { pixelArea, sideMultiple }: ModelPackage,
): { readonly frame: Size; readonly work: Size } | undefined {
  const scale = Math.sqrt(pixelArea / (frame.width * frame.height));
  const smaller = { width: Math.floor(frame.width * scale), height: Math.floor(frame.height * scale) };
  if (Math.min(smaller.width, smaller.height) < frameSidePx.min) return undefined;
  const painted = workSize(smaller, pixelArea, sideMultiple);
  const isLess = works.some((work) => painted.width * painted.height < work.width * work.height);
  return scale < 1 && isLess ? { frame: smaller, work: painted } : undefined;
}
