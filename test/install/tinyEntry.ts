import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { descriptionSchema } from "../../server/checkpoint/modelPackage.ts";
import { modelsDir } from "../../server/engine/packages.ts";
import type { CatalogueEntry, CatalogueFile } from "../../server/install/catalogue/entry.ts";

/**
 * The embedded model as if it were published: in two repositories of the hub, its UNet in half precision only by another
 * name, its tokenizer in the older form.
 */
export async function tinyEntry(): Promise<{ entry: CatalogueEntry; remote: ReadonlyMap<string, Buffer> }> {
  const read = (path: string) => readFile(join(modelsDir(), "mini", path));
  const { files, ...description } = descriptionSchema.parse(JSON.parse(await read("backdrop.json").then(String)));
  const repositories = { base: "tiny/base", parts: "tiny/parts" };
  const remote = new Map<string, Buffer>();
  const entries: Record<keyof typeof repositories, CatalogueFile[]> = { base: [], parts: [] };
  const add = (where: keyof typeof repositories, path: string, from: CatalogueFile["from"], content: Buffer) => {
    entries[where].push({ path, from });
    remote.set(`${repositories[where]}/${from[0].path}`, content);
  };
  for (const { path, sha256, sizeBytes } of files) {
    const content = await read(path);
    if (path === "tokenizer/tokenizer.json") {
      const { model } = JSON.parse(content.toString());
      const merges = model.merges.map((pair: string[]) => pair.join(" "));
      const text = Buffer.from(["#version: 0.2", ...merges, ""].join("\n"));
      add("base", "tokenizer/vocab.json", [{ path: "tokenizer/vocab.json" }], Buffer.from(JSON.stringify(model.vocab)));
      add("base", "tokenizer/merges.txt", [{ path: "tokenizer/merges.txt" }], text);
    } else if (path === "unet/diffusion_pytorch_model.safetensors") {
      add(
        "base",
        path,
        [{ path: "unet/diffusion_pytorch_model.fp16.safetensors", sha256, sizeBytes }, { path }],
        content,
      );
    } else if (/^(vae|ip_adapter|depth)/.test(path)) {
      add("parts", path, [{ path: `models/${path}` }], content);
    } else add("base", path, [{ path }], content);
  }
  const repository = (where: keyof typeof repositories) => ({
    name: repositories[where],
    revision: "0".repeat(40),
    licence: "Tiny-1.0",
    licenceUrl: "https://example.org/tiny",
    files: entries[where],
  });
  return {
    entry: {
      purpose: "For tests.",
      approximateBytes: 50_000_000,
      repositories: [repository("base"), repository("parts")],
      description: { ...description, name: "tiny", title: "Tiny" },
    },
    remote,
  };
}
