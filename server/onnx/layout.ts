import type { Target } from "../../shared/providers.ts";
import { size, type Value } from "./graph.ts";
import { concat, reshape, transpose } from "./ops.ts";
import type { Layout, Shape } from "./shape.ts";

// Pictures and feature maps have the layout of their graph, [B,C,H,W] or [B,H,W,C]. Networks name axes by the functions below and
// convert at inputs and outputs, so that one equation serves both.

/** What a target's convolutions are fastest in: on NVIDIA's tensor cores channels last, elsewhere nothing is known to be gained. */
export function fastestLayout({ provider, operators }: Target): Layout {
  return provider === "cuda" && operators === "fused" ? "NHWC" : "NCHW";
}

const axes = {
  NCHW: { channels: 1, height: 2, width: 3 },
  NHWC: { channels: 3, height: 1, width: 2 },
} as const satisfies Record<Layout, object>;

export const channels = (picture: Value): number => size(picture, axes[picture.graph.layout].channels);
export const height = (picture: Value): number => size(picture, axes[picture.graph.layout].height);
export const width = (picture: Value): number => size(picture, axes[picture.graph.layout].width);

/** The shape of a picture of other channels and size, as many as `x` has in its batch. */
export function pictureShape(x: Value, c: number, h: number, w: number): Shape {
  const batch = x.shape[0] ?? 1;
  return x.graph.layout === "NCHW" ? [batch, c, h, w] : [batch, h, w, c];
}

/** [B,C,H,W] → the graph's layout */
export function fromNchw(x: Value): Value {
  return x.graph.layout === "NCHW" ? x : permute(x, [0, 2, 3, 1], size(x, 1));
}

/** The graph's layout → [B,C,H,W] */
export function toNchw(picture: Value): Value {
  return picture.graph.layout === "NCHW" ? picture : permute(picture, [0, 3, 1, 2], size(picture, 3));
}

/** What has no form with channels last: `formula` of [B,C,H,W]. */
export function inNchw(picture: Value, formula: (x: Value) => Value): Value {
  return fromNchw(formula(toNchw(picture)));
}

/** One channel lies in memory as it did. */
function permute(x: Value, perm: readonly number[], channelCount: number): Value {
  if (channelCount > 1) return transpose(x, perm);
  return reshape(
    x,
    perm.map((i) => x.shape[i] ?? 1),
  );
}

/** A picture → [B, HW, C] */
export function toSequence(picture: Value): Value {
  const [batch, c, pixels] = [picture.shape[0] ?? 1, channels(picture), height(picture) * width(picture)];
  return picture.graph.layout === "NCHW"
    ? transpose(reshape(picture, [batch, c, pixels]), [0, 2, 1])
    : reshape(picture, [batch, pixels, c]);
}

/** [B, HW, C] → a picture of the shape of `like` */
export function toPicture(sequence: Value, like: Value): Value {
  return reshape(like.graph.layout === "NCHW" ? transpose(sequence, [0, 2, 1]) : sequence, like.shape);
}

/** [1|B, C] → a picture of one pixel, which meets every pixel of another */
export function toPixel(x: Value): Value {
  const [batch, c] = [x.shape[0] ?? 1, size(x, 1)];
  return reshape(x, x.graph.layout === "NCHW" ? [batch, c, 1, 1] : [batch, 1, 1, c]);
}

/** The channels of both. */
export function joinChannels(a: Value, b: Value): Value {
  return concat([a, b], axes[a.graph.layout].channels);
}
