import { createHmac } from "node:crypto";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { Identity } from "../../server/home/identity.ts";
import { Pairing } from "../../server/socket/pairing.ts";
import { pairingCodeSchema } from "../../shared/protocol/fields.ts";
import { proofText } from "../../shared/protocol/proof.ts";
import { RawClient } from "../server/rawClient.ts";
import { miniInfo, startTestServer, type TestServer } from "../server/testServer.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ timing: { helloTimeoutMs: 700, heartbeatMs: 200 } });
});
afterAll(async () => {
  await server.remove();
});
const open = () => RawClient.connect(server.port);

describe("pairing", () => {
  it("gives the secret for the code that is shown, once", async () => {
    const client = await open();
    client.send({ type: "pair_begin" });
    expect((await client.take("pair_ready")).expiresInMs).toBe(120_000);
    const code = server.pairingCodes.at(-1) ?? "";
    expect(pairingCodeSchema.safeParse(code).success).toBe(true);
    client.send({ type: "pair", code });
    const { secret, serverId } = await client.take("paired");
    expect([secret, serverId]).toEqual([server.secret, server.identity.serverId]);
    expect((await client.prove(secret)).models).toEqual([miniInfo]);
    await client.close();

    const second = await open();
    second.send({ type: "pair_begin" });
    await second.take("pair_ready");
    second.send({ type: "pair", code });
    expect(await second.take("error")).toMatchObject({ code: "pairing_failed" });
    await second.close();
  });

  it("five wrong codes end the window, over however many sockets", async () => {
    const codes: string[] = [];
    const pairing = new Pairing((code) => codes.push(code));
    await pairing.begin();
    await pairing.begin();
    expect(codes).toHaveLength(1);
    const wrong = codes[0] === "AAAAAA" ? "BBBBBB" : "AAAAAA";
    for (let i = 0; i < 5; i++) expect(pairing.tryCode(wrong)).toBe(false);
    expect(pairing.tryCode(codes[0] ?? "")).toBe(false);
  });

  it("a window closes after its time, and only so many are opened", async () => {
    const codes: string[] = [];
    const pairing = new Pairing((code) => codes.push(code), 20);
    await pairing.begin();
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(pairing.tryCode(codes[0] ?? "")).toBe(false);
    let left: number | undefined;
    for (let i = 0; i < 6; i++) {
      left = await pairing.begin();
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    expect(left).toBeUndefined();
    expect(codes).toHaveLength(5);
  });
});

describe("proof", () => {
  it("the server proves itself before the client says anything of worth", async () => {
    const client = await open();
    const nonces = await client.challenge();
    const key = Buffer.from(server.secret, "base64url");
    expect(nonces.serverProof).toBe(createHmac("sha256", key).update(proofText("server", nonces)).digest("base64url"));
    await client.close();
  });

  it.each<[string, (nonces: Awaited<ReturnType<RawClient["challenge"]>>) => string]>([
    ["of another secret", (nonces) => hmac(Buffer.alloc(32), nonces)],
    ["the server's own, sent back", ({ serverProof }) => serverProof],
    ["for other nonces", (nonces) => hmac(key(), { ...nonces, serverNonce: nonces.clientNonce })],
  ])("a wrong proof closes with 4401: %s", async (_, forge) => {
    const client = await open();
    client.send({ type: "prove", clientProof: forge(await client.challenge()) });
    expect((await client.closed).code).toBe(4401);
  });

  it("a replayed proof closes with 4401", async () => {
    const clientNonce = Buffer.alloc(32, 1).toString("base64url");
    const first = await open();
    const proof = hmac(key(), await first.challenge(clientNonce));
    first.send({ type: "prove", clientProof: proof });
    await first.take("welcome");
    const second = await open();
    await second.challenge(clientNonce);
    second.send({ type: "prove", clientProof: proof });
    expect((await second.closed).code).toBe(4401);
    await first.close();
  });

  it.each<[string, (client: RawClient) => void]>([
    ["a message", (client) => client.send({ type: "ping" })],
    ["a chunk", (client) => client.sendChunk("0192d3a4-5b6c-7d7e-8f90-a1b2c3d4e5f6", 0, Buffer.from("x"))],
    ["a code without a window", (client) => client.send({ type: "pair", code: "ABCDEF" })],
  ])("anything else first closes with 4401: %s", async (_, act) => {
    const client = await open();
    act(client);
    expect((await client.closed).code).toBe(4401);
  });

  it("silence closes with 4408, before and after the challenge", async () => {
    const [silent, stopped] = [await open(), await open()];
    await stopped.challenge();
    expect([(await silent.closed).code, (await stopped.closed).code]).toEqual([4408, 4408]);
  });

  it("no common version closes with 4406, whatever else the hello holds", async () => {
    const client = await open();
    client.socket.send('{"type":"hello","versions":[2],"new":1}');
    expect((await client.closed).code).toBe(4406);
  });
});

test("unpairing closes every socket with 4403 and ends their tokens; the old secret no longer opens", async () => {
  const other = await startTestServer();
  const [first, second] = [await other.client(), await other.client()];
  const { sessionToken } = second;
  const headers = { Authorization: `Bearer ${sessionToken}` };
  expect((await other.get("/metrics", headers)).status).toBe(200);
  first.send({ type: "unpair" });
  expect([(await first.closed).code, (await second.closed).code]).toEqual([4403, 4403]);
  expect((await other.get("/metrics", headers)).status).toBe(401);
  await expect(other.client()).rejects.toThrow("does not hold the secret");
  expect((await Identity.open(other.home.identityFile)).revealSecret()).not.toBe(other.secret);
  await other.remove();
});

test("heartbeat: pings come; a client that says nothing is dropped, one that answers stays", async () => {
  const [silent, lively] = [await server.client(), await server.client()];
  lively.socket.on("message", () => lively.send({ type: "pong" }));
  await silent.take("ping");
  expect((await silent.closed).code).toBe(1006);
  lively.send({ type: "ping" });
  await lively.take("pong");
  await lively.close();
});

test("both loopback addresses answer", async () => {
  const client = await RawClient.connect(server.port, { host: "[::1]" }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT") return undefined;
    throw error;
  });
  await client?.prove(server.secret);
  await client?.close();
});

