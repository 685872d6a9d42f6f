import { describe, expect, it } from "vitest";
import { type Affine, translation } from "../../../plugin/main/transforms.ts";
import {
  answer,
  artboard,
  beginRun,
  childIds,
  insert,
  insertAnswers,
  openWith,
  recipe,
  reference,
  type Tree,
  treeOf,
} from "./documents.ts";
import { fakePng, type NodeSpec } from "./fakeNodes.ts";
import { openPlugin, type Sandbox } from "./sandbox.ts";

// Protects what a designer finds in the document: the background exactly in its place beneath the product, undone by one step,
// and nothing else changed.

const bottle: NodeSpec = { id: "1:3", type: "RECTANGLE", name: "Bottle", x: 50, y: 60, width: 100, height: 100 };

/** Opens, runs and inserts; tells the layer, and its parent's children. */
async function inserted(nodes: readonly NodeSpec[], parentId: string) {
  const sandbox = await openWith(nodes, "1:3");
  const product = treeOf(sandbox, "1:3");
  answer(beginRun(sandbox), "run_begun");
  const id = insert(sandbox);
  expect(treeOf(sandbox, "1:3"), "the product is untouched").toEqual(product);
  return { sandbox, id, layer: treeOf(sandbox, id), siblings: childIds(sandbox, parentId) };
}

function expectBox({ width, height, absoluteTransform }: Tree, transform: Affine, size: readonly [number, number]) {
  expect([width, height]).toEqual(size);
  absoluteTransform.flat().forEach((value, i) => {
    expect(value).toBeCloseTo(transform.flat()[i] ?? Number.NaN, 9);
  });
}

describe("a result", () => {
  it("is a picture directly beneath the product, filling the area, with its recipe", async () => {
    const { id, layer, siblings } = await inserted([artboard], "1:1");
    expect(siblings).toEqual(["1:2", id, "1:3"]);
    expectBox(layer, translation(100, 50), [800, 600]);
    expect(layer).toMatchObject({
      type: "RECTANGLE",
      name: "Background 1 #7 / a wooden table",
      visible: true,
      locked: false,
      fills: [{ type: "IMAGE", scaleMode: "FILL", imageHash: "image-1" }],
    });
    expect(JSON.parse(layer.data.backdrop ?? "")).toEqual(recipe);
    expect(JSON.parse(layer.data.relaunch ?? "")).toEqual({ regenerate: "" });
  });

  it("keeps the fractions of its area", async () => {
    const { layer } = await inserted([{ ...artboard, x: 100.25, y: 50.7, width: 333.3 }], "1:1");
    expectBox(layer, translation(100.25, 50.7), [333.3, 600]);
  });

  it("stands upright in the page though its parent is rotated", async () => {
    const turned: NodeSpec = { ...artboard, width: 300, height: 200, rotation: 90, children: [bottle] };
    const { id, layer, siblings } = await inserted([turned], "1:1");
    expect(siblings).toEqual([id, "1:3"]);
    expectBox(layer, translation(-100, 50), [200, 300]);
  });

  it("stays out of auto layout", async () => {
    const row: NodeSpec = { ...artboard, layoutMode: "HORIZONTAL" };
    const { id, layer, siblings } = await inserted([row], "1:1");
    expect(layer.layoutPositioning).toBe("ABSOLUTE");
    expect(siblings).toEqual(["1:2", id, "1:3"]);
    expectBox(layer, translation(100, 50), [800, 600]);
  });

  it("is beneath the product where the first child is on top", async () => {
    const { id, siblings } = await inserted(
      [{ ...artboard, layoutMode: "HORIZONTAL", itemReverseZIndex: true }],
      "1:1",
    );
    expect(siblings).toEqual(["1:2", "1:3", id]);
  });

  it("goes beneath the instance that the product lies in", async () => {
    const inner: NodeSpec = { id: "4:2", type: "FRAME", children: [bottle] };
    const instance: NodeSpec = {
      id: "4:1",
      type: "INSTANCE",
      x: 30,
      y: 40,
      width: 200,
      height: 200,
      children: [inner],
    };
    const { id, siblings } = await inserted([{ ...artboard, children: [reference, instance] }], "1:1");
    expect(siblings).toEqual(["2:1", id, "4:1"]);
  });

  it("goes beneath the shape that the product is a part of", async () => {
    const shape: NodeSpec = { id: "4:1", type: "BOOLEAN_OPERATION", children: [bottle] };
    const { id, siblings } = await inserted([{ ...artboard, children: [shape] }], "1:1");
    expect(siblings).toEqual([id, "4:1"]);
  });

  it("lies in the product's group, placed in the frame around it", async () => {
    const group: NodeSpec = { id: "4:1", type: "GROUP", children: [{ ...bottle, x: -10, y: -20 }] };
    const { id, layer, siblings } = await inserted([{ ...artboard, children: [group] }], "4:1");
    expect(siblings).toEqual([id, "1:3"]);
    expectBox(layer, translation(100, 50), [800, 600]);
  });

  it("leaves a group alone that auto layout would move when it grows", async () => {
    const group: NodeSpec = { id: "4:1", type: "GROUP", children: [{ ...bottle, x: 0, y: 0 }] };
    const { id, siblings } = await inserted([{ ...artboard, layoutMode: "HORIZONTAL", children: [group] }], "1:1");
    expect(siblings).toEqual([id, "4:1"]);
  });

  it("has a short name, cut between words", async () => {
    const sandbox = await openWith([artboard], "1:3");
    beginRun(sandbox);
    const prompt = "a wooden table in the evening sun,\nwith a bowl of lemons";
    const id = insert(sandbox, { recipe: { ...recipe, settings: { prompt, seed: 1 } } });
    expect(treeOf(sandbox, id).name).toBe("Background 1 #1 / a wooden table in the evening sun, with…");
    const plain = insert(sandbox, { recipe: { ...recipe, settings: {} }, replace: id });
    expect(treeOf(sandbox, plain).name).toBe("Background 1");
  });

  it("is undone by one step: all that is written lies between two commits, and nothing touches the product", async () => {
    const sandbox = await openWith([artboard], "1:3");
    beginRun(sandbox);
    sandbox.call("log");
    const id = insert(sandbox);
    const log = sandbox.call("log");
    expect([log[0], log[log.length - 1]]).toEqual(["commit", "commit"]);
    expect(log.filter((entry) => entry === "commit")).toHaveLength(2);
    const written = new Set(log.filter((entry) => entry !== "commit").map((entry) => entry.split(" ")[0]));
    // The root remembers the reference.
    expect(written).toEqual(new Set([id, "1:1", "0:0"]));
  });

  it("moves along when the area was moved during the run, but not with the product", async () => {
    const sandbox = await openWith([artboard], "1:3");
    beginRun(sandbox);
    sandbox.call("edit", "1:1", { x: 500.5, y: -20 });
    sandbox.call("edit", "1:3", { x: 0 });
    expectBox(treeOf(sandbox, insert(sandbox)), translation(500.5, -20), [800, 600]);
  });

  it("can be inserted after the run ended, and in a later opening", async () => {
    const sandbox = await openWith([artboard], "1:3");
    beginRun(sandbox);
    sandbox.send({ type: "end_run", runId: "run" });
    const id = insert(sandbox);
    expect(childIds(sandbox, "1:1")).toEqual(["1:2", id, "1:3"]);
    const later = await openWith([artboard], "1:2");
    expectBox(treeOf(later, insert(later)), translation(100, 50), [800, 600]);
  });
});

