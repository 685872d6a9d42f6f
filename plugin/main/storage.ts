import type { StoredKey, StoredValues } from "../messages.ts";
import { HostFailure, reasonOf } from "./hostFailure.ts";

/** Everything that is kept on this computer and still readable. A storage that fails is an empty one: the panel works without. */
export async function readStored(): Promise<Partial<StoredValues>> {
  const [pairing, clientId, port, panel] = await Promise.all([
    read("pairing"),
    read("clientId"),
    read("port"),
    read("panel"),
  ]);
  return {
    ...(isPairing(pairing) ? { pairing } : {}),
    ...(typeof clientId === "string" ? { clientId } : {}),
    ...(typeof port === "number" ? { port } : {}),
    ...(panel === undefined ? {} : { panel }),
  };
}

export async function store(key: StoredKey, value: unknown): Promise<void> {
  try {
    if (value === null) await figma.clientStorage.deleteAsync(key);
    else await figma.clientStorage.setAsync(key, value);
  } catch (thrown) {
    throw new HostFailure(
      "storage_failed",
      `Figma could not keep “${key}” on this computer: ${reasonOf(thrown)}. It will be asked for again next time.`,
      { cause: thrown },
    );
  }
}

async function read(key: StoredKey): Promise<unknown> {
  try {
    return await figma.clientStorage.getAsync(key);
  } catch {
    return undefined;
  }
}

function isPairing(value: unknown): value is StoredValues["pairing"] {
  return (
    typeof value === "object" &&
    value !== null &&
    "serverId" in value &&
    typeof value.serverId === "string" &&
    "secret" in value &&
    typeof value.secret === "string"
  );
}
