import { describe, expect, it } from "vitest";
import { answer, artboard, beginRun, childIds, insert, openWith, page, treeOf } from "./documents.ts";
import { openPlugin, type Sandbox } from "./sandbox.ts";

// Protects the document from previews: few images, one locked layer, and none left behind however a run ends.

const orphan = { id: "6:6", type: "RECTANGLE", name: "Backdrop preview", pluginData: { "backdrop-preview": "1" } };

async function running(): Promise<Sandbox> {
  const sandbox = await openWith([artboard], "1:3");
  answer(beginRun(sandbox, { canvasPreviews: true }), "run_begun");
  return sandbox;
}

function preview(sandbox: Sandbox, runId = "run") {
  const [message] = sandbox.send({ type: "show_preview", runId, jpeg: new Uint8Array([0xff, 0xd8]) });
  return message?.type === "preview_skipped" ? message.reason : message?.type;
}

describe("a canvas preview", () => {
  it("is one locked layer directly beneath the product, filling the area", async () => {
    const sandbox = await running();
    expect(preview(sandbox)).toBe("preview_shown");
    const [headline, layer, product] = treeOf(sandbox, "1:1").children;
    expect([headline?.id, product?.id]).toEqual(["1:2", "1:3"]);
    expect(layer).toMatchObject({
      locked: true,
      width: 800,
      height: 600,
      absoluteTransform: [
        [1, 0, 100],
        [0, 1, 50],
      ],
      fills: [{ type: "IMAGE", imageHash: "image-1" }],
    });
    sandbox.call("advance", 1500);
    expect(preview(sandbox)).toBe("preview_shown");
    expect(treeOf(sandbox, layer?.id ?? "").fills).toMatchObject([{ imageHash: "image-2" }]);
    expect(childIds(sandbox, "1:1")).toHaveLength(3);
  });

  it("comes at most every 1.5 s, and makes no image when it does not come", async () => {
    const sandbox = await running();
    preview(sandbox);
    sandbox.call("advance", 1499);
    expect(preview(sandbox)).toBe("too_soon");
    expect(sandbox.call("counts").images).toBe(1);
    sandbox.call("advance", 1);
    expect(preview(sandbox)).toBe("preview_shown");
  });

  it("leaves room for four results within eight images a run", async () => {
    const sandbox = await running();
    const outcomes = Array.from({ length: 10 }, () => {
      sandbox.call("advance", 2000);
      return preview(sandbox);
    });
    expect(outcomes.filter((outcome) => outcome === "preview_shown")).toHaveLength(4);
    expect(outcomes.slice(4)).toEqual(Array(6).fill("cap_reached"));
    for (let variant = 0; variant < 4; variant++) insert(sandbox);
    expect(sandbox.call("counts").images).toBe(8);
  });

  it("counts anew for another run", async () => {
    const sandbox = await running();
    preview(sandbox);
    beginRun(sandbox, { runId: "next", canvasPreviews: true });
    expect(preview(sandbox, "next")).toBe("preview_shown");
  });

  it("is not shown unless it was asked for, nor for a run that is unknown or over", async () => {
    const sandbox = await openWith([artboard], "1:3");
    beginRun(sandbox);
    expect(preview(sandbox)).toBe("off");
    expect(preview(sandbox, "unknown")).toBe("off");
    beginRun(sandbox, { runId: "next", canvasPreviews: true });
    sandbox.send({ type: "end_run", runId: "next" });
    expect(preview(sandbox, "next")).toBe("off");
  });

  it("is not shown when the product was deleted", async () => {
    const sandbox = await running();
    sandbox.call("deleteNode", "1:3");
    expect(preview(sandbox)).toBe("product_deleted");
  });

  it("is painted again after the designer deleted it", async () => {
    const sandbox = await running();
    preview(sandbox);
    const layer = childIds(sandbox, "1:1")[1] ?? "";
    sandbox.call("deleteNode", layer);
    sandbox.call("advance", 2000);
    expect(preview(sandbox)).toBe("preview_shown");
    expect(childIds(sandbox, "1:1")).not.toContain(layer);
  });

  it("that cannot be shown turns previews off, and the run goes on", async () => {
    const sandbox = await running();
    sandbox.send({ type: "show_preview", runId: "run", jpeg: new Uint8Array() });
    expect(preview(sandbox)).toBe("off");
    expect(childIds(sandbox, "1:1")).toEqual(["1:2", "1:3"]);
    insert(sandbox);
  });
});

describe("its removal", () => {
  it("comes with the end of the run", async () => {
    const sandbox = await running();
    preview(sandbox);
    sandbox.send({ type: "end_run", runId: "run" });
    expect(childIds(sandbox, "1:1")).toEqual(["1:2", "1:3"]);
  });

  it("comes before a result, outside of the result's undo step", async () => {
    const sandbox = await running();
    preview(sandbox);
    const layer = childIds(sandbox, "1:1")[1];
    sandbox.call("log");
    const id = insert(sandbox);
    expect(childIds(sandbox, "1:1")).toEqual(["1:2", id, "1:3"]);
    expect(sandbox.call("log").slice(0, 2)).toEqual([`${layer} remove`, "commit"]);
    sandbox.call("advance", 2000);
    expect(preview(sandbox), "nothing covers the result").toBe("off");
  });

  it.each([
    ["the panel closes the plugin", (sandbox: Sandbox) => void sandbox.send({ type: "close" })],
    ["Figma closes it", (sandbox: Sandbox) => void sandbox.call("close")],
  ])("comes when %s", async (_what, close) => {
    const sandbox = await running();
    preview(sandbox);
    close(sandbox);
    expect(sandbox.call("counts").closed).toBe(true);
    expect(childIds(sandbox, "1:1")).toEqual(["1:2", "1:3"]);
  });

  it("sweeps what a crash left, at launch and on entering a page, and spares the preview of a run", async () => {
    const second = { id: "0:2", type: "PAGE", children: [{ ...orphan, id: "6:7" }] };
    const first = { ...page, children: [...(page.children ?? []), orphan] };
    const sandbox = await openPlugin({ pages: [first, second], selection: ["1:3"] });
    expect(childIds(sandbox, "0:1")).toEqual(["1:1", "2:1"]);
    expect(sandbox.call("log")).toEqual(["commit", "6:6 remove", "commit"]);

    sandbox.send({ type: "ui_ready" });
    beginRun(sandbox, { canvasPreviews: true });
    preview(sandbox);
    sandbox.call("goToPage", "0:2");
    expect(childIds(sandbox, "0:2")).toEqual([]);
    sandbox.call("goToPage", "0:1");
    expect(childIds(sandbox, "1:1")).toHaveLength(3);
  });
});