describe("a deleted product", () => {
  it("does not keep the result from its place", async () => {
    const sandbox = await openWith([artboard, reference], "1:3");
    beginRun(sandbox);
    sandbox.call("deleteNode", "1:3");
    sandbox.call("moveNode", "2:1", "1:1");
    const id = insert(sandbox);
    expect(childIds(sandbox, "1:1")).toEqual(["1:2", id, "2:1"]);
    expectBox(treeOf(sandbox, id), translation(100, 50), [800, 600]);
  });

  it("and everything else in its frame leave the frame itself", async () => {
    const sandbox = await openWith([artboard], "1:3");
    beginRun(sandbox);
    sandbox.call("deleteNode", "1:2");
    sandbox.call("deleteNode", "1:3");
    const id = insert(sandbox);
    expect(childIds(sandbox, "1:1")).toEqual([id]);
  });

  it("leaves the page when its frame is deleted too", async () => {
    const sandbox = await openWith([reference, artboard], "1:3");
    beginRun(sandbox);
    sandbox.call("deleteNode", "1:1");
    const id = insert(sandbox);
    expect(childIds(sandbox, "0:1")).toEqual(["2:1", id]);
    expectBox(treeOf(sandbox, id), translation(100, 50), [800, 600]);
  });

  it("is an error that says what to do when nothing is left, and nothing stays behind", async () => {
    const sandbox = await openWith([artboard], "1:3");
    beginRun(sandbox);
    sandbox.call("refuse", "insert 1:1");
    sandbox.call("refuse", "insert 0:1");
    const failure = answer(insertAnswers(sandbox), "host_error");
    expect(failure).toMatchObject({ code: "insert_failed", requestId: "insert" });
    expect(failure.message).toMatch(/takes no children.*generate again/);
    expect(childIds(sandbox, "0:1")).toEqual(["1:1"]);
  });

  it("is an error in a later opening, where nothing was frozen", async () => {
    const sandbox = await openWith([reference], "2:1");
    expect(answer(insertAnswers(sandbox), "host_error")).toMatchObject({ code: "insert_failed", requestId: "insert" });
  });
});

