import { randomBytes } from "node:crypto";
import { BackdropError } from "../../shared/errors.ts";
import type { ClientMessage, ClientMessageOf } from "../../shared/protocol/clientMessages.ts";
import { closeCodes } from "../../shared/protocol/closeCodes.ts";
import { announcedLimits, protocolVersion } from "../../shared/protocol/limits.ts";
import type { Handshake as Nonces } from "../../shared/protocol/proof.ts";
import type { ServerMessage } from "../../shared/protocol/serverMessages.ts";
import type { Identity } from "../home/identity.ts";
import type { Pairing } from "./pairing.ts";

export interface HandshakeOptions {
  readonly identity: Identity;
  readonly pairing: Pairing;
  readonly timeoutMs: number;
  readonly send: (message: ServerMessage) => void;
  readonly close: (code: number, reason: string) => void;
  readonly onProven: (clientId: string, resume: ClientMessageOf<"prove">["resume"]) => void;
}

type Phase =
  | { readonly type: "start" }
  | { readonly type: "pairing" }
  | { readonly type: "challenged"; readonly clientId: string; readonly nonces: Nonces }
  | { readonly type: "over" };

/** From an open socket to a proven client: pairing if it wants to, then the two proofs, each step within its time. */
export class Handshake {
  private readonly options: HandshakeOptions;
  private phase: Phase = { type: "start" };
  private deadline: NodeJS.Timeout;

  constructor(options: HandshakeOptions) {
    this.options = options;
    this.deadline = this.startDeadline(options.timeoutMs);
  }

  async receive(message: ClientMessage): Promise<void> {
    const { phase } = this;
    if (message.type === "hello" && phase.type !== "challenged") this.challenge(message);
    else if (message.type === "prove" && phase.type === "challenged") this.checkProof(message, phase);
    else if (message.type === "pair_begin" && phase.type !== "challenged") await this.beginPairing();
    else if (message.type === "pair" && phase.type === "pairing") this.pair(message);
    else this.refuse("expected the handshake first");
  }

  /** Whatever else a client sends before it is proven. */
  refuse(reason: string): void {
    this.options.close(closeCodes.unauthorized, reason);
  }

  close(): void {
    this.phase = { type: "over" };
    clearTimeout(this.deadline);
  }

  private challenge({ clientId, clientNonce }: ClientMessageOf<"hello">): void {
    const { identity, send, timeoutMs } = this.options;
    const { serverId } = identity;
    const nonces = { serverId, clientNonce, serverNonce: randomBytes(32).toString("base64url") };
    this.phase = { type: "challenged", clientId, nonces };
    this.restartDeadline(timeoutMs);
    send({
      type: "challenge",
      version: protocolVersion,
      serverId,
      serverNonce: nonces.serverNonce,
      serverProof: identity.prove(nonces),
      limits: announcedLimits,
    });
  }

  private checkProof({ clientProof, resume }: ClientMessageOf<"prove">, phase: Phase & { type: "challenged" }): void {
    if (!this.options.identity.isProof(clientProof, phase.nonces)) {
      this.refuse("wrong proof; pair again");
      return;
    }
    this.close();
    this.options.onProven(phase.clientId, resume);
  }

  private async beginPairing(): Promise<void> {
    const { pairing, send, close } = this.options;
    this.phase = { type: "pairing" };
    const leftMs = await pairing.begin();
    if (leftMs === undefined) {
      close(closeCodes.rateLimited, "too many pairing codes; wait ten minutes");
      return;
    }
    if (this.phase.type !== "pairing") return;
    this.restartDeadline(leftMs + this.options.timeoutMs);
    send({ type: "pair_ready", expiresInMs: Math.max(1, leftMs) });
  }

  private pair({ code }: ClientMessageOf<"pair">): void {
    const { identity, pairing, send, timeoutMs } = this.options;
    if (!pairing.tryCode(code)) {
      throw new BackdropError("pairing_failed", "wrong or expired code; read it again, or ask for a new one");
    }
    this.phase = { type: "start" };
    this.restartDeadline(timeoutMs);
    send({ type: "paired", serverId: identity.serverId, secret: identity.revealSecret() });
  }

  private restartDeadline(ms: number): void {
    clearTimeout(this.deadline);
    this.deadline = this.startDeadline(ms);
  }

  private startDeadline(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.options.close(closeCodes.helloTimeout, "the handshake took too long"), ms);
  }
}
