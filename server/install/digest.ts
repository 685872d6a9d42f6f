import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";

/** How the hub names a file's content: sha256 of a large file, git's blob hash (sha1) of a small one; hex. */
export type Oid = string;

/** The hashes by which a file is known, of its content so far. */
export class Digest {
  private readonly sha256 = createHash("sha256");
  private readonly git: Hash | undefined;
  private readonly oid: Oid | undefined;

  /** @param sizeBytes of the whole file, which git's hash begins with @param oid what it shall be compared with */
  constructor(sizeBytes: number, oid?: Oid) {
    this.oid = oid;
    this.git = oid?.length === 40 ? createHash("sha1").update(`blob ${sizeBytes}\0`) : undefined;
  }

  update(part: Uint8Array): void {
    this.sha256.update(part);
    this.git?.update(part);
  }

  finish(): { readonly sha256: string; readonly isAsPublished: boolean } {
    const sha256 = this.sha256.digest("hex");
    return { sha256, isAsPublished: this.oid === (this.git?.digest("hex") ?? sha256) };
  }
}

/** The digest of what lies in a file, to go on with. */
export async function digestOf(
  path: string,
  file: { readonly sizeBytes: number; readonly oid?: Oid },
  signal: AbortSignal,
): Promise<Digest> {
  const digest = new Digest(file.sizeBytes, file.oid);
  for await (const part of createReadStream(path, { signal, highWaterMark: 1 << 20 })) digest.update(part);
  return digest;
}
