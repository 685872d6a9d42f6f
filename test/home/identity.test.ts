import { createHmac } from "node:crypto";
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Identity } from "../../server/home/identity.ts";
import { proofText } from "../../shared/protocol/proof.ts";

let dir: string;
let file: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-home-"));
  file = join(dir, "home", "identity.json");
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const nonces = { clientNonce: "c".repeat(42), serverNonce: "s".repeat(42) };

test("it is made once, for its owner only, and read again", async () => {
  const first = await Identity.open(file);
  const again = await Identity.open(file);
  expect([again.serverId, again.revealSecret()]).toEqual([first.serverId, first.revealSecret()]);
  expect(Buffer.from(first.revealSecret(), "base64url")).toHaveLength(32);
  expect((await stat(file)).mode & 0o777).toBe(process.platform === "win32" ? 0o666 : 0o600);
  expect(await readdir(join(dir, "home"))).toEqual(["identity.json"]);
});

test("only a proof of the client's side, of this secret and these nonces, is one", async () => {
  const identity = await Identity.open(file);
  const handshake = { serverId: identity.serverId, ...nonces };
  const hmac = (side: "server" | "client", change = {}) =>
    createHmac("sha256", Buffer.from(identity.revealSecret(), "base64url"))
      .update(proofText(side, { ...handshake, ...change }))
      .digest("base64url");
  expect(identity.prove(handshake)).toBe(hmac("server"));
  expect(identity.isProof(hmac("client"), handshake)).toBe(true);
  expect(identity.isProof(hmac("server"), handshake)).toBe(false);
  expect(identity.isProof(hmac("client", { serverNonce: "x" }), handshake)).toBe(false);
  expect(identity.isProof("", handshake)).toBe(false);
  await identity.rotate();
  expect(identity.isProof(hmac("client"), handshake)).toBe(true);
});

test("after rotating, the old secret proves nothing, also after a restart", async () => {
  const identity = await Identity.open(file);
  const handshake = { serverId: identity.serverId, ...nonces };
  const key = Buffer.from(identity.revealSecret(), "base64url");
  const proof = createHmac("sha256", key).update(proofText("client", handshake)).digest("base64url");
  await identity.rotate();
  expect(identity.isProof(proof, handshake)).toBe(false);
  expect((await Identity.open(file)).isProof(proof, handshake)).toBe(false);
});

test("a damaged file is refused; one that others could read gets a new secret", async () => {
  const identity = await Identity.open(file);
  if (process.platform !== "win32") {
    await chmod(file, 0o644);
    expect((await Identity.open(file)).revealSecret()).not.toBe(identity.revealSecret());
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  }
  await writeFile(file, "{");
  await expect(Identity.open(file)).rejects.toMatchObject({ code: "storage_failed" });
});
