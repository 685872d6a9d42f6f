import { createServer } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from "vitest";
import type { Environment } from "../../../plugin/ui/connection/environment.ts";
import { portsToTry } from "../../../plugin/ui/connection/findServer.ts";
import { announcedLimits } from "../../../shared/protocol/limits.ts";
import { startTestServer, type TestServer } from "../../server/testServer.ts";
import { startFakeServer, startWebServer } from "./fakeServer.ts";
import { closePanels, ManualClock, openPanel } from "./panel.ts";

// Which server the panel takes for its own, and what it says when there is none.

let server: TestServer;
let other: TestServer;
beforeAll(async () => {
  [server, other] = [await startTestServer(), await startTestServer()];
});
afterEach(closePanels);
afterAll(async () => {
  await server.remove();
  await other.remove();
});

/** What only a server that holds no secret of ours would say. */
const forgedChallenge = (version: number) =>
  JSON.stringify({
    type: "challenge",
    version,
    serverId: server.identity.serverId,
    serverNonce: "A".repeat(43),
    serverProof: "A".repeat(43),
    limits: announcedLimits,
  });

test("ports: the last that answered, then the default and its fallbacks, each once", () => {
  expect(portsToTry(undefined)).toEqual([41730, 41731, 41732]);
  expect(portsToTry(41732)).toEqual([41732, 41730, 41731]);
  expect(portsToTry(5000)).toEqual([5000, 41730, 41731, 41732]);
});

test("another Backdrop on the first port is passed over, and the port of ours is remembered", async () => {
  const panel = openPanel(server, { ports: { 41730: other.port, 41731: server.port } });
  await panel.state("ready");
  expect(panel.saved).toEqual({ port: 41731 });
  await openPanel(server, { ports: { 41731: server.port, 41730: other.port }, memory: { port: 41731 } }).state("ready");
});

test("no server of ours: wrong_server, and it never gets a proof of ours", async () => {
  const panel = openPanel(server, { ports: { 41730: other.port } });
  await panel.lost("wrong_server");
  const impostor = await startFakeServer(() => forgedChallenge(1));
  const victim = openPanel(server, { ports: { 41730: impostor.port } });
  await victim.lost("wrong_server");
  expect(impostor.heard.length).toBeGreaterThan(0);
  for (const text of impostor.heard) expect(JSON.parse(text).type).toBe("hello");
  await impostor.close();
});

test.each<[string, string | number | undefined, string]>([
  ["closes with 4406", 4406, "version_mismatch"],
  ["closes with 1013", 1013, "overloaded"],
  ["closes with 1001", 1001, "shutting_down"],
  ["is overrun (4429)", 4429, "overloaded"],
  ["says something else", '{"hello":"world"}', "wrong_server"],
  ["says nothing", undefined, "wrong_server"],
])("a server that %s", async (_, answer, cause) => {
  const fake = await startFakeServer(() => answer);
  const panel = openPanel(server, { ports: { 41730: fake.port } });
  await panel.lost(cause);
  expect(panel.connection.state).toMatchObject({ retryAtMs: expect.any(Number) });
  await fake.close();
});

test("a server that speaks a later version in its challenge", async () => {
  const fake = await startFakeServer(() => forgedChallenge(2));
  await openPanel(server, { ports: { 41730: fake.port } }).lost("version_mismatch");
  await fake.close();
});

