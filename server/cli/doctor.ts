import { availableParallelism, freemem, totalmem } from "node:os";
import { toBackdropError } from "../../shared/errors.ts";
import type { ProviderChoice } from "../../shared/providers.ts";
import { listHelpers } from "../assist/helperPackage.ts";
import { readGpus } from "../engine/deviceMemory.ts";
import { listPackages, modelsDirs } from "../engine/packages.ts";
import { catalogue } from "../install/catalogue/catalogue.ts";
import { type Finding, lineOf } from "./finding.ts";
import { gpuFindings } from "./gpuFindings.ts";
import { exitCodes, type Io, printJson } from "./io.ts";
import { modelState } from "./modelState.ts";

export interface DoctorOptions {
  /** `auto` compares all that are here with the CPU, `cpu` none */
  readonly provider: ProviderChoice;
  readonly json?: true;
}

/** `backdrop doctor`: exit 0 when pictures can be generated here, by the provider that was named. Says each finding as soon as it is known. */
export async function doctorCommand({ provider, json }: DoctorOptions, io: Io): Promise<number> {
  let ok = true;
  let start = { command: "backdrop start", stepMs: Number.POSITIVE_INFINITY };
  for await (const finding of findings(provider)) {
    ok &&= finding.ok || finding.isOptional === true;
    if (finding.start !== undefined && finding.start.stepMs < start.stepMs) start = finding.start;
    if (json) printJson(io, { type: "finding", ...finding });
    else io.stdout(`${lineOf(finding)}\n`);
  }
  if (json) printJson(io, { type: "done", ok, ...(ok && { start: start.command }) });
  else if (ok) io.stdout(`start with: ${start.command}\n`);
  return ok ? exitCodes.done : exitCodes.internalFailure;
}

/** What takes long comes last. */
async function* findings(provider: ProviderChoice): AsyncGenerator<Finding> {
  yield nodeVersion();
  yield hardware();
  yield* await graphicsMemory();
  yield await runtime();
  yield await pictures();
  yield* await models();
  yield* gpuFindings(provider);
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const ok = major > 20 || (major === 20 && minor >= 9);
  return { about: "Node.js", ok, found: process.versions.node, ...(!ok && { fix: "install Node.js 20.9 or newer" }) };
}

function hardware(): Finding {
  const found = `${availableParallelism()} CPU threads, ${memoryText(totalmem(), freemem())}`;
  return { about: "computer", ok: true, found };
}

/** Of GPUs whose memory can be planned. */
async function graphicsMemory(): Promise<readonly Finding[]> {
  return (await readGpus()).map(({ name, totalBytes, freeBytes }) => ({
    about: "GPU",
    ok: true,
    found: `${name}, ${memoryText(totalBytes, freeBytes)}`,
  }));
}

function memoryText(totalBytes: number, freeBytes: number): string {
  const [total, free] = [totalBytes, freeBytes].map((bytes) => `${(bytes / 2 ** 30).toFixed(1)} GiB`);
  return `${total} memory (${free} free)`;
}

async function runtime(): Promise<Finding> {
  try {
    const { listProviders, runtimeVersion } = await import("../runtime/providers.ts");
    const list = listProviders().map(({ name, bundled }) => (bundled ? name : `${name} (libraries not bundled)`));
    return { about: "onnxruntime", ok: true, found: `${runtimeVersion} with ${list.join(", ")}` };
  } catch (error) {
    return { about: "onnxruntime", ok: false, found: toBackdropError(error).message, fix: "npm ci" };
  }
}

async function pictures(): Promise<Finding> {
  try {
    const { encodePng } = await import("../image/encode.ts");
    await encodePng({ width: 1, height: 1, data: new Uint8Array(4) });
    return { about: "pictures", ok: true, found: "PNG, JPEG and WebP are read; PNG and JPEG are written" };
  } catch (error) {
    return { about: "pictures", ok: false, found: toBackdropError(error).message, fix: "npm ci" };
  }
}

async function models(): Promise<readonly Finding[]> {
  const names = await listPackages();
  if (names.length === 0) {
    return [{ about: "models", ok: false, found: "none is here", fix: "git checkout -- models" }];
  }
  const states = await Promise.all(names.map(modelState));
  const found = states.map(
    (state): Finding =>
      state.state === "ready"
        ? { about: `model ${state.name}`, ok: true, found: `${state.title}, ${(state.sizeBytes / 1e6).toFixed(1)} MB` }
        : { about: `model ${state.name}`, ok: false, found: state.problem, fix: fixFor(state.name) },
  );
  const helpers = (await listHelpers(modelsDirs())).map(({ name }) => name);
  return [...found, installable([...names, ...helpers])];
}

function isInCatalogue(name: string): boolean {
  return catalogue.some(({ description }) => description.name === name);
}

function fixFor(name: string): string {
  return isInCatalogue(name) ? `backdrop models install ${name}` : `git checkout -- models/${name}`;
}

/** The larger models are a choice, not a lack. */
function installable(installed: readonly string[]): Finding {
  const names = catalogue.map(({ description }) => description.name).filter((name) => !installed.includes(name));
  const found = names.length === 0 ? "all are here" : `${names.join(", ")} can be added: backdrop models install NAME`;
  return { about: "more models", ok: true, found };
}
