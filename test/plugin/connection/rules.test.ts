import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { backoffMs, firstDelayMs, longestDelayMs } from "../../../plugin/ui/connection/backoff.ts";
import type { Environment } from "../../../plugin/ui/connection/environment.ts";
import { closeReason, isWorthAnotherPort, mostTelling } from "../../../plugin/ui/connection/linkFailure.ts";
import { causeOfSilence } from "../../../plugin/ui/connection/probe.ts";
import { prove, toBase64Url } from "../../../plugin/ui/connection/proof.ts";
import { proofText } from "../../../shared/protocol/proof.ts";

// The connection's rules that need no socket.

test("proofs are those of an independent HMAC", () => {
  const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(bytes32, bytes32, bytes32, fc.constantFrom("server", "client"), (secret, client, server, side) => {
      const nonces = {
        serverId: "0192d3a4-5b6c-4d7e-8f90-a1b2c3d4e5f6",
        clientNonce: toBase64Url(client),
        serverNonce: toBase64Url(server),
      };
      expect(nonces.clientNonce).toBe(Buffer.from(client).toString("base64url"));
      const expected = createHmac("sha256", secret).update(proofText(side, nonces)).digest("base64url");
      expect(prove(side, Buffer.from(secret).toString("base64url"), nonces)).toBe(expected);
    }),
  );
});

test("waiting doubles to its cap, and is never less than half", () => {
  const waits = [1, 2, 3, 4, 5, 6, 60].map((failures) => [backoffMs(failures, 0), backoffMs(failures, 1)]);
  expect(waits.slice(0, 3)).toEqual([
    [firstDelayMs / 2, firstDelayMs],
    [firstDelayMs, 2 * firstDelayMs],
    [2 * firstDelayMs, 4 * firstDelayMs],
  ]);
  expect(waits.at(-1)).toEqual([longestDelayMs / 2, longestDelayMs]);
});

test.each([
  [1001, "shutting_down"],
  [1006, "dropped"],
  [1008, "dropped"],
  [1013, "overloaded"],
  [4401, "wrong_server"],
  [4403, "revoked"],
  [4406, "version_mismatch"],
  [4408, "dropped"],
  [4409, "replaced"],
  [4429, "overloaded"],
] as const)("close code %i is %s", (code, cause) => {
  expect(closeReason(code)).toBe(cause);
});

test("of several ports, what says most is told; a server that knows us ends the search", () => {
  expect(mostTelling(["silent", "wrong_server", "silent"])).toBe("wrong_server");
  expect(mostTelling(["wrong_server", "version_mismatch"])).toBe("version_mismatch");
  expect(mostTelling(["silent", "silent"])).toBe("silent");
  expect((["replaced", "revoked", "overloaded", "pairing_expired"] as const).some(isWorthAnotherPort)).toBe(false);
  expect((["silent", "wrong_server", "version_mismatch"] as const).every(isWorthAnotherPort)).toBe(true);
});

describe("why no socket opens", () => {
  const refuse = async () => {
    throw new TypeError("Failed to fetch");
  };
  const answer = (body: string) => async () => new Response(body);
  const unreadable: Environment["fetch"] = async (_, { mode }) =>
    mode === "no-cors" ? new Response() : await refuse();
  const cases: readonly (readonly [string, Environment["fetch"], PermissionState | "unknown", string])[] = [
    ["refused, no such permission", refuse, "unknown", "server_not_running"],
    ["refused, granted", refuse, "granted", "server_not_running"],
    ["refused, not decided", refuse, "prompt", "server_not_running"],
    ["refused, denied", refuse, "denied", "browser_blocked"],
    ["a Backdrop answers", answer('{"version":"1.2.3"}'), "granted", "browser_blocked"],
    ["a page answers", answer("<html>"), "granted", "wrong_server"],
    ["an unreadable answer", unreadable, "unknown", "wrong_server"],
  ];
  it.each(cases)("%s", async (_, fetch, permission, cause) => {
    const environment = { fetch, after: () => () => {}, loopbackPermission: async () => permission };
    expect(await causeOfSilence([41730, 41731], environment)).toBe(cause);
  });
});
