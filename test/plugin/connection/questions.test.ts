import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../../server/testServer.ts";
import { closePanels, openPanel } from "./panel.ts";

// What helpers are asked, over connections that come and go; the stub describes a picture by its bytes.

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterEach(closePanels);
afterAll(() => server.remove());

const points = [{ x: 0.5, y: 0.5, keep: true }];

test("a mask and a sentence, each for its own question", async () => {
  const { connection } = openPanel(server);
  const [chair, lamp] = await Promise.all(["a chair", "a lamp"].map((text) => connection.upload(Buffer.from(text))));
  const [mask, ofChair, ofLamp] = await Promise.all([
    connection.segment(chair ?? "", points),
    connection.describe(chair ?? ""),
    connection.describe(lamp ?? ""),
  ]);
  expect(JSON.parse(Buffer.from(mask).toString())).toEqual(points);
  expect([ofChair, ofLamp]).toEqual(["a chair", "a lamp"]);
});

test("a question that is lost with its connection is asked again", async () => {
  let cuts = 0;
  const { connection } = openPanel(server, {
    onSend(data, socket) {
      if (typeof data === "string" && data.includes('"describe"') && cuts++ === 0) socket.terminate();
    },
  });
  expect(await connection.describe(await connection.upload(Buffer.from("a vase")))).toBe("a vase");
  expect(cuts).toBe(2);
});

test("a refusal rejects its question, and a withdrawal says so to the server", async () => {
  const sent: string[] = [];
  const { connection } = openPanel(server, { onSend: (data) => void (typeof data === "string" && sent.push(data)) });
  const missing = await connection.upload(Buffer.from("missing"));
  await expect(connection.describe(missing)).rejects.toMatchObject({ code: "helper_missing" });
  await expect(connection.describe("0".repeat(64))).rejects.toMatchObject({ code: "image_missing" });

  const slow = await connection.upload(Buffer.from("wait"));
  const withdrawal = new AbortController();
  const withdrawn = connection.describe(slow, withdrawal.signal);
  withdrawal.abort(new Error("enough"));
  await expect(withdrawn).rejects.toThrow("enough");
  expect(sent.at(-1)).toContain('"withdraw"');
  await expect(connection.describe(slow, withdrawal.signal)).rejects.toThrow("enough");
});

test("closing the panel ends what is open", async () => {
  const { connection } = openPanel(server);
  const open = connection.describe(await connection.upload(Buffer.from("wait a little")));
  connection.close();
  await expect(open).rejects.toMatchObject({ code: "shutting_down" });
});
