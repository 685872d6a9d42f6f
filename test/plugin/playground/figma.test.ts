import sharp from "sharp";
import { describe, expect, it, test } from "vitest";
import { TestPlugin } from "./testPlugin.ts";

describe("layers", () => {
  it("are removed for good: every use of what was removed throws", () => {
    const { figma } = new TestPlugin();
    const layer = figma.createRectangle();
    layer.remove();
    expect(layer.removed).toBe(true);
    expect(() => layer.name).toThrow(`in get_name: The node with id "${layer.id}" does not exist`);
    expect(() => layer.resize(1, 1)).toThrow("does not exist");
    expect(() => {
      layer.visible = false;
    }).toThrow("in set_visible");
    expect(() => figma.currentPage.appendChild(layer)).toThrow("does not exist");
  });

  it("give copies of their fills and take copies", () => {
    const { figma } = new TestPlugin();
    const layer = figma.createRectangle();
    const mine = [{ type: "SOLID", color: { r: 1, g: 0, b: 0 } }];
    layer.fills = mine;
    mine[0] = { type: "SOLID", color: { r: 0, g: 1, b: 0 } };
    const read: { color: { r: number } }[] = layer.fills;
    expect(read).toEqual([{ type: "SOLID", color: { r: 1, g: 0, b: 0 } }]);
    for (const paint of read) paint.color.r = 0;
    expect(layer.fills).toEqual([{ type: "SOLID", color: { r: 1, g: 0, b: 0 } }]);
  });

  it("refuse values of another type, and properties that they do not have", () => {
    const { figma } = new TestPlugin();
    const layer = figma.createRectangle();
    expect(() => {
      layer.opacity = 2;
    }).toThrow('in set_opacity: Property "opacity" failed validation: Expected number from 0 to 1, received number');
    expect(() => {
      layer.fills = [{ type: "VIDEO" }];
    }).toThrow("in set_fills");
    expect(() => {
      layer.width = 5;
    }).toThrow("in set_width");
    expect(() => Object.assign(layer, { colour: "red" })).toThrow(TypeError);
    expect(() => Object.assign(figma.currentPage, { colour: "red" })).toThrow(TypeError);
  });

  it("are placed by their transform, size and rotation", () => {
    const { figma } = new TestPlugin();
    const layer = figma.createRectangle();
    layer.resize(30, 10.5);
    layer.relativeTransform = [
      [0, 1, 7.25],
      [-1, 0, 40],
    ];
    expect([layer.x, layer.y, layer.rotation, layer.width, layer.height]).toEqual([7.25, 40, 90, 30, 10.5]);
    expect(layer.absoluteBoundingBox).toEqual({ x: 7.25, y: 10, width: 10.5, height: 30 });
    expect(() => {
      layer.relativeTransform = [1, 0, 0];
    }).toThrow("in set_relativeTransform");
  });

  it("go into frames, groups and the page, but not into an instance", () => {
    const { figma, add, api } = new TestPlugin();
    const instance = add("INSTANCE");
    const inner = add("FRAME", instance);
    const layer = figma.createRectangle();
    const message = "Cannot move node. New parent is an instance or is inside of an instance";
    for (const id of [instance, inner]) {
      expect(() => api(id).insertChild(0, layer)).toThrow(`in insertChild: ${message}`);
    }
    expect(() => figma.group([layer], api(instance))).toThrow(`in group: ${message}`);
    expect(() => api(inner).remove()).toThrow("in remove: Removing this node is not allowed");
  });

  it("take an absolute position only in auto layout", () => {
    const { figma } = new TestPlugin();
    const frame = figma.createFrame();
    const layer = figma.createRectangle();
    frame.appendChild(layer);
    expect(() => {
      layer.layoutPositioning = "ABSOLUTE";
    }).toThrow("layoutMode !== NONE");
    frame.layoutMode = "VERTICAL";
    layer.layoutPositioning = "ABSOLUTE";
    layer.x = 33;
    expect(layer.x).toBe(33);
    layer.layoutPositioning = "AUTO";
    expect(layer.x).toBe(0);
  });

  it("hold private data of at most 100 kB an entry", () => {
    const { figma } = new TestPlugin();
    const layer = figma.createRectangle();
    layer.setPluginData("key", "x".repeat(99_000));
    expect(() => layer.setPluginData("key", "x".repeat(100_001))).toThrow("at most 100 kB");
    expect(layer.getPluginData("key")).toHaveLength(99_000);
    expect(figma.currentPage.findAllWithCriteria({ types: ["RECTANGLE"], pluginData: { keys: ["key"] } })).toEqual([
      layer,
    ]);
    layer.setPluginData("key", "");
    expect(layer.getPluginDataKeys()).toEqual([]);
  });

  it("of text want their font loaded first", async () => {
    const { figma } = new TestPlugin();
    const text = figma.createText();
    const write = () => {
      text.characters = "Hello";
    };
    expect(write).toThrow('unloaded font "Inter Regular"');
    await figma.loadFontAsync({ family: "Inter", style: "Regular" });
    write();
    expect(text.characters).toBe("Hello");
  });
});

