import type { Size } from "../../shared/geometry.ts";

/** Channels of equal size, one after the other: a picture or latents of a batch of one. */
export interface Planes extends Size {
  /** [C, H, W] */
  readonly data: Float32Array;
}

/** How a picture is cut, in latent elements. */
export interface Tiling {
  /** of every tile */
  readonly tile: Size;
  /** what a tile has at each inner side only as surroundings: it reaches no output */
  readonly margin: number;
  /** the band between the margins of two neighbours in which one fades into the other */
  readonly feather: number;
}

/**
 * Applies an autoencoder's half tile by tile. Neighbours overlap; in the middle of the overlap one fades into the other. With a margin
 * as wide as a purely convolutional network's reach, that is exact.
 * @param scale elements to a latent element, in and out: 1 and 8 to decode, 8 and 1 to encode
 */
export async function inTiles(
  input: Planes,
  { tile, margin, feather }: Tiling,
  scale: { readonly in: number; readonly out: number },
  run: (tile: Planes) => Promise<Planes>,
): Promise<Planes> {
  const area = { width: input.width / scale.in, height: input.height / scale.in };
  if (tile.width === area.width && tile.height === area.height) return await run(input);
  const rows = placeTiles(area.height, tile.height, 2 * margin + feather);
  const columns = placeTiles(area.width, tile.width, 2 * margin + feather);
  const channels = (planes: Planes) => planes.data.length / planes.width / planes.height;
  let output: Planes | undefined;

  for (const [i, y] of rows.entries()) {
    const down = fade(rows, i, tile.height, feather, scale.out);
    for (const [j, x] of columns.entries()) {
      const across = fade(columns, j, tile.width, feather, scale.out);
      const box = { x: x * scale.in, y: y * scale.in, width: tile.width * scale.in, height: tile.height * scale.in };
      const made = await run(cut(input, box, channels(input)));
      const [width, height] = [area.width * scale.out, area.height * scale.out];
      output ??= { width, height, data: new Float32Array(channels(made) * width * height) };
      addWeighted(output, made, { x: x * scale.out, y: y * scale.out }, down, across);
    }
  }
  if (output === undefined) throw new Error("inTiles: nothing to cut");
  return output;
}

/**
 * Of every few blocks of elements one, spread evenly: smaller, while neighbours are mostly neighbours still, so that statistics stay about
 * what they are.
 * @param block elements along a block's side
 */
export function reduced({ data, width, height }: Planes, to: Size, block: number): Planes {
  const channels = data.length / width / height;
  const small = new Float32Array(channels * to.width * to.height);
  const taken = (i: number, count: number, length: number) =>
    Math.floor(((Math.floor(i / block) + 0.5) * length) / count) * block + (i % block);
  const columns = Array.from({ length: to.width }, (_, x) => taken(x, to.width, width));
  for (let row = 0; row < channels * to.height; row++) {
    const [c, y] = [Math.floor(row / to.height), row % to.height];
    const from = (c * height + taken(y, to.height, height)) * width;
    for (const [x, column] of columns.entries()) small[row * to.width + x] = data[from + column] ?? 0;
  }
  return { ...to, data: small };
}

/** Where tiles of this length start so that they cover a length, spread evenly and overlapping at least so much. */
export function placeTiles(length: number, tile: number, overlap: number): number[] {
  if (tile > length || (tile < length && tile <= overlap)) {
    throw new Error(`placeTiles: tiles of ${tile} that overlap by ${overlap} do not cover ${length}`);
  }
  const last = Math.ceil((length - tile) / Math.max(tile - overlap, 1));
  return Array.from({ length: last + 1 }, (_, i) => (last === 0 ? 0 : Math.round((i * (length - tile)) / last)));
}

/** The weight of tile `i` along one axis, for each of its output elements; with its neighbours' it is 1 everywhere. */
function fade(starts: readonly number[], i: number, tile: number, feather: number, scale: number): Float32Array {
  const start = starts[i] ?? 0;
  /** the middle of the overlap of a tile with the one after it, from this tile's start */
  const seam = (from: number | undefined, to: number | undefined) =>
    from === undefined || to === undefined ? undefined : (from + tile + to) / 2 - start;
  const [before, after] = [seam(starts[i - 1], start), seam(start, starts[i + 1])];
  const passed = (at: number, seamAt: number) =>
    feather === 0 ? Number(at >= seamAt) : Math.min(Math.max((at - seamAt) / feather + 0.5, 0), 1);
  return Float32Array.from({ length: tile * scale }, (_, k) => {
    const at = (k + 0.5) / scale;
    return (before === undefined ? 1 : passed(at, before)) - (after === undefined ? 0 : passed(at, after));
  });
}

function cut(
  { data, width, height }: Planes,
  box: Size & { readonly x: number; readonly y: number },
  channels: number,
): Planes {
  const part = new Float32Array(channels * box.width * box.height);
  for (let row = 0; row < channels * box.height; row++) {
    const [c, y] = [Math.floor(row / box.height), row % box.height];
    const from = (c * height + box.y + y) * width + box.x;
    part.set(data.subarray(from, from + box.width), row * box.width);
  }
  return { width: box.width, height: box.height, data: part };
}

function addWeighted(
  output: Planes,
  tile: Planes,
  at: { readonly x: number; readonly y: number },
  down: Float32Array,
  across: Float32Array,
): void {
  for (let row = 0; row < tile.data.length / tile.width; row++) {
    const [c, y] = [Math.floor(row / tile.height), row % tile.height];
    const to = (c * output.height + at.y + y) * output.width + at.x;
    for (let x = 0; x < tile.width; x++) {
      const weight = (down[y] ?? 0) * (across[x] ?? 0);
      output.data[to + x] = (output.data[to + x] ?? 0) + weight * (tile.data[row * tile.width + x] ?? 0);
    }
  }
}
