/** What both sides know when they prove that they hold the paired secret. Nonces are base64url as sent. */
export interface Handshake {
  readonly serverId: string;
  readonly clientNonce: string;
  readonly serverNonce: string;
}

/**
 * The text, as UTF-8, whose HMAC-SHA256 under the 32-byte secret is the proof of a side. The side is part of it, so that
 * no proof can be sent back to its maker; the nonces are, so that none can be used twice.
 */
export function proofText(side: "server" | "client", { serverId, clientNonce, serverNonce }: Handshake): string {
  return `backdrop/1 ${side}\n${serverId}\n${clientNonce}\n${serverNonce}\n`;
}