describe("Host and Origin", () => {
  const upgrade = (headers: Record<string, string>) =>
    RawClient.connect(server.port, { headers }).then(
      async (client) => {
        await client.close();
        return "open";
      },
      (error: Error) => error.message,
    );

  it.each(["evil.example", "localhost", "localhost:1", "127.0.0.1.evil.example:41730", "0.0.0.0:41730", "[", "a b"])(
    "Host %j is 403 on the upgrade and on HTTP",
    async (host) => {
      expect(await upgrade({ Host: host })).toBe("status 403");
      expect(await statusOf({ host })).toBe(403);
    },
  );

  it.each(["https://evil.example", "http://localhost", "http://localhost.evil.example", "file://", "http://[", "NULL"])(
    "Origin %s is 403 on the upgrade and on HTTP",
    async (origin) => {
      expect(await upgrade({ Origin: origin })).toBe("status 403");
      expect(await statusOf({ origin })).toBe(403);
    },
  );

  it.each(["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])("Host %s with the port is ours", async (name) => {
    const host = `${name}:${server.port}`;
    expect(await upgrade({ Host: host })).toBe("open");
    expect(await upgrade({ Host: host, Origin: "null" })).toBe("open");
    expect(await statusOf({ host, origin: `http://localhost:${server.port}` })).toBe(200);
  });

  it("another path is no socket", async () => {
    const status = await statusOf({ connection: "Upgrade", upgrade: "websocket" }, "/other");
    expect(status).toBe(404);
  });
});

function key(): Buffer {
  return Buffer.from(server.secret, "base64url");
}

function hmac(secret: Buffer, nonces: Parameters<typeof proofText>[1]): string {
  return createHmac("sha256", secret).update(proofText("client", nonces)).digest("base64url");
}

async function statusOf(headers: Record<string, string>, path = "/health"): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    const sent = request({
      host: "127.0.0.1",
      port: server.port,
      path,
      headers: { host: `localhost:${server.port}`, ...headers },
    });
    sent.on("response", (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on("error", reject);
    sent.end();
  });
}
