import type { Helpers } from "../../shared/protocol/helpers.ts";
import type { ModelInfo } from "../../shared/protocol/models.ts";
import type { Log } from "../log/log.ts";
import { announcedHelpers } from "./announcedHelpers.ts";
import { announcedModels } from "./announcedModels.ts";
import { damagedPackages } from "./damagedPackages.ts";

/** The models and helpers that are on this computer, as clients are told. */
export interface Installed {
  readonly models: readonly ModelInfo[];
  readonly helpers: Helpers;
  /** what is wrong with those that are not whole, by name */
  readonly damaged: Readonly<Record<string, string>>;
}

export async function readInstalled(log: Log): Promise<Installed> {
  const [models, helpers, damaged] = await Promise.all([
    announcedModels(log),
    announcedHelpers(log),
    damagedPackages(),
  ]);
  return { models, helpers, damaged };
}
