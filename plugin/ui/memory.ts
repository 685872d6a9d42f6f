import { uuidv4 } from "uuidv7";
import type { StoredValues } from "../messages.ts";
import type { Memory } from "./connection/connection.ts";
import type { Host } from "./host.ts";

/** What the connection remembers, kept by Figma. A panel that opens for the first time names itself. */
export function createMemory(host: Pick<Host, "post">, stored: Partial<StoredValues>): Memory {
  return {
    clientId: stored.clientId ?? drawClientId(host),
    port: stored.port,
    pairing: stored.pairing,
    save(key, value) {
      host.post({ type: "store", key, value: value ?? null });
    },
  };
}

function drawClientId(host: Pick<Host, "post">): string {
  const clientId = uuidv4();
  host.post({ type: "store", key: "clientId", value: clientId });
  return clientId;
}
