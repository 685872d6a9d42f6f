import { execFile } from "node:child_process";
import { join } from "node:path";
import type { Provider } from "../../shared/providers.ts";

/** A GPU of NVIDIA's, as its driver's own program tells it; no other maker has one that is there wherever its driver is. */
export interface Gpu {
  readonly name: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** Bytes of its GPU's memory that a provider can still take; infinite where nothing is known of it. */
export async function freeDeviceMemory(provider: Provider): Promise<number> {
  if (!hasOwnMemory(provider)) return Number.POSITIVE_INFINITY;
  return chosenGpu(await readGpus(), provider)?.freeBytes ?? Number.POSITIVE_INFINITY;
}

/** Whether a provider's graphs lie in another memory than the processor's. Core ML's devices share that. */
export function hasOwnMemory(provider: Provider): boolean {
  return provider === "cuda" || provider === "dml" || provider === "webgpu";
}

/** NVIDIA's GPUs in the order of their slots; none where the driver's program is absent, fails, hangs or says something unknown. */
export async function readGpus(): Promise<readonly Gpu[]> {
  return parseGpus((await askDriver()) ?? "");
}

/**
 * The first, which the runtime takes. CUDA may be told to see others, and counts the fastest first unless it is told to count slots: of
 * GPUs that differ nobody can tell from here which one that is.
 */
export function chosenGpu(
  gpus: readonly Gpu[],
  provider: Provider,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Gpu | undefined {
  const { CUDA_VISIBLE_DEVICES: visible = "0", CUDA_DEVICE_ORDER: order } = environment;
  const isBySlot = provider === "cuda" && order === "PCI_BUS_ID";
  if (!isBySlot && gpus.some(({ name, totalBytes }) => name !== gpus[0]?.name || totalBytes !== gpus[0].totalBytes)) {
    return undefined;
  }
  if (provider !== "cuda") return gpus[0];
  const [, index] = /^(\d{1,3})(?:,|$)/.exec(visible) ?? [];
  return index === undefined ? undefined : gpus[Number(index)];
}

/**
 * `81559, 80994, Disabled, NVIDIA H100 80GB HBM3` for each, in MiB. A line that is anything else makes all of it unknown: one with “[N/A]” for a
 * figure, or of a GPU in parts (MIG), of which a process has one and is told of the whole.
 */
export function parseGpus(text: string): readonly Gpu[] {
  const gpus: Gpu[] = [];
  for (const line of text.trimEnd().split(/\r?\n/)) {
    const [, total, free, name] = linePattern.exec(line) ?? [];
    if (name === undefined || !(Number(total) > 0) || Number(free) > Number(total)) return [];
    gpus.push({ name, totalBytes: Number(total) * 2 ** 20, freeBytes: Number(free) * 2 ** 20 });
  }
  return gpus;
}

/** Most GPUs cannot be parted: “[N/A]”, of older drivers “[Not Supported]”. */
const linePattern = /^(\d{1,8}), (\d{1,8}), (?:Disabled|\[N\/A\]|\[Not Supported\]), ([\x20-\x7e]{1,100})$/;

/** A driver that sleeps needs a second to wake. */
const timeoutMs = 3_000;

/** undefined: it cannot be asked */
async function askDriver(): Promise<string | undefined> {
  // On Windows a name alone would also be looked for in the current folder.
  const program =
    process.platform === "win32"
      ? join(process.env.SystemRoot ?? "C:\\Windows", "System32", "nvidia-smi.exe")
      : "nvidia-smi";
  return await new Promise((resolve) => {
    const child = execFile(
      program,
      ["--query-gpu=memory.total,memory.free,mig.mode.current,name", "--format=csv,noheader,nounits"],
      { maxBuffer: 65_536, windowsHide: true },
      (error, stdout) => {
        clearTimeout(timeout);
        resolve(error === null ? stdout : undefined);
      },
    );
    // Not execFile's own, which waits for the end of a process that a broken driver may never let end.
    const timeout = setTimeout(() => {
      child.kill("SIGKILL");
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.unref();
      resolve(undefined);
    }, timeoutMs);
  });
}
