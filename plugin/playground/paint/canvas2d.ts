export type Canvas2d = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** Decoded pictures, by the hash that paints name them by. */
export type Bitmaps = ReadonlyMap<string, ImageBitmap>;
