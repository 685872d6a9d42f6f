import { z } from "zod";
import type { Point } from "../../shared/protocol/helpers.ts";
import { flatten, type GreyImage, type RgbaImage } from "../image/rgba.ts";
import type { HelperPackage } from "./helperPackage.ts";
import { loadLocally, localOnly, toRawImage } from "./localModels.ts";

/** Finds the object that a person clicked on. */
export interface Segmenter {
  /** 255 = object, 0 = not, at the picture's size. @param key names the picture: what was worked out for it is kept for the next click */
  segment(image: RgbaImage, key: string, points: readonly Point[]): Promise<GreyImage>;
  dispose(): Promise<void>;
}

/** [height, width], px, of one picture: as it came, and as it is read */
const sizesOfOneSchema = z.tuple([z.tuple([z.int().positive(), z.int().positive()])]);
const sizesSchema = z.object({ original_sizes: sizesOfOneSchema, reshaped_input_sizes: sizesOfOneSchema });
/** [1, 1, M]: how well each of M masks is thought to fit the points */
const scoresSchema = z.object({ data: z.instanceof(Float32Array) });
/** [1, M, height, width] of 0 and 1 */
const masksSchema = z.object({ data: z.instanceof(Uint8Array) });

/** What shows through a transparent picture. */
const white = [255, 255, 255] as const;

/** Segment Anything (Kirillov et al. 2023, arXiv 2304.02643) or a pruned one, such as SlimSAM. */
export async function openSegmenter(helper: HelperPackage): Promise<Segmenter> {
  const { model, processor, Tensor } = await loadLocally(helper, async (transformers, name) => {
    const processor = await transformers.AutoProcessor.from_pretrained(name, localOnly);
    const model = await transformers.SamModel.from_pretrained(name, localOnly);
    if (!(processor instanceof transformers.SamProcessor && model instanceof transformers.SamModel)) {
      throw new Error(`expected a Segment Anything, got ${model.config.model_type}`);
    }
    return { model, processor, Tensor: transformers.Tensor };
  });
  let latest: { readonly key: string; readonly picture: Awaited<ReturnType<typeof encode>> } | undefined;

  /** The costly part, once a picture: points come in afterwards. */
  async function encode(image: RgbaImage) {
    const inputs = await processor(await toRawImage(flatten(image, white)));
    return { ...sizesSchema.parse(inputs), embeddings: await model.get_image_embeddings(inputs) };
  }

  return {
    async segment(image, key, points) {
      if (latest?.key !== key) latest = { key, picture: await encode(image) };
      const { original_sizes, reshaped_input_sizes, embeddings } = latest.picture;
      const [[height, width]] = reshaped_input_sizes;
      const places = Float32Array.from(points.flatMap(({ x, y }) => [x * width, y * height]));
      const labels = BigInt64Array.from(points.map(({ keep }) => (keep ? 1n : 0n)));
      const found = await model({
        ...embeddings,
        input_points: new Tensor("float32", places, [1, 1, points.length, 2]),
        input_labels: new Tensor("int64", labels, [1, 1, points.length]),
      });
      const best = indexOfMax(scoresSchema.parse(found.iou_scores).data);
      const [masks] = await processor.post_process_masks(found.pred_masks, original_sizes, reshaped_input_sizes);
      return maskAt(best, masks, image);
    },
    async dispose() {
      latest = undefined;
      await model.dispose();
    },
  };
}

function maskAt(index: number, masks: unknown, { width, height }: RgbaImage): GreyImage {
  const { data } = masksSchema.parse(masks);
  const size = width * height;
  return { width, height, data: data.slice(index * size, (index + 1) * size).map((value) => value * 255) };
}

function indexOfMax(values: Float32Array): number {
  return values.reduce((best, value, i) => (value > (values[best] ?? Number.NEGATIVE_INFINITY) ? i : best), 0);
}
