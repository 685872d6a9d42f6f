import type { Affine } from "../../../plugin/main/transforms.ts";
import type { ToMain, ToUi } from "../../../plugin/messages.ts";
import type { Recipe } from "../../../plugin/recipe.ts";
import { fakePng, type NodeSpec } from "./fakeNodes.ts";
import { openPlugin, type Sandbox } from "./sandbox.ts";

/** A bottle on an artboard, a reference beside it. */
export const artboard: NodeSpec = {
  id: "1:1",
  type: "FRAME",
  name: "Ad",
  x: 100,
  y: 50,
  width: 800,
  height: 600,
  children: [
    { id: "1:2", type: "TEXT", name: "Headline", x: 20, y: 20, width: 300, height: 40 },
    { id: "1:3", type: "RECTANGLE", name: "Bottle", x: 300, y: 200, width: 200, height: 300 },
  ],
};

export const reference: NodeSpec = { id: "2:1", type: "RECTANGLE", name: "Kitchen", x: 1200, width: 500, height: 400 };

export const page: NodeSpec = { id: "0:1", type: "PAGE", name: "Page 1", children: [artboard, reference] };

export const recipe: Recipe = {
  version: 1,
  jobId: "job",
  variant: 1,
  model: "mini",
  settings: { prompt: "a wooden table", seed: 7 },
  layers: { product: "1:3", reference: "2:1", referenceMask: null, area: "1:1" },
  hiddenPatches: [],
  scale: 1,
};

/** A node as `tree` tells it. */
export interface Tree {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly visible: boolean;
  readonly locked: boolean;
  readonly fills: readonly unknown[];
  readonly layoutPositioning: string;
  readonly width: number;
  readonly height: number;
  readonly absoluteTransform: Affine;
  readonly data: Readonly<Record<string, string>>;
  readonly children: readonly Tree[];
}

export function treeOf(sandbox: Sandbox, id: string): Tree {
  return sandbox.call("tree", id) as Tree;
}

export function childIds(sandbox: Sandbox, id: string): readonly string[] {
  return treeOf(sandbox, id).children.map((child) => child.id);
}

/** Opened, with `productId` as the product. */
export async function openWith(nodes: readonly NodeSpec[], productId: string): Promise<Sandbox> {
  const sandbox = await openPlugin({
    pages: [{ id: "0:1", type: "PAGE", children: nodes }],
    selection: [productId],
  });
  sandbox.send({ type: "ui_ready" });
  return sandbox;
}

export function beginRun(sandbox: Sandbox, changes: Partial<Extract<ToMain, { type: "begin_run" }>> = {}) {
  return sandbox.send({
    type: "begin_run",
    requestId: "begin",
    runId: "run",
    scale: 1,
    canvasPreviews: false,
    ...changes,
  });
}

/** Inserts a result and tells the id of its layer. */
export function insert(sandbox: Sandbox, changes: Partial<Extract<ToMain, { type: "insert_result" }>> = {}): string {
  const inserted = answer(insertAnswers(sandbox, changes), "inserted");
  return inserted.nodeId;
}

export function insertAnswers(
  sandbox: Sandbox,
  changes: Partial<Extract<ToMain, { type: "insert_result" }>> = {},
): readonly ToUi[] {
  return sandbox.send({
    type: "insert_result",
    requestId: "insert",
    runId: "run",
    png: fakePng(800, 600),
    recipe,
    isAutomatic: false,
    ...changes,
  });
}

/** The one answer of a type. */
export function answer<Type extends ToUi["type"]>(
  messages: readonly ToUi[],
  type: Type,
): Extract<ToUi, { type: Type }> {
  const found = messages.filter((message): message is Extract<ToUi, { type: Type }> => message.type === type);
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(`expected one ${type}, got ${JSON.stringify(messages)}`);
  }
  return only;
}
