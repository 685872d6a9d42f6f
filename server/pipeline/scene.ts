import { BackdropError } from "../../shared/errors.ts";
import {
  centred,
  containIn,
  defaultPlacement,
  frameSidePx,
  paintedCanvas,
  paintedSize,
  type Rect,
  type Size,
} from "../../shared/geometry.ts";
import type { ModelPackage } from "../checkpoint/modelPackage.ts";
import { cropCentre, drawOnCanvas, resample, whole } from "../image/resize.ts";
import { alphaOf, type RgbaImage } from "../image/rgba.ts";
import { contactShadow } from "./contactShadow.ts";
import type { Job } from "./job.ts";
import { type Plane, toPlane } from "./plane.ts";

/** Where everything is: the frame that is delivered, and the picture the model paints around it. */
export interface Scene {
  readonly frame: Size;
  /** of the product in the frame, px */
  readonly placement: Rect;
  /** the product alone on the frame's canvas: what is pasted back */
  readonly product: RgbaImage;
  /** px of the painted picture, a size that the model can do */
  readonly work: Size;
  /** the product on the painted picture's canvas */
  readonly workProduct: RgbaImage;
  /** of the product on that canvas, where it is to have one */
  readonly shadow: Plane | undefined;
}

/** What is delivered has the size that is asked for, else the product picture's. */
export function frameOf({ product, settings }: Job): Size {
  return { width: settings.width ?? product.width, height: settings.height ?? product.height };
}

/** @param hasLayout whether the picture starts from the reference's layout, or from noise */
export async function layOutScene(job: Job, model: ModelPackage, hasLayout: boolean): Promise<Scene> {
  const { product, settings } = job;
  const frame = frameOf(job);
  requireFrameSize(frame);
  const placement = settings.placement ? containIn(product, settings.placement) : defaultPlacement(product, frame);
  const placed = drawOnCanvas(await resample(product, whole(product), placement), placement, frame);
  if (!alphaOf(placed).data.some((alpha) => alpha > 0)) {
    throw new BackdropError(
      "product_empty",
      `placement: the product at ${placement.x},${placement.y},${placement.width},${placement.height} leaves nothing ` +
        `visible in the ${frame.width}×${frame.height} frame; move it inside`,
    );
  }
  const work = paintedSize(frame, model, hasLayout);
  const canvas = paintedCanvas(frame, work);
  const onCanvas = drawOnCanvas(placed, centred(frame, canvas), canvas);
  const workProduct = await resample(onCanvas, whole(canvas), work);
  const isShadowed = settings.contactShadow === "on" && hasLayout;
  const shadow = isShadowed ? contactShadow(toPlane(alphaOf(workProduct))) : undefined;
  return { frame, placement, product: placed, work, workProduct, shadow };
}

/** What was painted in one scene where it lies in another of the same frame; transparent where it does not reach. */
export async function carryOver(painted: RgbaImage, from: Scene, to: Scene): Promise<RgbaImage> {
  const [before, after] = [paintedCanvas(from.frame, from.work), paintedCanvas(to.frame, to.work)];
  const size = {
    width: Math.round((before.width * to.work.width) / after.width),
    height: Math.round((before.height * to.work.height) / after.height),
  };
  return drawOnCanvas(await resample(painted, whole(painted), size), centred(size, to.work), to.work);
}

/** The frame's part of a painted picture, at the frame's size. */
export async function workToFrame({ frame, work }: Scene, painted: RgbaImage): Promise<RgbaImage> {
  return cropCentre(await resample(painted, whole(painted), paintedCanvas(frame, work)), frame);
}

/** The frame's part of a painted picture, unscaled: for previews. */
export function cropToFrame({ frame, work }: Scene, painted: RgbaImage): RgbaImage {
  const canvas = paintedCanvas(frame, work);
  return cropCentre(painted, {
    width: Math.max(1, Math.round((frame.width * work.width) / canvas.width)),
    height: Math.max(1, Math.round((frame.height * work.height) / canvas.height)),
  });
}

/** `--size` was checked with the settings; the product picture's own canvas, which stands in for it, is checked here. */
function requireFrameSize({ width, height }: Size): void {
  const { min, max } = frameSidePx;
  if ([width, height].every((side) => side >= min && side <= max)) return;
  throw new BackdropError(
    "invalid_params",
    `size: expected an output frame of ${min} to ${max} px a side, got the product picture's ${width}×${height}; give a size`,
  );
}