describe("no socket opens", () => {
  it("nothing listens: server_not_running, tried again ever more slowly, at once when asked, and found when it comes", async () => {
    const clock = new ManualClock();
    const ports: Record<number, number> = {};
    const randomBytes = (length: number) => new Uint8Array(length).fill(255);
    const panel = openPanel(server, { ports, environment: { ...clock, randomBytes } });
    const losses = () => panel.states.filter(({ type }) => type === "lost").length;
    const delays: number[] = [];
    for (let tries = 1; tries <= 7; tries++) {
      await panel.until(() => losses() === tries);
      const { state } = panel.connection;
      if (state.type !== "lost") throw new Error(state.type);
      expect(state.cause).toBe("server_not_running");
      const delayMs = (state.retryAtMs ?? 0) - clock.now();
      delays.push(delayMs);
      clock.advance(delayMs);
    }
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
    await panel.until(() => losses() === 8);
    ports[41730] = server.port;
    panel.connection.retry();
    expect(panel.connection.state).toEqual({ type: "connecting" });
    await panel.state("ready");
  });

  it("but /health answers: the browser forbids it", async () => {
    const healthy = await startWebServer((_, response) => response.end('{"version":"0.1.0"}'));
    await openPanel(server, { ports: { 41730: healthy.port } }).lost("browser_blocked");
    await healthy.close();
  });

  it("and the browser says that it forbids it", async () => {
    const environment: Partial<Environment> = { loopbackPermission: async () => "denied" };
    await openPanel(server, { ports: {}, environment }).lost("browser_blocked");
  });

  it("a browser that has let sockets through does not forbid them, whatever it says", async () => {
    const environment: Partial<Environment> = { loopbackPermission: async () => "denied" };
    const passing = await startTestServer();
    const panel = openPanel(passing, { environment });
    await panel.state("ready");
    await passing.remove();
    await panel.lost("server_not_running");
  });

  it.each(["a page", '{"version":1}', ""])("another program answers %j", async (body) => {
    const program = await startWebServer((_, response) => response.end(body));
    await openPanel(server, { ports: { 41730: program.port } }).lost("wrong_server");
    await program.close();
  });

  it("a port that takes the connection and says nothing: another program, or the browser asks the person", async () => {
    const mute = createServer(() => {});
    await new Promise<void>((resolve) => mute.listen(0, "localhost", resolve));
    const address = mute.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await openPanel(server, { ports: { 41730: port } }).lost("wrong_server");
    const environment: Partial<Environment> = { loopbackPermission: async () => "prompt" };
    await openPanel(server, { ports: { 41730: port }, environment }).lost("browser_blocked");
    mute.close();
  });
});

test("another window of the same client takes over: no retry but the person's", async () => {
  const clientId = "0192d3a4-5b6c-4d7e-8f90-a1b2c3d4e5f6";
  const first = openPanel(server, { memory: { clientId } });
  await first.state("ready");
  const second = openPanel(server, { memory: { clientId } });
  await second.state("ready");
  await first.lost("replaced");
  expect(first.connection.state).toEqual({ type: "lost", cause: "replaced", retryAtMs: null });
  first.connection.retry();
  await first.state("ready");
  await second.lost("replaced");
});

test("the server stops and comes back: the panel does too", async () => {
  const first = await startTestServer();
  const panel = openPanel(first);
  await panel.state("ready");
  await first.stop();
  await panel.lost("server_not_running");
  expect(panel.states).toContainEqual(expect.objectContaining({ cause: "shutting_down" }));
  const second = await startTestServer({ home: first.home, port: first.port });
  await panel.state("ready");
  await second.stop();
  await first.remove();
});

describe("heartbeat", () => {
  it("a server that goes silent is left after 30 s, and tried again", async () => {
    const clock = new ManualClock();
    const panel = openPanel(server, { environment: clock });
    await panel.state("ready");
    panel.sockets[0]?.pause();
    for (let beats = 0; beats < 3; beats++) clock.advance(15_000);
    expect(panel.connection.state).toMatchObject({ type: "lost", cause: "dropped" });
    clock.advance(500);
    await panel.state("ready");
  });

  it("pings are sent and answered, so that a quiet connection stays", async () => {
    const lively = await startTestServer({ timing: { heartbeatMs: 1_000 } });
    const sent: unknown[] = [];
    const clock = new ManualClock();
    const panel = openPanel(lively, { environment: clock, onSend: (data) => sent.push(data) });
    await panel.state("ready");
    await panel.until(() => sent.includes('{"type":"pong"}'));
    for (let beats = 0; beats < 4; beats++) {
      const before = sent.length;
      clock.advance(15_000);
      await panel.until(() => sent.length > before + 1);
    }
    expect(sent.filter((data) => data === '{"type":"ping"}')).toHaveLength(4);
    expect(panel.states.map(({ type }) => type)).toEqual(["ready"]);
    await lively.remove();
  });
});
