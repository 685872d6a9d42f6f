import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";
import type { StoredTensor } from "../onnx/graph.ts";
import type { Updates, Weights } from "../onnx/scope.ts";
import { formatShape } from "../onnx/shape.ts";

/** The two ways in which a LoRA's keys name the layer that they change: diffusers' (PEFT) and kohya's. */
const keyForms = [
  { pattern: /^unet\.(.+)\.(lora_A\.weight|lora_B\.weight|alpha)$/, pathOf: (weight: string) => weight },
  {
    pattern: /^lora_unet_(.+)\.(lora_down\.weight|lora_up\.weight|alpha)$/,
    pathOf: (weight: string) => weight.replaceAll(".", "_"),
  },
] as const;

const roles: Readonly<Record<string, "down" | "up" | "alpha">> = {
  "lora_A.weight": "down",
  "lora_down.weight": "down",
  "lora_B.weight": "up",
  "lora_up.weight": "up",
  alpha: "alpha",
};

/** What looks like a LoRA but is computed otherwise, or changes something else. */
const unsupported = [
  [/dora_scale|lora_magnitude_vector/, "is a DoRA"],
  [/\.hada_/, "is a LoHa"],
  [/\.lokr_/, "is a LoKr"],
  [/^(text_encoder|lora_te)/, "changes a text encoder"],
] as const;

/**
 * W + scale·(α/r)·B·A for every layer that a LoRA (Hu et al. 2021, arXiv 2106.09685) changes, by the key of W; without an
 * α it is r. Throws `model_corrupt` where anything in the file has no place in the UNet.
 * @param path names the file in messages
 */
export function placeLora(lora: Weights, unet: Weights, path: string, scale: number): Updates {
  const layers = new Map<string, { down?: StoredTensor; up?: StoredTensor; alpha?: StoredTensor }>();
  const find = layerFinder(unet, path);
  for (const [key, tensor] of lora) {
    const { weightKey, role } = find(key);
    const layer = layers.get(weightKey) ?? {};
    if (layer[role]) throw refused(path, `${key}: ${weightKey} is changed twice`);
    layers.set(weightKey, { ...layer, [role]: tensor });
  }
  if (layers.size === 0) throw refused(path, "holds no tensors");
  return new Map(
    [...layers].map(([weightKey, { down, up, alpha }]) => {
      if (!down || !up) throw refused(path, `${weightKey}: expected both matrices, got ${down ? "down" : "up"} only`);
      requireFit(path, weightKey, unet.get(weightKey)?.shape ?? [], down.shape, up.shape);
      if (alpha && elements(alpha.shape) !== 1) {
        throw refused(path, `${weightKey}, alpha: expected one number, got ${formatShape(alpha.shape)}`);
      }
      return [weightKey, { name: `${path}/${weightKey}`, down, up, alpha, scale }];
    }),
  );
}

/**
 * diffusers may keep the α of a whole file in a note instead of a tensor each. Then it must be the rank, which is what is
 * taken where there is none.
 */
export function requirePlainAlpha(notes: Readonly<Record<string, string>>, path: string): void {
  const note = notes.lora_adapter_metadata;
  if (note === undefined) return;
  const parsed = z.looseObject({ "unet.r": z.number(), "unet.lora_alpha": z.number() }).safeParse(parseJson(note));
  const patterns = parsed.success ? [parsed.data["unet.rank_pattern"], parsed.data["unet.alpha_pattern"]] : [];
  const isPlain = patterns.every((pattern) => pattern === undefined || JSON.stringify(pattern) === "{}");
  if (parsed.success && isPlain && parsed.data["unet.r"] === parsed.data["unet.lora_alpha"]) return;
  throw refused(
    path,
    "lora_adapter_metadata: expected an alpha that is the rank, got another, or one that cannot be read",
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused as a note that cannot be read
  }
}

/** Which weight a key of the file changes, and as what. */
function layerFinder(unet: Weights, path: string) {
  const suffix = ".weight";
  const layers = [...unet.keys()].filter((key) => key.endsWith(suffix)).map((key) => key.slice(0, -suffix.length));
  const forms = keyForms.map(({ pattern, pathOf }) => ({
    pattern,
    known: new Map(layers.map((layer) => [pathOf(layer), `${layer}${suffix}`])),
  }));
  return (key: string) => {
    for (const [pattern, reason] of unsupported) {
      if (pattern.test(key)) throw refused(path, `${key} ${reason}, which is not supported`);
    }
    for (const { pattern, known } of forms) {
      const [, layer = "", part = ""] = pattern.exec(key) ?? [];
      const [weightKey, role] = [known.get(layer), roles[part]];
      if (weightKey !== undefined && role !== undefined) return { weightKey, role };
    }
    throw refused(path, `${key}: expected the name of a layer of this UNet, as diffusers or kohya write it`);
  };
}

/** A [r, in, k, k] and B [out, r, 1, 1] for W [out, in, k, k]; linear layers have no k. */
function requireFit(
  path: string,
  weightKey: string,
  weight: readonly number[],
  down: readonly number[],
  up: readonly number[],
): void {
  const [rank = 0] = down;
  const [out = 0, ...rest] = weight;
  const ones = rest.slice(1).map(() => 1);
  const [wantedDown, wantedUp] = [formatShape([rank, ...rest]), formatShape([out, rank, ...ones])];
  if (rank > 0 && formatShape(down) === wantedDown && formatShape(up) === wantedUp) return;
  throw refused(
    path,
    `${weightKey} ${formatShape(weight)}: expected matrices ${wantedDown} and ${wantedUp}, got ${formatShape(down)} and ${formatShape(up)}`,
  );
}

function elements(shape: readonly number[]): number {
  return shape.reduce((n, d) => n * d, 1);
}

function refused(path: string, what: string): BackdropError {
  return new BackdropError(
    "model_corrupt",
    `${path}: ${what}; use a LoRA made for this model, or remove it from backdrop.json`,
  );
}
