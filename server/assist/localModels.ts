import { BackdropError } from "../../shared/errors.ts";
import type { RgbaImage } from "../image/rgba.ts";
import { type HelperPackage, localName } from "./helperPackage.ts";

type Transformers = typeof import("@huggingface/transformers");

/** What transformers.js is told wherever it loads something: only what is installed, whole numbers as they are, on the CPU. */
export const localOnly = { local_files_only: true, dtype: "fp32", device: "cpu" } as const;

/**
 * Loads something of a helper with transformers.js, which never reaches beyond the helper's folder. The library itself is
 * loaded here for the first time: whoever has no helpers never waits for it.
 */
export async function loadLocally<Loaded>(
  helper: HelperPackage,
  load: (transformers: Transformers, name: string) => Promise<Loaded>,
): Promise<Loaded> {
  const transformers = await import("@huggingface/transformers");
  const { env } = transformers;
  const { parentDir, name } = localName(helper);
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = parentDir;
  env.useFSCache = false;
  env.logLevel = transformers.LogLevel.ERROR;
  try {
    return await load(transformers, name);
  } catch (cause) {
    throw new BackdropError("model_corrupt", `helper ${helper.name}: cannot be loaded; install it again`, { cause });
  }
}

/** An opaque picture as transformers.js takes it. */
export async function toRawImage({ width, height, data }: RgbaImage) {
  const { RawImage } = await import("@huggingface/transformers");
  return new RawImage(new Uint8ClampedArray(data), width, height, 4).rgb();
}
