import { readFile } from "node:fs/promises";
import type { CatalogueEntry } from "../../server/install/catalogue/entry.ts";
import { depthAnything } from "../../server/install/catalogue/helpers.ts";
import { depthReading } from "../../server/install/catalogue/shared.ts";
import { installPackage } from "../../server/install/install.ts";
import { startHub } from "./hubServer.ts";

const fixture = new URL("../fixtures/networks/depth/", import.meta.url);

/** px of what it sees */
export const tinySidePx = 70;

/** The catalogue's files, with the small random network of the fixtures as if it were the published one. */
export async function tinyDepth(): Promise<{ entry: CatalogueEntry; remote: ReadonlyMap<string, Buffer> }> {
  const remote = new Map<string, Buffer>();
  const repositories = depthAnything.repositories.map((repository) => ({
    ...repository,
    files: repository.files.map(({ path, from: [source] }) => ({ path, from: [{ path: source.path }] as const })),
  }));
  for (const { name, files } of repositories) {
    for (const { path, from } of files) {
      remote.set(`${name}/${from[0].path}`, await readFile(new URL(path, fixture)));
    }
  }
  const entry: CatalogueEntry = {
    ...depthAnything,
    repositories,
    description: {
      schemaVersion: 1,
      name: depthAnything.description.name,
      title: "Tiny",
      licence: "Apache-2.0",
      task: "depth",
      depth: { ...depthReading, imageSize: tinySidePx },
    },
  };
  return { entry, remote };
}

/** Installs it from a hub on this computer, which has `changed` files instead. */
export async function installTinyDepth(modelsDir: string, changed: ReadonlyMap<string, Buffer> = new Map()) {
  const { entry, remote } = await tinyDepth();
  const hub = await startHub(new Map([...remote, ...changed]));
  try {
    return await installPackage(entry, {
      modelsDir,
      source: { type: "hub", hub: { endpoint: hub.endpoint } },
      signal: new AbortController().signal,
      acceptLicences: async () => true,
      onProgress: () => {},
    });
  } finally {
    await hub.stop();
  }
}