describe("variants", () => {
  it("form a group beneath the product, of which the latest is visible", async () => {
    const sandbox = await openWith([artboard], "1:3");
    beginRun(sandbox);
    const ids = [1, 2, 3].map((variant) =>
      insert(sandbox, { recipe: { ...recipe, variant, settings: { ...recipe.settings, seed: variant } } }),
    );
    const [, group] = treeOf(sandbox, "1:1").children;
    expect(childIds(sandbox, "1:1")).toEqual(["1:2", group?.id, "1:3"]);
    expect(group).toMatchObject({ type: "GROUP", name: "Background / a wooden table" });
    expect(group?.children.map(({ id }) => id)).toEqual([...ids].reverse());
    expect(ids.map((id) => treeOf(sandbox, id).visible)).toEqual([false, false, true]);
    for (const id of ids) expectBox(treeOf(sandbox, id), translation(100, 50), [800, 600]);
  });

  it("are grouped in one undo step, out of auto layout", async () => {
    const sandbox = await openWith([{ ...artboard, layoutMode: "HORIZONTAL" }], "1:3");
    const product = treeOf(sandbox, "1:3");
    beginRun(sandbox);
    const first = insert(sandbox);
    sandbox.call("log");
    const second = insert(sandbox);
    expect(sandbox.call("log").filter((entry) => entry === "commit")).toHaveLength(2);
    for (const id of [first, second]) expectBox(treeOf(sandbox, id), translation(100, 50), [800, 600]);
    expect(treeOf(sandbox, "1:3")).toEqual(product);
  });

  it("that come in one go form one group as well", async () => {
    const sandbox = await openWith([artboard], "1:3");
    beginRun(sandbox);
    const message = {
      type: "insert_result",
      runId: "run",
      png: fakePng(800, 600),
      recipe,
      isAutomatic: false,
    } as const;
    const answers = sandbox.send({ ...message, requestId: "a" }, { ...message, requestId: "b" });
    expect(answers.map((given) => given.type === "inserted" && given.requestId)).toEqual(["a", "b"]);
    const [, group] = treeOf(sandbox, "1:1").children;
    expect(group?.children).toHaveLength(2);
  });

  it("of an earlier opening, on another page, keep a run's end from inserting one", async () => {
    const pluginData = { backdrop: JSON.stringify({ ...recipe, variant: 2 }) };
    const background: NodeSpec = { id: "5:1", type: "RECTANGLE", pluginData };
    const children = [...(artboard.children ?? []), background];
    const elsewhere = { id: "0:2", type: "PAGE", children: [{ ...artboard, children }] };
    const sandbox = await openPlugin({ pages: [{ id: "0:1", type: "PAGE" }, elsewhere] });
    const [answered] = insertAnswers(sandbox, { runId: "job", isAutomatic: true });
    expect(answered).toMatchObject({ type: "inserted", nodeId: "5:1", variant: 2, isNew: false });
    expect(childIds(sandbox, "1:1")).toEqual(["1:2", "1:3", "5:1"]);
  });

  it("of an earlier opening are grouped with what is inserted now", async () => {
    const earlier = await openWith([artboard], "1:3");
    beginRun(earlier);
    insert(earlier);
    const [, placed] = treeOf(earlier, "1:1").children;
    const background: NodeSpec = {
      id: "5:1",
      type: "RECTANGLE",
      pluginData: { backdrop: placed?.data.backdrop ?? "" },
    };
    const other = { ...background, id: "5:2", pluginData: { backdrop: JSON.stringify({ ...recipe, jobId: "other" }) } };
    const [headline, product] = artboard.children ?? [];
    if (headline === undefined || product === undefined) throw new Error("the artboard has both");
    const sandbox = await openWith([{ ...artboard, children: [headline, other, background, product] }], "1:3");
    const id = insert(sandbox, { runId: "job", recipe: { ...recipe, variant: 2 } });
    const [, , group] = treeOf(sandbox, "1:1").children;
    expect(group?.children.map((child) => [child.id, child.visible])).toEqual([
      [id, true],
      ["5:1", false],
    ]);
  });

  it("of which the first was deleted by hand start again with a plain layer", async () => {
    const sandbox = await openWith([artboard], "1:3");
    beginRun(sandbox);
    sandbox.call("deleteNode", insert(sandbox));
    const second = insert(sandbox);
    expect(childIds(sandbox, "1:1")).toEqual(["1:2", second, "1:3"]);
    expect(treeOf(sandbox, second).visible).toBe(true);
  });
});

