import { readdir, readFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

// Protects the direction of dependencies between folders (docs/architecture.md): what a folder may import, and the
// only folders that may know a native library.

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Folder → folders it may import besides itself. A path with a file name allows that one file. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  "server/onnx": ["shared"],
  "server/networks": ["shared", "server/onnx"],
  "server/checkpoint": ["shared", "server/onnx", "server/networks"],
  "server/runtime": ["shared"],
  "server/image": ["shared"],
  "server/pipeline": [
    "shared",
    "server/runtime",
    "server/image",
    "server/checkpoint/modelPackage.ts",
    "server/checkpoint/graphRequest.ts",
  ],
  "server/engine": ["shared", "server/runtime", "server/image", "server/pipeline", "server/checkpoint"],
  "server/cli": ["shared", "server/image", "server/pipeline", "server/engine", "server/checkpoint", "server/runtime"],
};

/** Library → the one folder that may import it. */
const owners: Readonly<Record<string, string>> = {
  "onnxruntime-node": "server/runtime",
  sharp: "server/image",
  protobufjs: "server/onnx",
  commander: "server/cli",
};

interface Import {
  readonly from: string;
  readonly to: string;
}

async function importsOf(folder: string): Promise<Import[]> {
  const files = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  const sources = files.filter((f) => f.isFile() && /\.(ts|tsx)$/.test(f.name)).map((f) => join(f.parentPath, f.name));
  const found = await Promise.all(
    sources.map(async (path) => {
      const text = await readFile(path, "utf8");
      const from = posix.relative(root.replaceAll("\\", "/"), path.replaceAll("\\", "/"));
      const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((m) => m[1] ?? "");
      return specifiers.map((s) => ({ from, to: s.startsWith(".") ? posix.join(posix.dirname(from), s) : s }));
    }),
  );
  return found.flat();
}

describe.each(Object.entries(allowed))("%s", (folder, may) => {
  it("imports only what the architecture allows", async () => {
    const imports = await importsOf(folder);
    expect(imports.length, `${folder} has imports to check`).toBeGreaterThan(0);
    const wrong = imports.filter(({ to }) => {
      if (/^(server|shared|plugin)\//.test(to))
        return ![folder, ...may].some((m) => to === m || to.startsWith(`${m}/`));
      const owner = owners[to];
      return owner !== undefined && owner !== folder;
    });
    expect(wrong).toEqual([]);
  });
});

it("has no file of more than 400 lines", async () => {
  for (const folder of Object.keys(allowed)) {
    for (const file of await readdir(join(root, folder), { recursive: true })) {
      if (!file.endsWith(".ts")) continue;
      const lines = (await readFile(join(root, folder, file), "utf8")).split("\n").length;
      expect(lines, `${folder}/${file}`).toBeLessThanOrEqual(400);
    }
  }
});
