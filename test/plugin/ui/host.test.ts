import { describe, expect, it } from "vitest";
import { createHost } from "../../../plugin/ui/host.ts";

// Protects the line to main: every request gets its own answer, and nobody else is heard.

interface Posted {
  readonly pluginMessage: { readonly requestId: string; readonly slot: string };
}

function open() {
  const posted: Posted[] = [];
  const frame = new EventTarget();
  const parent = { postMessage: (message: Posted) => void posted.push(message) };
  const say = (pluginMessage: object, source: object = parent) => {
    frame.dispatchEvent(Object.assign(new Event("message"), { source, data: { pluginMessage } }));
  };
  return { host: createHost(Object.assign(frame, { parent }) as unknown as Window), posted, say };
}

const ask = { slot: "product", maxSidePx: 64 } as const;
const picture = { bytes: new Uint8Array(), sizePx: { width: 1, height: 1 } };

describe("a request", () => {
  it("gets the answer with its own id", async () => {
    const { host, posted, say } = open();
    const [first, second] = [host.request("export_picture", ask), host.request("export_picture", ask)];
    const [a, b] = posted.map(({ pluginMessage }) => pluginMessage.requestId);
    say({ type: "picture", requestId: b, slot: "reference", picture });
    say({ type: "picture", requestId: a, slot: "product", picture });
    expect([(await first).slot, (await second).slot]).toEqual(["product", "reference"]);
  });

  it("that main cannot fulfil rejects with main's reason", async () => {
    const { host, posted, say } = open();
    const asked = host.request("export_picture", ask);
    const requestId = posted[0]?.pluginMessage.requestId;
    say({ type: "host_error", code: "export_failed", message: "Too large.", requestId, slot: "product" });
    await expect(asked).rejects.toMatchObject({ name: "HostError", code: "export_failed", slot: "product" });
  });

  it("that is aborted rejects at once, and its answer is dropped", async () => {
    const { host, posted, say } = open();
    const controller = new AbortController();
    const asked = host.request("export_picture", ask, controller.signal);
    controller.abort(new Error("enough"));
    await expect(asked).rejects.toThrow("enough");
    say({ type: "picture", requestId: posted[0]?.pluginMessage.requestId, slot: "product", picture });
    await expect(host.request("export_picture", ask, controller.signal)).rejects.toThrow("enough");
    expect(posted).toHaveLength(1);
  });
});

it("only main is heard, and only its envelopes", () => {
  const { host, say } = open();
  const heard: unknown[] = [];
  const stop = host.listen((message) => void heard.push(message.type));
  say({ type: "selection_changed", selection: [] }, {});
  say([]);
  say({ type: "selection_changed", selection: [] });
  stop();
  say({ type: "selection_changed", selection: [] });
  expect(heard).toEqual(["selection_changed"]);
});
