import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { BackdropError } from "../../shared/errors.ts";
import { writeWhole } from "../files/wholeFiles.ts";
import { buildGraph } from "./buildGraph.ts";
import { type Checkpoint, fingerprint, openCheckpoint } from "./checkpoint.ts";
import { type GraphRequest, graphFile } from "./graphRequest.ts";

export interface CompiledGraph {
  readonly request: GraphRequest;
  /** Absolute path of the `.onnx` file. */
  readonly file: string;
  readonly bytes: number;
  /** False where the file was up to date already. */
  readonly written: boolean;
}

/** Set by build.mjs to a hash of the compiler's sources; sources that run unbundled (tests) compile every time. */
declare const COMPILER_HASH: string | undefined;
const compilerHash = typeof COMPILER_HASH === "string" ? COMPILER_HASH : `unbundled ${Date.now()}`;

/**
 * Makes sure that the wanted graphs of the package in `dir` exist and are up to date. Graphs lie at the package's root,
 * their initializers point into its `.safetensors` files. Throws `model_corrupt` where a weight is missing, mis-shaped or
 * used by nothing.
 */
export async function compileGraphs(dir: string, wanted: readonly GraphRequest[]): Promise<CompiledGraph[]> {
  const checkpoint = await openCheckpoint(dir);
  const print = await fingerprint(checkpoint, compilerHash);
  const record = await readRecord(dir);
  const fresh = new Set(record.fingerprint === print ? record.graphs : []);
  const made: MadeGraph[] = [];
  for (const request of wanted) made.push(await makeGraph(checkpoint, request, fresh));
  // Only now: weights that do not fit leave nothing behind.
  for (const { graph, data } of made) if (data) await writeCompiled(graph.file, data);
  const compiled = made.map(({ graph }) => graph);
  if (compiled.some((graph) => graph.written)) {
    for (const { request } of compiled) fresh.add(graphFile(request));
    await writeCompiled(join(dir, recordFile), JSON.stringify({ fingerprint: print, graphs: [...fresh].sort() }));
  }
  return compiled;
}

interface MadeGraph {
  readonly graph: CompiledGraph;
  /** What has to be written; absent where the file is up to date. */
  readonly data?: Uint8Array;
}

async function makeGraph(
  checkpoint: Checkpoint,
  request: GraphRequest,
  fresh: ReadonlySet<string>,
): Promise<MadeGraph> {
  const name = graphFile(request);
  const file = join(checkpoint.dir, name);
  const known = fresh.has(name) ? await stat(file).catch(() => undefined) : undefined;
  if (known) return { graph: { request, file, bytes: known.size, written: false } };
  const data = (await buildGraph(checkpoint, request)).encode();
  return { graph: { request, file, bytes: data.byteLength, written: true }, data };
}

/** Which graphs were written, and from what. */
const recordFile = "compiled.json";

async function readRecord(dir: string): Promise<{ fingerprint: string; graphs: string[] }> {
  const none = { fingerprint: "", graphs: [] };
  const text = await readFile(join(dir, recordFile), "utf8").catch(() => "");
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("fingerprint" in value) || !("graphs" in value)) return none;
    const { fingerprint, graphs } = value;
    if (typeof fingerprint !== "string" || !Array.isArray(graphs)) return none;
    return { fingerprint, graphs: graphs.filter((name) => typeof name === "string") };
  } catch {
    // Never written, or torn by a full disk: everything is compiled anew.
    return none;
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
