export type AcceptedFormat = "png" | "jpeg" | "webp";

type Sniffed =
  | { readonly type: "accepted"; readonly format: AcceptedFormat }
  | { readonly type: "unsupported"; readonly looksLike: string }
  | { readonly type: "unknown"; readonly looksLike: string };

/** What a file is by its first bytes, whatever its name says. */
export function sniffFormat(bytes: Uint8Array): Sniffed {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 512));
  const starts = (text: string, at = 0) => head.subarray(at, at + text.length).equals(Buffer.from(text, "latin1"));

  if (starts("\x89PNG\r\n\x1a\n")) return { type: "accepted", format: "png" };
  if (starts("\xff\xd8\xff")) return { type: "accepted", format: "jpeg" };
  if (starts("RIFF") && starts("WEBP", 8)) return { type: "accepted", format: "webp" };

  const others: readonly (readonly [boolean, string])[] = [
    [starts("GIF8"), "a GIF"],
    [starts("BM"), "a BMP"],
    [starts("II*\0") || starts("MM\0*"), "a TIFF or camera raw file"],
    [starts("ftypavi", 4), "an AVIF"],
    [starts("ftyphei", 4) || starts("ftypmif1", 4), "a HEIC"],
    [starts("\x00\x00\x00\x0cJXL ") || starts("\xff\x0a"), "a JPEG XL"],
    [starts("8BPS"), "a Photoshop file"],
    [starts("%PDF"), "a PDF"],
    [/<svg[\s>]/i.test(head.toString("latin1")), "an SVG"],
  ];
  const other = others.find(([matches]) => matches);
  if (other) return { type: "unsupported", looksLike: other[1] };

  if (bytes.length === 0) return { type: "unknown", looksLike: "an empty file" };
  const isText = head.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
  return { type: "unknown", looksLike: isText ? "a text file" : "no known kind of picture" };
}
