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
  "server/files": [],
  "server/checkpoint": ["shared", "server/files", "server/onnx", "server/networks"],
  "server/runtime": ["shared"],
  "server/image": ["shared"],
  "server/pipeline": [
    "shared",
    "server/runtime",
    "server/image",
    "server/checkpoint/modelPackage.ts",
    "server/checkpoint/graphRequest.ts",
  ],
  "server/home": ["shared", "server/files"],
  "server/log": ["shared"],
  "server/uploads": ["shared", "server/files", "server/home"],
  "server/assist": [
    "shared",
    "server/files",
    "server/image",
    "server/checkpoint/modelPackage.ts",
    "server/checkpoint/verifyPackage.ts",
  ],
  "server/install": [
    "shared",
    "server/files",
    "server/home",
    "server/log",
    "server/checkpoint",
    "server/assist/helperPackage.ts",
  ],
  "server/engine": [
    "shared",
    "server/files",
    "server/home",
    "server/log",
    "server/runtime",
    "server/image",
    "server/pipeline",
    "server/checkpoint",
    "server/assist",
  ],
  "server/evaluation": [
    "shared",
    "server/image",
    "server/runtime/tensor.ts",
    "server/pipeline",
    "server/checkpoint/modelPackage.ts",
    "server/checkpoint/safetensors.ts",
  ],
  "server/jobs": [
    "shared",
    "server/files",
    "server/home",
    "server/log",
    "server/uploads",
    "server/engine",
    "server/install",
  ],
  "server/http": ["shared", "server/uploads", "server/jobs", "server/log"],
  "server/socket": ["shared", "server/home", "server/log", "server/uploads", "server/jobs", "server/http"],
  "server/cli": ["shared", "server"],
  "plugin/main": ["shared", "plugin/messages.ts", "plugin/recipe.ts"],
  "plugin/ui/connection": ["shared"],
  "plugin/ui": ["shared", "plugin/messages.ts", "plugin/recipe.ts"],
  "plugin/playground": ["shared"],
};

/** Library → the one folder that may import it. */
const owners: Readonly<Record<string, string>> = {
  "onnxruntime-node": "server/runtime",
  sharp: "server/image",
  "ml-matrix": "server/evaluation",
  "@huggingface/transformers": "server/assist",
  protobufjs: "server/onnx",
  commander: "server/cli",
  express: "server/http",
  helmet: "server/http",
  "prom-client": "server/http",
  ws: "server/socket",
  pino: "server/log",
  "env-paths": "server/home",
};

interface Import {
  readonly from: string;
  readonly to: string;
  /** gone when the program runs */
  readonly isType: boolean;
}

async function importsOf(folder: string): Promise<Import[]> {
  const files = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  const sources = files.filter((f) => f.isFile() && /\.(ts|tsx)$/.test(f.name)).map((f) => join(f.parentPath, f.name));
  const found = await Promise.all(
    sources.map(async (path) => {
      const text = await readFile(path, "utf8");
      const from = posix.relative(root.replaceAll("\\", "/"), path.replaceAll("\\", "/"));
      const statements = [...text.matchAll(/^(import type\b[^;]*?)?.*?(?:from|import)\s*\(?\s*"([^"]+)"/gm)];
      return statements.map(([, type, specifier = ""]) => ({
        from,
        to: specifier.startsWith(".") ? posix.join(posix.dirname(from), specifier) : specifier,
        isType: type !== undefined,
      }));
    }),
  );
  return found.flat();
}

/** "@noble/hashes/sha2.js" → "@noble/hashes" */
function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

describe.each(Object.entries(allowed))("%s", (folder, may) => {
  it("imports only what the architecture allows", async () => {
    const imports = await importsOf(folder);
    expect(imports.length, `${folder} has imports to check`).toBeGreaterThan(0);
    const wrong = imports.filter(({ to }) => {
      if (/^(server|shared|plugin)\//.test(to))
        return ![folder, ...may].some((m) => to === m || to.startsWith(`${m}/`));
      const owner = owners[packageOf(to)];
      return owner !== undefined && owner !== folder;
    });
    expect(wrong).toEqual([]);
  });
});

it("keeps the server's main process free of pictures, models and native code", async () => {
  const [imports, external] = [new Map<string, string[]>(), new Set<string>()];
  for (const folder of Object.keys(allowed)) {
    for (const { from, to, isType } of await importsOf(folder)) {
      if (!isType) imports.set(from, [...(imports.get(from) ?? []), to]);
    }
  }
  const reached = new Set<string>();
  const visit = (file: string) => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const to of imports.get(file) ?? []) to.endsWith(".ts") ? visit(to) : external.add(to);
  };
  visit("server/cli/start.ts");
  expect(reached).toContain("server/socket/session.ts");
  const heavy = [...reached].filter((file) =>
    /^server\/(runtime|image|pipeline|checkpoint|networks|onnx|assist)\//.test(file),
  );
  expect(heavy).toEqual([]);
  const native = ["sharp", "onnxruntime-node", "@huggingface/transformers"];
  expect([...external].filter((name) => native.includes(name))).toEqual([]);
});

it("has no file of more than 400 lines", async () => {
  for (const folder of Object.keys(allowed)) {
    for (const file of await readdir(join(root, folder), { recursive: true })) {
      if (!/\.tsx?$/.test(file)) continue;
      const lines = (await readFile(join(root, folder, file), "utf8")).split("\n").length;
      expect(lines, `${folder}/${file}`).toBeLessThanOrEqual(400);
    }
  }
});
