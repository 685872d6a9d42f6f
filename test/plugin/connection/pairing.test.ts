import { beforeEach, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../../server/testServer.ts";
import { closePanels, ManualClock, openNewPanel, openPanel, type Panel } from "./panel.ts";

// How a panel comes by the secret, and what it does when the secret no longer holds. Each test has a server of its own: codes are rationed.

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  return async () => {
    closePanels();
    await server.remove();
  };
});
async function codeWanted(panel: Panel): Promise<void> {
  await panel.until(() => {
    const { state } = panel.connection;
    return state.type === "pairing" && state.step === "enter_code";
  });
}
const open = (environment = {}) => openNewPanel({ ports: { 41730: server.port }, environment });
const shown = () => server.pairingCodes.at(-1) ?? "";
const wrong = () => (shown() === "AAAAAA" ? "BBBBBB" : "AAAAAA");

test("the code in any writing pairs, and the secret opens the next connection without one", async () => {
  const panel = open();
  const { step, expiresAtMs, problem } = await panel.state("pairing");
  expect([step, problem]).toEqual(["enter_code", null]);
  expect(expiresAtMs).toBeGreaterThan(0);
  panel.connection.pair(` ${shown().slice(0, 3)} ${shown().slice(3).toLowerCase()}\n`);
  expect(panel.connection.state).toMatchObject({ type: "pairing", step: "checking" });
  await panel.state("ready");
  const pairing = { serverId: server.identity.serverId, secret: server.secret };
  expect(panel.saved).toEqual({ pairing, port: 41730 });
  await openNewPanel({ ports: { 41730: server.port }, memory: { pairing } }).state("ready");
  expect(server.pairingCodes).toHaveLength(1);
});

test("a wrong code is told and can be corrected", async () => {
  const panel = open();
  await panel.state("pairing");
  panel.connection.pair(wrong());
  await codeWanted(panel);
  expect(panel.connection.state).toMatchObject({
    type: "pairing",
    step: "enter_code",
    problem: expect.stringContaining("not the code"),
  });
  panel.connection.pair(shown());
  await panel.state("ready");
});

test("what cannot be a code is not sent, so it costs no try", async () => {
  const panel = open();
  await panel.state("pairing");
  for (let i = 0; i < 6; i++) panel.connection.pair("O0I1");
  expect(panel.connection.state).toMatchObject({
    step: "enter_code",
    problem: expect.stringContaining("never 0, 1, I or O"),
  });
  panel.connection.pair(shown());
  await panel.state("ready");
});

test("the fifth wrong code ends the window: a new one is on the terminal, and the panel says so", async () => {
  const clock = new ManualClock();
  const panel = open(clock);
  for (let i = 0; i < 5; i++) {
    await codeWanted(panel);
    clock.advance(2_000);
    panel.connection.pair(wrong());
  }
  await panel.until(() => server.pairingCodes.length === 2);
  await codeWanted(panel);
  expect(panel.connection.state).toMatchObject({ problem: expect.stringContaining("new one") });
  panel.connection.pair(shown());
  await panel.state("ready");
});

test("a window that expires: the panel says so, and asks for a new one only when it is told to", async () => {
  const clock = new ManualClock();
  const panel = open(clock);
  await panel.state("pairing");
  clock.advance(120_000);
  await panel.until(() => panel.states.length === 2);
  expect(panel.connection.state).toEqual({
    type: "pairing",
    step: "enter_code",
    expiresAtMs: clock.now(),
    problem: expect.stringContaining("expired"),
  });
  expect(panel.sockets).toHaveLength(1);
  panel.connection.retry();
  await panel.until(() => panel.states.length === 4);
  expect(panel.connection.state).toMatchObject({ type: "pairing", step: "enter_code", problem: null });
  panel.connection.pair(shown());
  await panel.state("ready");
});

test("the secret is replaced: the panel forgets its own and pairs anew", async () => {
  const panel = openPanel(server);
  await panel.state("ready");
  const other = await server.client();
  other.send({ type: "unpair" });
  await panel.lost("revoked");
  expect(panel.saved.pairing).toBeUndefined();
  await panel.state("pairing");
  panel.connection.pair(shown());
  await panel.state("ready");
  expect(panel.saved.pairing).toEqual({
    serverId: server.identity.serverId,
    secret: server.identity.revealSecret(),
  });
});

test("forget pairs anew, whatever was before", async () => {
  const panel = openPanel(server);
  await panel.state("ready");
  panel.connection.forget();
  expect(panel.connection.state).toEqual({ type: "connecting" });
  await panel.state("pairing");
  panel.connection.pair(shown());
  await panel.state("ready");
});

test("too many windows: overloaded, and the panel comes back by itself", async () => {
  const panel = open();
  for (let i = 0; i < 25; i++) {
    await codeWanted(panel);
    panel.connection.pair(wrong());
  }
  await panel.lost("overloaded");
  expect(panel.connection.state).toMatchObject({ retryAtMs: expect.any(Number) });
});
