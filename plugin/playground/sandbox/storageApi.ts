import type { PluginScope } from "./scope.ts";

const maxBytes = 5_000_000;

/** `figma.clientStorage`: what a plugin keeps on this computer. The page writes it down. */
export function createStorageApi(stored: Readonly<Record<string, unknown>>, { post }: PluginScope): object {
  const values = new Map(Object.entries(stored));
  return Object.freeze({
    getAsync: async (key: string) => structuredClone(values.get(key)),
    async setAsync(key: string, value: unknown) {
      if (value === undefined) throw new Error("in setAsync: Expected a value that JSON can hold, received undefined");
      const copy: unknown = JSON.parse(JSON.stringify(value));
      const sizeBytes = new Blob([JSON.stringify([...new Map(values).set(key, copy)])]).size;
      if (sizeBytes > maxBytes)
        throw new Error(`in setAsync: Expected at most 5 MB in clientStorage, received ${sizeBytes} bytes`);
      values.set(key, copy);
      post({ type: "store", key, value: copy });
    },
    async deleteAsync(key: string) {
      values.delete(key);
      post({ type: "store", key, value: undefined });
    },
    keysAsync: async () => [...values.keys()],
  });
}
