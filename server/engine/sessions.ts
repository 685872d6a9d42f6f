import { BackdropError } from "../../shared/errors.ts";
import type { Size } from "../../shared/geometry.ts";
import type { Provider, Target } from "../../shared/providers.ts";
import { compileGraphs } from "../checkpoint/compile.ts";
import { type GraphRequest, graphFile, graphsForSize, graphTarget, previewGraphs } from "../checkpoint/graphRequest.ts";
import type { ModelPackage } from "../checkpoint/modelPackage.ts";
import { vaeTile } from "../pipeline/latents.ts";
import type { Preparation } from "../pipeline/model.ts";
import { openSession, type Session } from "../runtime/session.ts";
import {
  fitsTogether,
  inTurnBytes,
  keptBytes,
  memoryInsufficient,
  roomForSessions,
  type SessionNeed,
  sessionNeed,
} from "./memoryPlan.ts";

/** The loaded graphs of one model. */
export interface Sessions {
  /**
   * Plans the memory of a job. Where all its graphs fit together they are loaded; where they do not, each is loaded when it is
   * first run and the oldest make room for it. Throws `memory_insufficient` where even that is too much.
   */
  prepare(work: Size, frame: Size, wants?: { readonly previews: boolean }): Promise<Preparation>;
  /** The loaded graph. */
  get(request: GraphRequest): Promise<Session>;
  dispose(): Promise<void>;
}

interface Opened {
  readonly session: Promise<Session>;
  readonly need: SessionNeed;
}

interface Compiled {
  readonly name: string;
  readonly provider: Provider;
  readonly file: string;
  readonly need: SessionNeed;
}

export function createSessions(
  modelPackage: ModelPackage,
  target: Target,
  availableMemory: () => Promise<number>,
): Sessions {
  /** oldest first */
  const open = new Map<string, Opened>();
  /** what sessions that were closed took: some of it is not given back */
  const closed = new Map<string, SessionNeed>();
  let roomBytes = Number.POSITIVE_INFINITY;
  const openBytes = () => [...open.values()].reduce((sum, { need }) => sum + need.heldBytes, 0);

  /** Compiles what is out of date, all at once. */
  async function compile(requests: readonly GraphRequest[]): Promise<Compiled[]> {
    const compiled = await compileGraphs(modelPackage.dir, requests, target);
    return compiled.map(({ request, file, memory }) => ({
      name: graphFile(request, target),
      provider: graphTarget(request, target).provider,
      file,
      // Of another provider's own memory nothing is known here.
      need: graphTarget(request, target).provider === "cpu" ? sessionNeed(memory) : { heldBytes: 0, loadingBytes: 0 },
    }));
  }

  function load({ name, provider, file, need }: Compiled): void {
    // Noted before it is there, so that a second caller waits for it instead of loading it again.
    const session = openSession(file, { provider });
    open.set(name, { session, need });
    closed.delete(name);
    session.catch(() => open.delete(name));
  }

  async function makeRoom({ heldBytes, loadingBytes }: SessionNeed): Promise<void> {
    for (const [name, oldest] of open) {
      const kept = keptBytes([...closed.values()].map((need) => need.heldBytes));
      if (openBytes() + kept + heldBytes + loadingBytes <= roomBytes) return;
      open.delete(name);
      closed.set(name, oldest.need);
      await (await oldest.session).dispose();
    }
  }

  /** Loads all of these graphs where they fit beside those that are open, and none where they do not. */
  async function loadTogether(wanted: readonly GraphRequest[], frame: Size, availableBytes: number): Promise<boolean> {
    const missing = wanted.filter((request) => !open.has(graphFile(request, target)));
    const compiled = missing.length > 0 ? await compile(missing) : [];
    const needs = compiled.map(({ need }) => need);
    if (!fitsTogether(frame, needs, availableBytes)) return false;
    roomBytes = Number.POSITIVE_INFINITY;
    // One after the other: loading takes more than holding.
    for (const graph of compiled) {
      load(graph);
      await open.get(graph.name)?.session;
    }
    await Promise.all(wanted.map((request) => open.get(graphFile(request, target))?.session));
    return true;
  }

  /** A courtesy: where there is none, where it does not fit beside the others or cannot be loaded, previews are made without it. */
  async function loadPreviewDecoder(work: Size, frame: Size): Promise<boolean> {
    const wanted = previewGraphs(modelPackage, work);
    if (wanted.length === 0) return false;
    try {
      return await loadTogether(wanted, frame, await availableMemory());
    } catch (error) {
      if (error instanceof BackdropError) return false;
      throw error;
    }
  }

  return {
    async prepare(work, frame, wants = { previews: false }) {
      const whole = graphsForSize(work);
      const availableBytes = await availableMemory();
      if (await loadTogether(whole, frame, availableBytes)) {
        return wants.previews && (await loadPreviewDecoder(work, frame)) ? { previewDecoder: true } : {};
      }
      roomBytes = roomForSessions(frame, availableBytes, openBytes());
      const needsOf = async (requests: readonly GraphRequest[]) => (await compile(requests)).map(({ need }) => need);
      if (inTurnBytes(await needsOf(whole)) <= roomBytes) return {};
      const tile = vaeTile(work);
      const tiled = await needsOf(graphsForSize(work, tile));
      if (inTurnBytes(tiled) <= roomBytes) return { tile };
      throw memoryInsufficient(modelPackage.name, frame, tiled, roomBytes);
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
