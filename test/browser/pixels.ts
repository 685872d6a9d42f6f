import sharp from "sharp";

/** More than this of 255 in a channel is seen. */
const visibleDifference = 24;

/** How many pixels of two pictures of one size differ visibly; `shift` moves the second by px to the left before. */
export async function visiblyDifferent(a: Buffer, b: Buffer, shift = 0): Promise<number> {
  const [one, two] = [await readRgb(a), await readRgb(b)];
  const { width, height, channels } = one.info;
  if (two.info.width !== width || two.info.height !== height)
    throw new Error(`${width} × ${height} and ${two.info.width} × ${two.info.height} cannot be compared`);
  let different = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width - shift; x++) {
      const at = (y * width + x) * channels;
      const other = at + shift * channels;
      const differs = (channel: number) =>
        Math.abs((one.data[at + channel] ?? 0) - (two.data[other + channel] ?? 0)) > visibleDifference;
      if (differs(0) || differs(1) || differs(2)) different += 1;
    }
  }
  return different;
}

/** RGBA of one pixel of a PNG, and the picture's size. */
export async function readPixels(png: Buffer) {
  const { data, info } = await sharp(png).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => {
    const start = (y * info.width + x) * 4;
    return [...data.subarray(start, start + 4)];
  };
  return { size: [info.width, info.height], at };
}

async function readRgb(png: Buffer) {
  return await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
}
