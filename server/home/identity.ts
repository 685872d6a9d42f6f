import { createHmac, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { z } from "zod";
import { BackdropError } from "../../shared/errors.ts";
import { bytes32Schema, uuidSchema } from "../../shared/protocol/fields.ts";
import { type Handshake, proofText } from "../../shared/protocol/proof.ts";
import { writeDurably } from "./durableFile.ts";

const fileSchema = z.strictObject({ schemaVersion: z.literal(1), serverId: uuidSchema, secret: bytes32Schema });

/** Who this server is, and the secret that its paired clients share with it. */
export class Identity {
  readonly serverId: string;
  private readonly file: string;
  private secret: Buffer;

  private constructor(file: string, serverId: string, secret: Buffer) {
    this.file = file;
    this.serverId = serverId;
    this.secret = secret;
  }

  /** Reads the file, or makes one. A secret that other users of the computer could read is none: it is replaced. */
  static async open(file: string): Promise<Identity> {
    const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw unreadable(file, error);
    });
    const identity =
      text === undefined ? new Identity(file, randomUUID(), randomBytes(32)) : Identity.parse(file, text);
    if (text === undefined) await identity.save();
    else if (process.platform !== "win32" && ((await stat(file)).mode & 0o077) !== 0) await identity.rotate();
    return identity;
  }

  /** Every client has to pair again. */
  async rotate(): Promise<void> {
    this.secret = randomBytes(32);
    await this.save();
  }

  /** For a client that has just paired. */
  revealSecret(): string {
    return this.secret.toString("base64url");
  }

  prove(handshake: Handshake): string {
    return this.hmac("server", handshake).toString("base64url");
  }

  isProof(clientProof: string, handshake: Handshake): boolean {
    const given = Buffer.from(clientProof, "base64url");
    const expected = this.hmac("client", handshake);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  private hmac(side: "server" | "client", handshake: Handshake): Buffer {
    return createHmac("sha256", this.secret).update(proofText(side, handshake)).digest();
  }

  private async save(): Promise<void> {
    const secret = this.revealSecret();
    await writeDurably(this.file, `${JSON.stringify({ schemaVersion: 1, serverId: this.serverId, secret })}\n`);
  }

  private static parse(file: string, text: string): Identity {
    try {
      const { serverId, secret } = fileSchema.parse(JSON.parse(text));
      return new Identity(file, serverId, Buffer.from(secret, "base64url"));
    } catch (cause) {
      throw unreadable(file, cause);
    }
  }
}

function unreadable(file: string, cause: unknown): BackdropError {
  const advice = "delete it and pair again";
  return new BackdropError("storage_failed", `${file}: expected Backdrop's identity, cannot be read; ${advice}`, {
    cause,
  });
}