describe("undo", () => {
  it("takes back what was written between two commits, in one step, and redo brings it back", () => {
    const { figma, desk } = new TestPlugin();
    const before = desk.tree;
    figma.commitUndo();
    const layer = figma.createRectangle();
    layer.name = "Background";
    layer.setPluginData("key", "value");
    figma.commitUndo();
    desk.undo();
    expect(desk.tree).toBe(before);
    expect(layer.removed).toBe(true);
    desk.redo();
    expect([layer.removed, layer.name]).toEqual([false, "Background"]);
  });

  it("swallows writes that were not committed", () => {
    const { figma, desk } = new TestPlugin();
    const layer = figma.createRectangle();
    figma.commitUndo();
    layer.name = "not committed";
    figma.triggerUndo();
    expect([layer.removed, layer.name]).toEqual([false, "Rectangle"]);
    desk.undo();
    expect(layer.removed).toBe(true);
  });
});

test("pictures are known by their hash, and refused when Figma would refuse them", async () => {
  const { figma, posted } = new TestPlugin();
  const blank = sharp({ create: { width: 8, height: 4, channels: 3, background: "#fff" } });
  const png = new Uint8Array(await blank.png().toBuffer());
  const image = figma.createImage(png);
  expect(image.hash).toMatch(/^[0-9a-f]{40}$/);
  expect(figma.createImage(png.slice()).hash).toBe(image.hash);
  expect(await image.getSizeAsync()).toEqual({ width: 8, height: 4 });
  expect(await image.getBytesAsync()).toEqual(png);
  expect(figma.getImageByHash("nothing")).toBeNull();
  expect(posted("picture")).toHaveLength(2);
  const webp = new Uint8Array(await blank.webp().toBuffer());
  expect(() => figma.createImage(webp)).toThrow("in createImage: Image type is unsupported");
  expect(() => figma.createImage([...png])).toThrow("in createImage: Expected Uint8Array");
});

test("with dynamic pages only the asynchronous ways to other layers are open", async () => {
  const { figma } = new TestPlugin();
  const layer = figma.createRectangle();
  expect(() => figma.getNodeById(layer.id)).toThrow("Use figma.getNodeByIdAsync instead");
  expect(await figma.getNodeByIdAsync(layer.id)).toBe(layer);
  expect(await figma.getNodeByIdAsync("9:9")).toBeNull();
  expect(() => {
    figma.currentPage = figma.root;
  }).toThrow("Use figma.setCurrentPageAsync instead");
  expect(() => figma.on("documentchange", () => {})).toThrow("figma.loadAllPagesAsync");
});

