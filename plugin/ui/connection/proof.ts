import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { type Handshake, proofText } from "../../../shared/protocol/proof.ts";

// The panel's page may be no secure context, which has no crypto.subtle.

/** The proof of one side; the secret is 32 bytes as base64url. */
export function prove(side: "server" | "client", secret: string, handshake: Handshake): string {
  const text = new TextEncoder().encode(proofText(side, handshake));
  return toBase64Url(hmac(sha256, fromBase64Url(secret), text));
}

export function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

function fromBase64Url(text: string): Uint8Array {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}
