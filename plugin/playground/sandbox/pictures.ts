import { sha1 } from "@noble/hashes/legacy.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { measurePicture, mimeTypeOf, type PictureSize } from "../document/picture.ts";
import type { Picture } from "../messages.ts";

export interface StoredPicture extends Picture {
  readonly size: PictureSize;
}

/** The pictures of a file, by the hash of their bytes. As in Figma they are never collected and know no undo. */
export class Pictures {
  private readonly stored = new Map<string, StoredPicture>();
  private readonly bitmaps = new Map<string, Promise<ImageBitmap>>();

  /** Throws as Figma does on what is no PNG, JPEG or GIF, or too large. */
  add(bytes: Uint8Array): StoredPicture {
    const size = measurePicture(bytes);
    const hash = bytesToHex(sha1(bytes));
    const known = this.stored.get(hash);
    if (known !== undefined) return known;
    const picture = { hash, bytes: bytes.slice(), size };
    this.stored.set(hash, picture);
    return picture;
  }

  /** Of an earlier worker, already checked. */
  restore({ hash, bytes }: Picture): void {
    this.stored.set(hash, { hash, bytes, size: measurePicture(bytes) });
  }

  get(hash: string): StoredPicture | undefined {
    return this.stored.get(hash);
  }

  /** Decoded, for drawing; those that cannot be decoded are left out. */
  async decode(hashes: Iterable<string>): Promise<ReadonlyMap<string, ImageBitmap>> {
    const decoded = new Map<string, ImageBitmap>();
    for (const hash of new Set(hashes)) {
      const bitmap = await this.bitmapOf(hash)?.catch(() => undefined);
      if (bitmap !== undefined) decoded.set(hash, bitmap);
    }
    return decoded;
  }

  private bitmapOf(hash: string): Promise<ImageBitmap> | undefined {
    const picture = this.stored.get(hash);
    const known = this.bitmaps.get(hash);
    if (picture === undefined || known !== undefined) return known;
    const bitmap = createImageBitmap(new Blob([picture.bytes.slice()], { type: mimeTypeOf(picture.bytes) }));
    this.bitmaps.set(hash, bitmap);
    return bitmap;
  }
}
