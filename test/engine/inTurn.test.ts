import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { compileGraphs } from "../../server/checkpoint/compile.ts";
import { graphFile, graphsForSize } from "../../server/checkpoint/graphRequest.ts";
import { type ModelPackage, readModelPackage } from "../../server/checkpoint/modelPackage.ts";
import { type GraphNeed, graphNeed, inTurnBytes, type Memory } from "../../server/engine/memoryPlan.ts";
import { modelsDir } from "../../server/engine/packages.ts";
import { createSessions, type Sessions } from "../../server/engine/sessions.ts";
import { vaeTile } from "../../server/pipeline/autoencoder.ts";
import { openSession } from "../../server/runtime/session.ts";
import type { Size } from "../../shared/geometry.ts";
import { referenceTarget, type Target } from "../../shared/providers.ts";

// Protects what is planned when other jobs have gone before: with sessions that load nothing, and take of memories what a test says.

vi.mock("../../server/runtime/session.ts", () => ({ openSession: vi.fn() }));

const cpu = referenceTarget;
const cuda: Target = { provider: "cuda", precision: "fp16", operators: "fused" };
const small = { width: 64, height: 64 };
const medium = { width: 256, height: 256 };
const shapes = [small, { width: 256, height: 128 }, { width: 128, height: 256 }, medium];
const large = { width: 4096, height: 4096 };
const pictureBytes = ({ width, height }: Size) => 24 * width * height;

let dir: string;
let modelPackage: ModelPackage;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-turns-"));
  await cp(join(modelsDir(), "mini"), dir, { recursive: true, filter: (path) => !/\.onnx|compiled\.json/.test(path) });
  modelPackage = await readModelPackage(dir);
});
afterAll(async () => rm(dir, { recursive: true, force: true }));

/** names of graphs' files */
let open: Set<string>;
let closed: Set<string>;
beforeEach(() => {
  [open, closed] = [new Set(), new Set()];
  vi.mocked(openSession).mockImplementation(async (path) => {
    const name = basename(path);
    open.add(name);
    closed.delete(name);
    return {
      run: async () => ({}),
      dispose: async () => {
        open.delete(name);
        closed.add(name);
      },
    };
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** What is planned for each graph of jobs at these sizes, by the name of its file. */
async function needsAt(sizes: readonly Size[], target: Target): Promise<ReadonlyMap<string, GraphNeed>> {
  const compiled = await compileGraphs(
    dir,
    sizes.flatMap((size) => graphsForSize(size)),
    target,
  );
  return new Map(
    compiled.map(({ request, memory }) => {
      const provider = request.graph === "text" ? "cpu" : target.provider;
      return [graphFile(request, target), graphNeed(memory, provider)];
    }),
  );
}

function held(names: Iterable<string>, needs: ReadonlyMap<string, GraphNeed>, memory: Memory): number {
  return [...names].reduce((sum, name) => sum + (needs.get(name)?.[memory].heldBytes ?? 0), 0);
}

async function runJob(sessions: Sessions, size: Size): Promise<void> {
  expect(await sessions.prepare([size], size)).toEqual({});
  for (const request of graphsForSize(size)) await sessions.get(request);
}

test("a job that goes in turn is accepted again, though half of what its closed sessions took is not given back", async () => {
  const needs = await needsAt([small], cpu);
  const taken = () => held(open, needs, "main") + 0.5 * held(closed, needs, "main");
  vi.spyOn(process.memoryUsage, "rss").mockImplementation(() => 1e9 + taken());
  const total = inTurnBytes([...needs.values()].map(({ main }) => main)) + pictureBytes(small) + 1e3;
  const sessions = createSessions(modelPackage, cpu, async () => ({
    main: total - taken(),
    device: Number.POSITIVE_INFINITY,
  }));
  for (let job = 0; job < 3; job++) await runJob(sessions, small);
  expect(closed.size).toBeGreaterThan(0);
});

const driverBytes = 500e6;

/** A GPU of which sessions take `share` of what is planned, and the driver its part once one was open. */
async function onGpu(share: number, totalOf: (needOf: (size: Size) => number) => number) {
  const needs = await needsAt([...shapes, large], cuda);
  const needOf = (size: Size) => {
    const names = graphsForSize(size, vaeTile(size)).map((request) => graphFile(request, cuda));
    return Math.max(...names.map((name) => held([name], needs, "device")));
  };
  const total = totalOf(needOf);
  const readMemory = vi.fn(async () => {
    const hasDriver = open.size + closed.size > 0;
    return { main: 1e12, device: total - share * held(open, needs, "device") - (hasDriver ? driverBytes : 0) };
  });
  return { sessions: createSessions(modelPackage, cuda, readMemory), readMemory };
}

test("on a GPU too, where the driver's part is taken by then", async () => {
  const { sessions, readMemory } = await onGpu(1, (needOf) => driverBytes + needOf(medium) + 1e3);
  await runJob(sessions, medium);
  expect(readMemory).toHaveBeenCalledTimes(1);
  for (let job = 0; job < 2; job++) await runJob(sessions, medium);
});

test("sessions of a GPU that take less than was planned give no more back than they take", async () => {
  const { sessions } = await onGpu(0.1, (needOf) => driverBytes + needOf(large) - 1e6);
  for (const size of shapes) await runJob(sessions, size);
  expect(closed.size).toBe(0);
  await expect(sessions.prepare([large], large)).rejects.toMatchObject({
    code: "memory_insufficient",
    message: expect.stringContaining("of GPU memory"),
  });
});