describe("showing a result in the canvas", () => {
  const visibleOf = (sandbox: Sandbox, ids: readonly string[]) => ids.map((id) => treeOf(sandbox, id).visible);

  it("lets a hidden variant be seen instead of the others, in one undo step", async () => {
    const sandbox = await openWith([artboard], "1:3");
    beginRun(sandbox);
    const ids = [1, 2].map((variant) => insert(sandbox, { recipe: { ...recipe, variant } }));
    sandbox.call("log");
    sandbox.send({ type: "show_layer", nodeId: ids[0] ?? "" });
    expect(visibleOf(sandbox, ids)).toEqual([true, false]);
    const log = sandbox.call("log");
    expect([log[0], log.filter((entry) => entry === "commit").length, log[log.length - 1]]).toEqual([
      "commit",
      2,
      "commit",
    ]);
  });

  it("hides nothing where the recipe is of a later version", async () => {
    const sandbox = await openWith([artboard], "1:3");
    beginRun(sandbox);
    const id = insert(sandbox, { recipe: JSON.parse(JSON.stringify({ ...recipe, version: 2 })) });
    sandbox.send({ type: "show_layer", nodeId: id });
    expect(visibleOf(sandbox, [id, "1:2", "1:3"])).toEqual([true, true, true]);
  });

  it("hides what was inserted over it beneath the same product, and nothing else", async () => {
    const sandbox = await openWith([artboard], "1:3");
    beginRun(sandbox);
    const first = insert(sandbox);
    beginRun(sandbox, { runId: "again" });
    const over = insert(sandbox, { runId: "again", recipe: { ...recipe, jobId: "again" } });
    beginRun(sandbox, { runId: "other" });
    const others = insert(sandbox, {
      runId: "other",
      recipe: { ...recipe, layers: { ...recipe.layers, product: "1:2" } },
    });
    sandbox.send({ type: "show_layer", nodeId: first });
    expect(visibleOf(sandbox, [first, over, others, "1:2", "1:3"])).toEqual([true, false, true, true, true]);
    sandbox.send({ type: "show_layer", nodeId: over });
    expect(visibleOf(sandbox, [first, over])).toEqual([true, true]);
  });
});

describe("replacing and removing", () => {
  it("puts the new result in the place of the earlier one in one undo step", async () => {
    const sandbox = await openWith([artboard], "1:3");
    beginRun(sandbox);
    const earlier = insert(sandbox);
    beginRun(sandbox, { runId: "again" });
    sandbox.call("log");
    const later = insert(sandbox, { runId: "again", replace: earlier });
    expect(childIds(sandbox, "1:1")).toEqual(["1:2", later, "1:3"]);
    const log = sandbox.call("log");
    expect(log).toContain(`${earlier} remove`);
    expect(log.filter((entry) => entry === "commit")).toHaveLength(2);
  });

  it("shows the variant that replaces the visible one, without a group of its own", async () => {
    const sandbox = await openWith([artboard], "1:3");
    beginRun(sandbox);
    const [first, second] = [insert(sandbox), insert(sandbox)];
    const third = insert(sandbox, { replace: first });
    const [, group] = treeOf(sandbox, "1:1").children;
    expect(group?.children.map(({ id, visible }) => [id, visible])).toEqual([
      [third, true],
      [second, false],
    ]);
  });

  it("never removes a layer that is not ours", async () => {
    const sandbox = await openWith([artboard], "1:3");
    beginRun(sandbox);
    const id = insert(sandbox, { replace: "1:2" });
    expect(childIds(sandbox, "1:1")).toEqual(["1:2", id, "1:3"]);
    const messages = sandbox.send({ type: "remove_result", requestId: "r", nodeId: "1:2" });
    expect(answer(messages, "host_error")).toMatchObject({ code: "layer_missing", requestId: "r" });
    expect(childIds(sandbox, "1:1")).toEqual(["1:2", id, "1:3"]);
  });

  it("removes a result in one undo step; twice changes nothing", async () => {
    const sandbox = await openWith([artboard], "1:3");
    beginRun(sandbox);
    const nodeId = insert(sandbox);
    sandbox.call("log");
    for (const log of [["commit", `${nodeId} remove`, "commit"], []]) {
      const messages = sandbox.send({ type: "remove_result", requestId: "r", nodeId });
      expect(messages).toEqual([{ type: "result_removed", requestId: "r", nodeId }]);
      expect(sandbox.call("log")).toEqual(log);
    }
  });
});

it("refuses bytes that are no picture without leaving a layer", async () => {
  const sandbox = await openWith([artboard], "1:3");
  beginRun(sandbox);
  const failure = answer(insertAnswers(sandbox, { png: new Uint8Array() }), "host_error");
  expect(failure).toMatchObject({ code: "insert_failed" });
  expect(childIds(sandbox, "1:1")).toEqual(["1:2", "1:3"]);
  expect(insert(sandbox, { png: fakePng(8, 6) })).not.toBe("");
});
