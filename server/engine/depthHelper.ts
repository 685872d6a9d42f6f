import { BackdropError } from "../../shared/errors.ts";
import { findHelper } from "../assist/helperPackage.ts";
import { type DepthPackage, readModelPackage } from "../checkpoint/modelPackage.ts";
import { findPackage, modelsDirs } from "./packages.ts";
import type { Sessions } from "./sessions.ts";

/** The installed helper for depth; undefined where there is none, or where the model's own network is no stand-in. */
export async function findDepthHelper(model: string): Promise<DepthPackage | undefined> {
  const { depth } = await readModelPackage(await findPackage(model));
  return depth.isStandIn ? await findHelper("depth", modelsDirs()) : undefined;
}

/**
 * A model's sessions with its depth network lent by a helper, and with its own for a job for which that leaves too little memory:
 * what is optional keeps nobody from painting. Only one of the two has anything open.
 */
export function lendDepth(lent: Sessions, own: Sessions): Sessions {
  let current = lent;
  async function use(sessions: Sessions, ...job: Parameters<Sessions["prepare"]>) {
    if (sessions !== current) await current.dispose();
    current = sessions;
    return await sessions.prepare(...job);
  }
  return {
    async prepare(...job) {
      try {
        return await use(lent, ...job);
      } catch (error) {
        if (!(error instanceof BackdropError && error.code === "memory_insufficient")) throw error;
        return { ...(await use(own, ...job)), withoutDepthHelper: true };
      }
    },
    get: (request) => current.get(request),
    dispose: () => current.dispose(),
  };
}
