import { describe, expect, it } from "vitest";
import { answer, artboard, beginRun, openWith, page, reference } from "./documents.ts";
import { openPlugin } from "./sandbox.ts";

// Protects what a run is given: the frame, the product's place in it, and the product's pixels in the same scale.

describe("begin_run", () => {
  it("answers with the frame, the product's place and its pixels in the frame's scale", async () => {
    const sandbox = await openWith([artboard], "1:3");
    const begun = answer(beginRun(sandbox, { scale: 2 }), "run_begun");
    expect(begun.frozen).toEqual({
      frame: { width: 1600, height: 1200 },
      placement: { x: 600, y: 400, width: 400, height: 600 },
      scale: 2,
    });
    expect(begun.product.sizePx).toEqual({ width: 400, height: 600 });
    expect(sandbox.call("exports")).toEqual([
      {
        id: "1:3",
        settings: {
          format: "PNG",
          constraint: { type: "SCALE", value: 2 },
          contentsOnly: true,
          colorProfile: "SRGB",
        },
      },
    ]);
  });

  it("places a rotated product by the box that is seen of it", async () => {
    const product = { id: "1:3", type: "RECTANGLE", x: 400, y: 200, width: 100, height: 200, rotation: 90 };
    const sandbox = await openWith([{ ...artboard, children: [product] }], "1:3");
    expect(answer(beginRun(sandbox), "run_begun").frozen.placement).toEqual({
      x: 200,
      y: 200,
      width: 200,
      height: 100,
    });
  });

  it("places a product at fractions as its export is rounded", async () => {
    const product = { id: "1:3", type: "RECTANGLE", x: 10.6, y: 20.9, width: 100, height: 50.2 };
    const sandbox = await openWith([{ ...artboard, x: 0, y: 0, children: [product] }], "1:3");
    expect(answer(beginRun(sandbox), "run_begun").frozen.placement).toEqual({ x: 10, y: 20, width: 101, height: 52 });
  });

  it("fills twice the product's box when the product lies directly on the page", async () => {
    const sandbox = await openWith([reference], "2:1");
    expect(answer(beginRun(sandbox), "run_begun").frozen).toEqual({
      frame: { width: 1000, height: 800 },
      placement: { x: 250, y: 200, width: 500, height: 400 },
      scale: 1,
    });
  });

  it("lets the area follow the product until the designer chooses one", async () => {
    const wide = { ...artboard, id: "5:1", width: 1000, children: [reference] };
    const sandbox = await openWith([artboard, wide], "1:3");
    const choose = (id: string, slot: "product" | "area") => {
      sandbox.call("select", [id]);
      sandbox.send({ type: "use_selection", slot });
    };
    const frameWidth = () => answer(beginRun(sandbox), "run_begun").frozen.frame.width;
    choose("2:1", "area");
    sandbox.send({ type: "clear_slot", slot: "area" });
    choose("1:3", "product");
    expect(frameWidth()).toBe(800);
    sandbox.call("moveNode", "1:3", "5:1");
    expect(frameWidth()).toBe(1000);
    choose("5:1", "area");
    sandbox.call("moveNode", "1:3", "1:1");
    expect(answer(beginRun(sandbox), "run_begun").frozen.frame.width).toBe(1000);
  });

  it("refuses a deleted area, and one on another page", async () => {
    const frame = { id: "5:1", type: "FRAME", name: "Far" };
    const sandbox = await openPlugin({
      pages: [page, { id: "0:2", type: "PAGE", children: [frame] }],
      selection: ["1:3"],
    });
    sandbox.send({ type: "ui_ready" });
    sandbox.call("goToPage", "0:2");
    sandbox.call("select", ["5:1"]);
    sandbox.send({ type: "use_selection", slot: "area" });
    const failure = answer(beginRun(sandbox), "host_error");
    expect(failure).toMatchObject({ code: "layer_missing", slot: "area" });
    expect(failure.message).toContain("not on the page");
    sandbox.call("deleteNode", "5:1");
    expect(answer(beginRun(sandbox), "host_error").message).toContain("was deleted");
  });

  it.each([
    ["layer_missing without a product", [artboard], null, "layer_missing", "product"],
    [
      "layer_invisible when nothing of the product is seen",
      [{ ...artboard, children: [{ id: "1:3", type: "RECTANGLE", visible: false }] }],
      "1:3",
      "layer_invisible",
      "product",
    ],
    [
      "layer_invisible when the product lies outside of its area",
      [{ ...artboard, children: [{ id: "1:3", type: "RECTANGLE", x: 900 }] }],
      "1:3",
      "layer_invisible",
      "area",
    ],
    [
      "picture_too_large for an area that no scale fits",
      [{ ...artboard, width: 8000, height: 100 }],
      "1:3",
      "picture_too_large",
      "area",
    ],
  ])("answers %s", async (_what, nodes, product, code, slot) => {
    const sandbox = await openWith(nodes, product ?? "1:1");
    if (product === null) sandbox.send({ type: "clear_slot", slot: "product" });
    expect(answer(beginRun(sandbox), "host_error")).toMatchObject({ code, slot, requestId: "begin" });
  });

  it("answers export_failed with what Figma said", async () => {
    const sandbox = await openWith([artboard], "1:3");
    sandbox.call("refuse", "export 1:3");
    const { code, message } = answer(beginRun(sandbox), "host_error");
    expect(code).toBe("export_failed");
    expect(message).toContain("out of memory");
  });
});

describe("export_picture", () => {
  it("exports at the layer's own size, capped on the longer side", async () => {
    const sandbox = await openWith([artboard, reference], "2:1");
    const ask = (maxSidePx: number) =>
      answer(sandbox.send({ type: "export_picture", requestId: "p", slot: "product", maxSidePx }), "picture").picture
        .sizePx;
    expect(ask(2048)).toEqual({ width: 500, height: 400 });
    expect(ask(250)).toEqual({ width: 250, height: 200 });
  });

  it("refuses a layer that comes out larger than a picture may be", async () => {
    const sandbox = await openWith([{ ...reference, width: 5000 }], "2:1");
    const messages = sandbox.send({ type: "export_picture", requestId: "p", slot: "product", maxSidePx: 8192 });
    expect(answer(messages, "host_error")).toMatchObject({ code: "picture_too_large", slot: "product" });
  });

  it("says which slot is empty", async () => {
    const sandbox = await openWith([artboard], "1:3");
    const messages = sandbox.send({ type: "export_picture", requestId: "p", slot: "reference", maxSidePx: 64 });
    expect(answer(messages, "host_error")).toMatchObject({ code: "layer_missing", slot: "reference", requestId: "p" });
  });
});
