import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { compileGraphs } from "../../server/checkpoint/compile.ts";
import { graphsForSize } from "../../server/checkpoint/graphRequest.ts";
import { descriptionSchema, hasPreviewDecoder } from "../../server/checkpoint/modelPackage.ts";
import { catalogue } from "../../server/install/catalogue/catalogue.ts";
import { writeHollowWeights } from "../checkpoint/hollowWeights.ts";

// What the catalogue says of the real checkpoints: every file a package needs, and a description that fits the published
// networks at their full size.

const filesOf = (entry: (typeof catalogue)[number]) => entry.repositories.flatMap(({ files }) => files);

test.each(catalogue.map((entry) => [entry.description.name, entry] as const))(
  "%s: pinned commits, distinct files, no pickles, plausible sizes",
  (_, entry) => {
    for (const { name, revision, licence } of entry.repositories) {
      expect(name).toMatch(/^[\w.-]+\/[\w.-]+$/);
      // These commits could not be verified: the files are compared with the hub's own hashes only.
      const isUnpinned = /^Xenova\/|\/taesd(xl)?$/.test(name);
      expect(revision).toMatch(isUnpinned ? /^main$/ : /^[0-9a-f]{40}$/);
      expect(licence).not.toBe("");
    }
    const files = filesOf(entry);
    expect(new Set(files.map(({ path }) => path)).size).toBe(files.length);
    for (const { path, from } of files) {
      for (const source of from) {
        expect(source.path.split(".").at(-1)).toBe(path.split(".").at(-1));
        expect(source.path).toMatch(/\.(safetensors|onnx|json|txt)$/);
        if (source.sha256 !== undefined) expect(source.sha256).toMatch(/^[0-9a-f]{64}$/);
      }
    }
    const known = files.reduce((sum, { from }) => sum + (from[0].sizeBytes ?? 0), 0);
    // Where nothing is known the hub tells.
    if (known === 0) return;
    expect(known).toBeLessThan(entry.approximateBytes);
    expect(known).toBeGreaterThan(0.8 * entry.approximateBytes);
  },
);

const published = z.record(
  z.string(),
  z.object({ config: z.unknown().optional(), tensors: z.record(z.string(), z.array(z.number())) }),
);
async function readPublished(path: string) {
  const bytes = await readFile(new URL(`../fixtures/networks/${path}`, import.meta.url));
  return published.parse(JSON.parse(gunzipSync(bytes).toString("utf8")));
}

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-catalogue-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

// The weights are holes in sparse files: names, shapes and configurations are the published ones.
test.skipIf(process.platform === "win32").each([
  ["sdxl", "vae_sdxl", "ip_adapter_sdxl"],
  ["sd15", "vae_sd15", "ip_adapter_sd15"],
])("%s compiles at its own size from the published networks", async (name, vae, resampler) => {
  const entry = catalogue.find(({ description }) => description.name === name);
  if (!entry) throw new Error(`no ${name}`);
  const [encoders, denoiser] = await Promise.all([
    readPublished("published/encoders.json.gz"),
    readPublished(`unet/${name}/published.json.gz`),
  ]);
  const adapter = { ...encoders[resampler]?.tensors, ...denoiser.ip_adapter?.tensors };
  const parts: Readonly<Record<string, { config?: unknown; tensors: Readonly<Record<string, number[]>> } | undefined>> =
    {
      unet: denoiser.unet,
      controlnet: denoiser.controlnet,
      vae: encoders[vae],
      text_encoder: encoders.clip_l,
      text_encoder_2: encoders.big_g,
      image_encoder: encoders.vit_h,
      depth: encoders.depth_small,
      preview_decoder: encoders.taesd,
      "ip_adapter.safetensors": { tensors: adapter },
    };
  for (const { path } of filesOf(entry)) {
    const part = parts[path.split("/")[0] ?? ""];
    await mkdir(dirname(join(dir, path)), { recursive: true });
    if (path.endsWith(".safetensors")) await writeHollowWeights(join(dir, path), part?.tensors ?? {});
    else await writeFile(join(dir, path), JSON.stringify(part?.config ?? scheduler));
  }
  const files = filesOf(entry).map(({ path }) => ({ path, sizeBytes: 0, sha256: "0".repeat(64) }));
  const description = descriptionSchema.parse({ ...entry.description, files });
  await writeFile(join(dir, "backdrop.json"), JSON.stringify(description));
  const side = Math.sqrt(description.pixelArea);
  const size = { width: side, height: side };
  expect(hasPreviewDecoder(description)).toBe(true);
  const compiled = await compileGraphs(dir, [...graphsForSize(size), { graph: "preview_decoder", ...size }]);
  expect(compiled.map(({ request }) => request.graph)).toContain("denoiser");
});

const scheduler = { beta_start: 0.00085, beta_end: 0.012, beta_schedule: "scaled_linear", steps_offset: 1 };
