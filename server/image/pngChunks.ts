/**
 * The chunk structure of a PNG: the decoder tolerates some damage, and it writes no text chunks, so both are here.
 * @see https://www.w3.org/TR/png-3/#5Chunk-layout
 */

const signatureBytes = 8;
/** length (4) + type (4) + CRC (4) around the data */
const overheadBytes = 12;

/** Where the damage is, or undefined when every chunk is whole, its CRC matches, and the file ends with IEND. */
export function findPngDamage(png: Uint8Array): string | undefined {
  for (const chunk of chunks(png)) {
    if (chunk.end > png.length) return `chunk ${chunk.type} at byte ${chunk.start} is cut off`;
    const view = new DataView(png.buffer, png.byteOffset);
    if (view.getUint32(chunk.end - 4) !== crc32(png.subarray(chunk.start + 4, chunk.end - 4))) {
      return `chunk ${chunk.type} at byte ${chunk.start} has a wrong checksum`;
    }
    if (chunk.type === "IEND") return undefined;
  }
  return "its end is missing";
}

/** Adds an uncompressed iTXt chunk (UTF-8) before IEND; the picture's own bytes stay as they are. */
export function addPngText(png: Uint8Array, keyword: string, text: string): Uint8Array {
  const end = [...chunks(png)].find(({ type }) => type === "IEND");
  if (end === undefined) throw new Error("addPngText: not a complete PNG");
  const data = Buffer.from(`iTXt${keyword}\0\0\0\0\0${text}`, "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length - 4);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(data));
  return Buffer.concat([png.subarray(0, end.start), length, data, checksum, png.subarray(end.start)]);
}

/** The text of an uncompressed iTXt chunk, or undefined when the file has none with this keyword. */
export function readPngText(png: Uint8Array, keyword: string): string | undefined {
  const prefix = `${keyword}\0\0\0\0\0`;
  for (const { type, start, end } of chunks(png)) {
    if (type !== "iTXt" || end > png.length) continue;
    const content = Buffer.from(png.subarray(start + 8, end - 4)).toString("utf8");
    if (content.startsWith(prefix)) return content.slice(prefix.length);
  }
  return undefined;
}

interface Chunk {
  readonly type: string;
  /** of its length field, in bytes from the file's start */
  readonly start: number;
  /** after its CRC; beyond the file's length when the chunk is cut off */
  readonly end: number;
}

function* chunks(png: Uint8Array): Generator<Chunk> {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  for (let start = signatureBytes; start + overheadBytes <= png.length; ) {
    const end = start + overheadBytes + view.getUint32(start);
    yield { type: Buffer.from(png.subarray(start + 4, start + 8)).toString("latin1"), start, end };
    start = end;
  }
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** CRC-32 as in PNG annex D; node:zlib has one only from 20.15 on. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crcTable[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
