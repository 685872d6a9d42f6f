import { availableParallelism, freemem, totalmem } from "node:os";
import { z } from "zod";
import { toBackdropError } from "../../shared/errors.ts";
import { type Provider, type ProviderChoice, providers } from "../../shared/providers.ts";
import { listHelpers } from "../assist/helperPackage.ts";
import { readGpus } from "../engine/deviceMemory.ts";
import { listPackages, modelsDirs } from "../engine/packages.ts";
import { type ProviderCheck, providerCheckSchema } from "../engine/providerCheck.ts";
import { catalogue } from "../install/catalogue/catalogue.ts";
import { exitCodes, type Io, printJson } from "./io.ts";
import { modelState } from "./modelState.ts";
import { askProviderChild } from "./providerChild.ts";

export interface DoctorOptions {
  /** `auto` compares all that are here with the CPU, `cpu` none */
  readonly provider: ProviderChoice;
  readonly json?: true;
}

interface Finding {
  readonly about: string;
  readonly ok: boolean;
  /** what is not ok can be done without */
  readonly isOptional?: true;
  readonly found: string;
  /** the command that mends it */
  readonly fix?: string;
  /** how to start with it, where that is faster than without */
  readonly start?: { readonly command: string; readonly stepMs: number };
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

function lineOf({ about, ok, isOptional, found, fix }: Finding): string {
  const mark = ok ? "ok " : isOptional ? "-  " : "NOT";
  return `${mark} ${about}: ${found}${fix === undefined ? "" : `\n    fix: ${fix}`}`;
}

/** What takes long comes last. */
async function* findings(provider: ProviderChoice): AsyncGenerator<Finding> {
  yield nodeVersion();
  yield hardware();
  yield* await graphicsMemory();
  yield await runtime();
  yield await pictures();
  yield* await models();
  yield* gpus(provider);
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

/** A GPU is no need, unless it was named. What the runtime knows is tried, since only that tells. */
async function* gpus(chosen: ProviderChoice): AsyncGenerator<Finding> {
  const { listProviders } = await import("../runtime/providers.ts").catch(() => ({ listProviders: () => [] }));
  const known = new Set(listProviders().map(({ name }) => name));
  for (const provider of providers) {
    if (provider === "auto" || provider === "cpu" || (chosen !== "auto" && chosen !== provider)) continue;
    const found = known.has(provider) ? (await checksOf(provider)).map((check) => gpuFinding(provider, check)) : [];
    yield* found;
    if (chosen === provider && !found.some(({ ok }) => ok)) {
      const fix = provider === "cuda" ? { fix: "npm run cuda:install" } : {};
      yield { about: `provider ${provider}`, ok: false, found: "cannot be used on this computer", ...fix };
    }
  }
}

async function checksOf(provider: Provider): Promise<readonly ProviderCheck[]> {
  try {
    return await askProviderChild(z.array(providerCheckSchema), [provider]);
  } catch (error) {
    return [{ type: "fails", precision: "fp32", message: toBackdropError(error).message }];
  }
}

/** Half precision rounds to 3 digits, and a network adds it up. */
const mostError = { fp32: 0.001, fp16: 0.02 } as const;

function gpuFinding(provider: Provider, check: ProviderCheck): Finding {
  const about = `${provider} in ${check.precision}`;
  if (check.type === "fails") return { about, ok: false, isOptional: true, found: `not usable: ${check.message}` };
  const { error, stepMs, cpuStepMs, precision } = check;
  const differs = `differs from the CPU by ${(100 * error).toPrecision(2)} %`;
  const speed = `a step of the embedded model takes ${stepMs.toFixed(0)} ms, on the CPU ${cpuStepMs.toFixed(0)} ms`;
  const command = `backdrop start --provider ${provider} --precision ${precision}`;
  const found = `${differs}; ${speed}`;
  if (error >= mostError[precision])
    return { about, ok: false, isOptional: true, found: `${found}: do not use it here` };
  if (stepMs >= cpuStepMs) return { about, ok: true, found: `${found}: nothing is gained by it here` };
  return { about, ok: true, found, start: { command, stepMs } };
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
