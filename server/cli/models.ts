import { relative } from "node:path";
import { workSize } from "../../shared/geometry.ts";
import { type HelperPackage, listHelpers } from "../assist/helperPackage.ts";
import { compileGraphs } from "../checkpoint/compile.ts";
import { graphsOfPackage } from "../checkpoint/graphRequest.ts";
import { readModelPackage } from "../checkpoint/modelPackage.ts";
import { verifyPackage } from "../checkpoint/verifyPackage.ts";
import { findPackage, listPackages, modelsDirs } from "../engine/packages.ts";
import { catalogue } from "../install/catalogue/catalogue.ts";
import { exitCodes, type Io, printJson } from "./io.ts";
import { type ModelState, modelState, packageState } from "./modelState.ts";
import { parseSize } from "./settingsFromOptions.ts";

export interface ModelsOptions {
  readonly json?: true;
}

/** `backdrop models list` */
export async function listModels({ json }: ModelsOptions, io: Io): Promise<number> {
  const states: ModelState[] = [];
  for (const name of await listPackages()) states.push(await modelState(name));
  for (const helper of await listHelpers(modelsDirs())) states.push(await packageState(helper));
  for (const state of states) {
    if (json) printJson(io, { type: "model", ...state });
    else io.stdout(`${describe(state)}\n`);
  }
  if (!json && states.length === 0) io.stdout("no models are here\n");
  const here = new Set(states.map(({ name }) => name));
  for (const { description, approximateBytes } of catalogue.filter((entry) => !here.has(entry.description.name))) {
    const { name, title, licence } = description;
    if (json) printJson(io, { type: "model", state: "available", name, title, licence, sizeBytes: approximateBytes });
    else {
      io.stdout(
        `${name}  ${title}  about ${byteText(approximateBytes)}  ${licence}  not installed: backdrop models install ${name}\n`,
      );
    }
  }
  return exitCodes.done;
}

/** `backdrop models verify NAME` */
export async function verifyModel(name: string, { json }: ModelsOptions, io: Io): Promise<number> {
  const helper = (await listHelpers(modelsDirs())).find((each) => each.name === name);
  if (helper !== undefined) return await verifyHelper(helper, json, io);
  const modelPackage = await readModelPackage(await findPackage(name));
  await verifyPackage(modelPackage);
  const verified = { model: modelPackage.name, files: modelPackage.files.length, sha256: modelPackage.sha256 };
  if (json) printJson(io, { type: "done", ...verified });
  else io.stdout(`${verified.model}: all ${verified.files} files are as published (${verified.sha256})\n`);
  return exitCodes.done;
}

async function verifyHelper(helper: HelperPackage, json: true | undefined, io: Io): Promise<number> {
  await verifyPackage(helper);
  const { name, files } = helper;
  if (json) printJson(io, { type: "done", model: name, files: files.length });
  else io.stdout(`${name}: all ${files.length} files are as they were installed\n`);
  return exitCodes.done;
}

/** `backdrop models compile DIR` */
export async function compileModel(
  nameOrDir: string,
  { json, size }: ModelsOptions & { readonly size?: string },
  io: Io,
): Promise<number> {
  const begin = performance.now();
  const modelPackage = await readModelPackage(await findPackage(nameOrDir));
  const frame = size === undefined ? { width: 1, height: 1 } : parseSize(size);
  const work = workSize(frame, modelPackage.pixelArea, modelPackage.sideMultiple);
  const compiled = await compileGraphs(modelPackage.dir, graphsOfPackage(modelPackage, work));
  const graphs = compiled.map(({ file, bytes, written }) => ({
    file: relative(modelPackage.dir, file),
    bytes,
    written,
  }));
  const elapsedMs = Math.round(performance.now() - begin);
  if (json) printJson(io, { type: "done", model: modelPackage.name, graphs, elapsedMs });
  else {
    for (const { file, bytes, written } of graphs) {
      io.stdout(`${file}  ${bytes} bytes${written ? "" : "  (up to date)"}\n`);
    }
    io.stdout(`${graphs.length} graphs for ${work.width}×${work.height} after ${elapsedMs} ms\n`);
  }
  return exitCodes.done;
}

function describe(state: ModelState): string {
  const { name } = state;
  if (state.state === "ready") return `${name}  ${state.title}  ${byteText(state.sizeBytes)}  ${state.licence}`;
  const isOffered = catalogue.some(({ description }) => description.name === name);
  return `${name}  broken: ${state.problem}${isOffered ? `; repair it: backdrop models install ${name}` : ""}`;
}

/** As disks are sold: 1 GB is 10⁹ bytes. */
function byteText(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