describe("events", () => {
  it("come after the turn in which they were caused, together", () => {
    const { figma, desk } = new TestPlugin();
    const heard: unknown[] = [];
    figma.on("selectionchange", () => heard.push("selection"));
    figma.currentPage.on("nodechange", ({ nodeChanges }: { nodeChanges: { type: string }[] }) =>
      heard.push(nodeChanges.map(({ type }) => type)),
    );
    const layer = figma.createRectangle();
    layer.name = "named";
    figma.currentPage.selection = [layer];
    expect(heard).toEqual([]);
    desk.flush();
    expect(heard).toEqual([["CREATE"], "selection"]);
    layer.remove();
    desk.flush();
    expect(heard.slice(2)).toEqual([["DELETE"], "selection"]);
  });

  it("reach the other listeners when one throws", () => {
    const { figma, desk, errors } = new TestPlugin();
    let isHeard = false;
    figma.on("selectionchange", () => {
      throw new Error("mine");
    });
    figma.on("selectionchange", () => {
      isHeard = true;
    });
    figma.currentPage.selection = [figma.createRectangle()];
    desk.flush();
    expect([isHeard, errors.map(String)]).toEqual([true, ["Error: mine"]]);
  });

  it("tell a selection in the order of the layers, not of the clicks", () => {
    const { figma } = new TestPlugin();
    const [a, b] = [figma.createRectangle(), figma.createRectangle()];
    figma.currentPage.selection = [b, a];
    expect(figma.currentPage.selection).toEqual([a, b]);
  });
});

test("a notice is cut to 100 characters", () => {
  const { figma, posted } = new TestPlugin();
  figma.notify("n".repeat(150), { error: true });
  const [message] = posted("toast");
  expect(message?.toast).toMatchObject({ message: `${"n".repeat(99)}…`, isError: true, timeoutMs: 3000 });
});

test("clientStorage keeps copies, tells the page, and has room for 5 MB", async () => {
  const { figma, posted } = new TestPlugin({ stored: { port: 41731 } });
  expect(await figma.clientStorage.getAsync("port")).toBe(41731);
  const value = { list: [1] };
  await figma.clientStorage.setAsync("key", value);
  value.list.push(2);
  expect(await figma.clientStorage.getAsync("key")).toEqual({ list: [1] });
  await expect(figma.clientStorage.setAsync("large", "x".repeat(5_000_001))).rejects.toThrow("at most 5 MB");
  await figma.clientStorage.deleteAsync("key");
  expect(await figma.clientStorage.keysAsync()).toEqual(["port"]);
  expect(posted("store").map(({ key }) => key)).toEqual(["key", "key"]);
});

test("messages reach the panel once it is shown, and not before", () => {
  const { figma, posted } = new TestPlugin();
  expect(() => figma.ui.postMessage("early")).toThrow("call figma.showUI() first");
  figma.showUI("<p></p>", { width: 10, height: 300, themeColors: true });
  figma.ui.postMessage({ bytes: new Uint8Array([1]) });
  const options = { visible: true, title: null, width: 70, height: 300, themeColors: true };
  expect(posted("show_ui")).toEqual([{ type: "show_ui", html: "<p></p>", options }]);
  expect(posted("to_ui")).toEqual([{ type: "to_ui", message: { bytes: new Uint8Array([1]) } }]);
});

test("a closed plugin writes nothing any more, and what it had written is one step", () => {
  const { figma, desk, posted } = new TestPlugin();
  let isToldClosed = false;
  figma.on("close", () => {
    isToldClosed = true;
  });
  figma.createRectangle();
  const layer = figma.createRectangle();
  figma.closePlugin("bye");
  expect([isToldClosed, posted("plugin_closed")]).toEqual([true, [{ type: "plugin_closed", message: "bye" }]]);
  expect(() => figma.createRectangle()).toThrow("The plugin was closed");
  desk.undo();
  expect(layer.removed).toBe(true);
});
