import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { InventoryInfo } from "../../../shared/protocol/inventory.ts";
import { tinyEntry } from "../../install/tinyEntry.ts";
import { startTestServer, type TestServer } from "../../server/testServer.ts";
import { closePanels, openPanel } from "./panel.ts";

// What the panel's connection makes of installations: it is the same connection before and after.

let server: TestServer;
beforeAll(async () => {
  const { entry } = await tinyEntry();
  // There is no such program, so that every installation fails at once.
  server = await startTestServer({ install: { childPath: "/nowhere.js", catalogue: [entry] } });
});
afterEach(closePanels);
afterAll(() => server.remove());

test("asks, and hears how it ends, without connecting anew", async () => {
  const panel = openPanel(server);
  expect((await panel.state("ready")).packages).toMatchObject([{ name: "tiny", state: { type: "absent" } }]);
  const heard: InventoryInfo[] = [];
  panel.connection.listen({ onInventory: (inventory) => heard.push(inventory) });
  panel.connection.install("tiny", true);
  await panel.until(() => heard.at(-1)?.packages[0]?.state.type === "failed");
  expect(heard.map(({ packages }) => packages[0]?.state.type)).toEqual(["waiting", "starting", "failed"]);
  expect(panel.states.filter(({ type }) => type === "ready")).toHaveLength(1);
  expect((await panel.state("ready")).packages[0]?.state.type).toBe("failed");
});
