import type { TargetChoice } from "../../shared/providers.ts";
import { type DepthPackage, readModelPackage } from "../checkpoint/modelPackage.ts";
import { checkFileSizes } from "../checkpoint/verifyPackage.ts";
import type { Model } from "../pipeline/model.ts";
import { availableMemory } from "../runtime/availableMemory.ts";
import { chooseTarget } from "../runtime/providers.ts";
import { lendDepth } from "./depthHelper.ts";
import { freeDeviceMemory } from "./deviceMemory.ts";
import { findPackage } from "./packages.ts";
import { createSessions } from "./sessions.ts";
import { openTokenizer } from "./tokenizer.ts";

/** A model ready to run; `dispose` gives its sessions' memory back. */
export interface OpenModel extends Model {
  dispose(): Promise<void>;
}

export interface OpenModelOptions extends Omit<TargetChoice, "precision"> {
  /** fp32 unless given */
  readonly precision?: TargetChoice["precision"];
  /** whose depth network takes the place of the package's, memory allowing (`findDepthHelper`) */
  readonly depthHelper?: DepthPackage | undefined;
  /** bytes that this process can still take; what the machine says unless given */
  readonly availableMemory?: () => Promise<number>;
  /** of the provider's GPU, infinite where nothing is known of it; what its driver says unless given */
  readonly deviceMemory?: () => Promise<number>;
}

/** Opens a model package: files checked, tokenizer read. Graphs are compiled and loaded when a picture size is known. */
export async function openModel(nameOrDir: string, options: OpenModelOptions): Promise<OpenModel> {
  const { precision = "fp32", depthHelper } = options;
  const target = chooseTarget({ ...options, precision });
  const modelPackage = await readModelPackage(await findPackage(nameOrDir));
  await checkFileSizes(modelPackage);
  const tokenize = await openTokenizer(modelPackage);
  const { availableMemory: main = availableMemory, deviceMemory: device = () => freeDeviceMemory(target.provider) } =
    options;
  const memory = async () => ({ main: await main(), device: await device() });
  const own = createSessions(modelPackage, target, memory);
  const sessions = depthHelper ? lendDepth(createSessions(modelPackage, target, memory, depthHelper), own) : own;
  return {
    package: modelPackage,
    precision,
    depthHelper,
    tokenize,
    prepare: sessions.prepare,
    run: async (request, inputs) => (await sessions.get(request)).run(inputs),
    dispose: sessions.dispose,
  };
}
