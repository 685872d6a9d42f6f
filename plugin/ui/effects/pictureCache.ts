import type { Shown } from "../state/pictures.ts";

/** Pictures that are likely to be shown again, each loaded once. */
export interface PictureCache {
  get(key: string, load: () => Promise<Shown>): Promise<Shown>;
  drop(key: string): void;
}

/** Beyond `maxPictures`, the one that was asked for longest ago is revoked. A picture that failed is loaded again when it is asked for. */
export function createPictureCache(maxPictures: number): PictureCache {
  /** the latest asked for is the last */
  const pictures = new Map<string, Promise<Shown>>();

  function drop(key: string): void {
    const picture = pictures.get(key);
    pictures.delete(key);
    picture?.then(({ url }) => URL.revokeObjectURL(url)).catch(() => undefined);
  }

  return {
    get(key, load) {
      const known = pictures.get(key);
      const picture = known ?? load();
      pictures.delete(key);
      pictures.set(key, picture);
      if (known === undefined) {
        picture.catch(() => {
          if (pictures.get(key) === picture) pictures.delete(key);
        });
      }
      for (const oldest of pictures.keys()) {
        if (pictures.size <= maxPictures) break;
        drop(oldest);
      }
      return picture;
    },
    drop,
  };
}
