import type { Helpers } from "../../shared/protocol/helpers.ts";
import type { ModelInfo } from "../../shared/protocol/models.ts";
import type { Log } from "../log/log.ts";
import { announcedHelpers } from "./announcedHelpers.ts";
import { announcedModels } from "./announcedModels.ts";

/** The models and helpers that are on this computer, as clients are told. */
export interface Installed {
  readonly models: readonly ModelInfo[];
  readonly helpers: Helpers;
}

export async function readInstalled(log: Log): Promise<Installed> {
  const [models, helpers] = await Promise.all([announcedModels(log), announcedHelpers(log)]);
  return { models, helpers };
}
