import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";
import { referenceTarget, type Target } from "../../shared/providers.ts";
import { writeWhole } from "../files/wholeFiles.ts";
import type { Graph } from "../onnx/graph.ts";
import { type GraphMemory, graphMemory } from "../onnx/graphMemory.ts";
import { buildDepthGraph, buildGraph } from "./buildGraph.ts";
import { fingerprint, openCheckpoint, openParts } from "./checkpoint.ts";
import { type GraphRequest, graphFile, largestBatch } from "./graphRequest.ts";
import type { DepthPackage, ModelPackage } from "./modelPackage.ts";

export interface CompiledGraph {
  readonly request: GraphRequest;
  /** Absolute path of the `.onnx` file. */
  readonly file: string;
  readonly bytes: number;
  /** of a run with the largest batch of a job */
  readonly memory: GraphMemory;
  /** False where the file was up to date already. */
  readonly written: boolean;
}

/** Set by build.mjs to a hash of the compiler's sources; sources that run unbundled (tests) compile every time. */
declare const COMPILER_HASH: string | undefined;
export const compilerHash: string = typeof COMPILER_HASH === "string" ? COMPILER_HASH : `unbundled ${Date.now()}`;

/**
 * Makes sure that the wanted graphs of the package in `dir` exist and are up to date. Graphs lie at the package's root,
 * their initializers point into its `.safetensors` files. Throws `model_corrupt` where a weight is missing, mis-shaped or
 * used by nothing.
 * @param depthHelper its `depth` graph, in its own folder, instead of the package's
 */
export async function compileGraphs(
  dir: string,
  wanted: readonly GraphRequest[],
  target: Target = referenceTarget,
  depthHelper?: DepthPackage,
): Promise<CompiledGraph[]> {
  const checkpoint = await openCheckpoint(dir);
  const compile = (requests: readonly GraphRequest[]) =>
    compileInto(checkpoint.modelPackage, requests, target, (request) => buildGraph(checkpoint, request, target));
  const own = wanted.filter(({ graph }) => graph !== "depth");
  if (depthHelper === undefined || own.length === wanted.length) return await compile(wanted);
  return [...(await compile(own)), ...(await compileDepth(depthHelper, target))];
}

/** The same of a helper for depth, for the only graph that it has. */
export async function compileDepth(helper: DepthPackage, target: Target = referenceTarget): Promise<CompiledGraph[]> {
  const build = () => buildDepthGraph(openParts(helper), helper.depth.imageSize, target);
  return await compileInto(helper, [{ graph: "depth" }], target, build);
}

type BuildGraph = (request: GraphRequest) => Promise<Graph>;

async function compileInto(
  compiling: Pick<ModelPackage, "dir" | "files" | "sha256">,
  wanted: readonly GraphRequest[],
  target: Target,
  build: BuildGraph,
): Promise<CompiledGraph[]> {
  const { dir } = compiling;
  const print = await fingerprint(compiling, compilerHash);
  const record = await readRecord(dir);
  const fresh = new Map(record.fingerprint === print ? Object.entries(record.graphs) : []);
  const made: MadeGraph[] = [];
  for (const request of wanted) made.push(await makeGraph(dir, request, target, fresh, build));
  // Only now: weights that do not fit leave nothing behind.
  for (const { graph, data } of made) if (data) await writeCompiled(graph.file, data);
  const compiled = made.map(({ graph }) => graph);
  if (compiled.some((graph) => graph.written)) {
    for (const { request, memory } of compiled) fresh.set(graphFile(request, target), memory);
    const written: CompileRecord = { fingerprint: print, graphs: Object.fromEntries(fresh) };
    await writeCompiled(join(dir, recordFile), JSON.stringify(written));
  }
  return compiled;
}

interface MadeGraph {
  readonly graph: CompiledGraph;
  /** What has to be written; absent where the file is up to date. */
  readonly data?: Uint8Array;
}

async function makeGraph(
  dir: string,
  request: GraphRequest,
  target: Target,
  fresh: ReadonlyMap<string, GraphMemory>,
  build: BuildGraph,
): Promise<MadeGraph> {
  const name = graphFile(request, target);
  const file = join(dir, name);
  const memory = fresh.get(name);
  const known = memory && (await stat(file).catch(() => undefined));
  if (known) return { graph: { request, file, bytes: known.size, memory, written: false } };
  const graph = await build(request);
  const data = graph.encode();
  const needed = graphMemory(graph, largestBatch(request));
  return { graph: { request, file, bytes: data.byteLength, memory: needed, written: true }, data };
}

/** Which graphs were written, from what, and what they need. */
const recordFile = "compiled.json";

const bytes = z.number().nonnegative();
const recordSchema = z.object({
  fingerprint: z.string(),
  graphs: z.record(z.string(), z.object({ weightsBytes: bytes, activationsBytes: bytes })),
});
type CompileRecord = z.output<typeof recordSchema>;

async function readRecord(dir: string): Promise<CompileRecord> {
  const text = await readFile(join(dir, recordFile), "utf8").catch(() => "");
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    // Never written, torn by a full disk, or by another version: everything is compiled anew.
    return { fingerprint: "", graphs: {} };
  }
}

/** What is lost is compiled again. */
async function writeCompiled(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeWhole([{ path, content }], { outlives: "process" });
  } catch (cause) {
    throw new BackdropError(
      "output_unwritable",
      "the model package's folder cannot be written, so its graphs cannot be compiled; make it writable or free some disk space",
      { cause },
    );
  }
}
