import { z } from "zod";
import { flatten, type RgbaImage } from "../image/rgba.ts";
import type { HelperPackage } from "./helperPackage.ts";
import { loadLocally, localOnly, toRawImage } from "./localModels.ts";

/** Says in a sentence what a picture shows. */
export interface Captioner {
  /** Stops between two words when `signal` is aborted, and throws its reason. */
  describe(image: RgbaImage, signal: AbortSignal): Promise<string>;
  dispose(): Promise<void>;
}

const captionsSchema = z.array(z.object({ generated_text: z.string() })).min(1);
/** a sentence has some twenty tokens */
const maxTokens = 64;
/** what shows through a transparent picture */
const white = [255, 255, 255] as const;

/** A vision encoder with a text decoder, such as vit-gpt2-image-captioning. */
export async function openCaptioner(helper: HelperPackage): Promise<Captioner> {
  const { caption, InterruptableStoppingCriteria } = await loadLocally(helper, async (transformers, name) => ({
    caption: await transformers.pipeline("image-to-text", name, localOnly),
    InterruptableStoppingCriteria: transformers.InterruptableStoppingCriteria,
  }));
  return {
    async describe(image, signal) {
      signal.throwIfAborted();
      const stopping = new InterruptableStoppingCriteria();
      const stop = () => stopping.interrupt();
      signal.addEventListener("abort", stop, { once: true });
      try {
        const picture = await toRawImage(flatten(image, white));
        // The most likely word each time, so that the same picture always reads the same.
        const options = { max_new_tokens: maxTokens, do_sample: false, stopping_criteria: stopping };
        const [first] = captionsSchema.parse(await caption(picture, options));
        signal.throwIfAborted();
        return (first?.generated_text ?? "").trim();
      } finally {
        signal.removeEventListener("abort", stop);
      }
    },
    dispose: () => caption.dispose(),
  };
}
