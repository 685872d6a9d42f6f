import { mimeTypeOf } from "../document/picture.ts";
import type { Picture } from "../messages.ts";

/** The document's pictures on the page's side: their bytes for the next worker, and decoded for the canvas. */
export class BitmapCache {
  readonly bitmaps = new Map<string, ImageBitmap>();
  private readonly pictures = new Map<string, Picture>();
  private readonly urls = new Map<string, string>();
  private readonly onDecoded: () => void;

  constructor(onDecoded: () => void) {
    this.onDecoded = onDecoded;
  }

  /** Whether the picture is new. */
  add(picture: Picture): boolean {
    if (this.pictures.has(picture.hash)) return false;
    this.pictures.set(picture.hash, picture);
    void this.decode(picture);
    return true;
  }

  all(): readonly Picture[] {
    return [...this.pictures.values()];
  }

  /** For an <img>. */
  urlOf(hash: string): string | undefined {
    const picture = this.pictures.get(hash);
    if (picture === undefined) return undefined;
    const url = this.urls.get(hash) ?? URL.createObjectURL(blobOf(picture));
    this.urls.set(hash, url);
    return url;
  }

  /** What cannot be decoded is drawn as an empty picture. */
  private async decode(picture: Picture): Promise<void> {
    const bitmap = await createImageBitmap(blobOf(picture)).catch(() => undefined);
    if (bitmap === undefined) return;
    this.bitmaps.set(picture.hash, bitmap);
    this.onDecoded();
  }
}

function blobOf({ bytes }: Picture): Blob {
  return new Blob([bytes.slice()], { type: mimeTypeOf(bytes) });
}
