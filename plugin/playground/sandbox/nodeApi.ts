import { absoluteBoundingBox, absoluteRenderBounds, absoluteTransform } from "../document/geometry.ts";
import { at, type Matrix, rotationOf, withRotation } from "../document/matrix.ts";
import { isContainer, isOnPage, type NodeRecord } from "../document/node.ts";
import { setTransform } from "../document/settle.ts";
import { find, nodeOf, parentOf, patchNode, type Tree } from "../document/tree.ts";
import type { NodeLookup } from "./nodeLookup.ts";
import { nodeMethods } from "./nodeMethods.ts";
import { describe, isFontName, type PropertyName, properties } from "./nodeProperties.ts";
import type { PluginScope } from "./scope.ts";

type Getter = (node: NodeRecord, tree: Tree) => unknown;
type Setter = (value: unknown) => (tree: Tree) => Tree;

/**
 * Gives plugins their view of layers: getters and setters that check, copy, and throw once the layer is removed. What a plugin holds
 * of a layer stays the same object for as long as the worker lives, also across undo.
 */
export class NodeApis implements NodeLookup {
  private readonly scope: PluginScope;
  private readonly byId = new Map<string, object>();
  private readonly ids = new WeakMap<object, string>();

  constructor(scope: PluginScope) {
    this.scope = scope;
  }

  of(id: string): object {
    const known = this.byId.get(id);
    if (known !== undefined) return known;
    const api = this.make(nodeOf(this.scope.desk.tree, id));
    this.byId.set(id, api);
    this.ids.set(api, id);
    return api;
  }

  idOf(value: unknown, method: string): string {
    const id = typeof value === "object" && value !== null ? this.ids.get(value) : undefined;
    if (id === undefined) throw new Error(`in ${method}: Expected node, received ${describe(value)}`);
    this.alive(id, method);
    return id;
  }

  alive(id: string, member: string): NodeRecord {
    const node = find(this.scope.desk.tree, id);
    if (node === undefined) throw new Error(`in ${member}: The node with id "${id}" does not exist`);
    return node;
  }

  private make({ id, type }: NodeRecord): object {
    const api: object = Object.create(null, {
      id: { value: id, enumerable: true },
      type: { value: type, enumerable: true },
      removed: { get: () => find(this.scope.desk.tree, id) === undefined, enumerable: true },
      toString: { value: () => id },
    });
    for (const name of Object.keys(properties) as PropertyName[]) {
      if (properties[name].on(type)) this.definePlain(api, id, name);
    }
    this.define(api, id, "parent", (node, tree) => {
      const parent = parentOf(tree, node);
      return parent === undefined ? null : this.of(parent.id);
    });
    if (isContainer(type)) this.define(api, id, "children", (node) => node.children.map((child) => this.of(child)));
    if (isOnPage(type)) this.defineGeometry(api, id);
    for (const [name, value] of Object.entries(nodeMethods(this.scope, this, id, type))) {
      Object.defineProperty(api, name, { value, enumerable: true });
    }
    // The page has more, from createFigma.
    return type === "PAGE" ? api : Object.preventExtensions(api);
  }

  private definePlain(api: object, id: string, name: PropertyName): void {
    const { accepts, expects } = properties[name];
    const method = `set_${name}`;
    const set: Setter = (value) => {
      if (!accepts(value)) throw new Error(failedValidation(name, expects, value));
      if (name === "characters") this.scope.expectLoaded(this.alive(id, method).fontName, method);
      if (name === "fontName" && isFontName(value)) this.scope.expectLoaded(value, method);
      const copy = structuredClone(value);
      return (tree) => patchNode(tree, id, { [name]: copy });
    };
    this.define(api, id, name, (node) => structuredClone(node[name]), set);
  }

  private defineGeometry(api: object, id: string): void {
    const define = (name: string, get: Getter, set?: Setter) => this.define(api, id, name, get, set);
    const moved = (change: (transform: Matrix) => Matrix) => (tree: Tree) =>
      setTransform(tree, id, change(nodeOf(tree, id).transform));
    define("width", ({ width }) => width);
    define("height", ({ height }) => height);
    define(
      "x",
      ({ transform }) => transform[0][2],
      (x) => moved((transform) => at(transform, { x: finite(x, "x"), y: transform[1][2] })),
    );
    define(
      "y",
      ({ transform }) => transform[1][2],
      (y) => moved((transform) => at(transform, { x: transform[0][2], y: finite(y, "y") })),
    );
    define(
      "rotation",
      ({ transform }) => rotationOf(transform),
      (degrees) => moved((transform) => withRotation(transform, finite(degrees, "rotation"))),
    );
    define(
      "relativeTransform",
      ({ transform }) => structuredClone(transform),
      (value) => moved(() => parseMatrix(value)),
    );
    define("absoluteTransform", (node, tree) => absoluteTransform(tree, node));
    define("absoluteBoundingBox", (node, tree) => absoluteBoundingBox(tree, node));
    define("absoluteRenderBounds", (node, tree) => absoluteRenderBounds(tree, node));
    define("layoutPositioning", (node) => node.layoutPositioning, this.layoutPositioningSetter(id));
  }

  private layoutPositioningSetter(id: string): Setter {
    return (value) => {
      if (value !== "AUTO" && value !== "ABSOLUTE")
        throw new Error(failedValidation("layoutPositioning", '"AUTO" | "ABSOLUTE"', value));
      const parent = parentOf(this.scope.desk.tree, this.alive(id, "set_layoutPositioning"));
      if (value === "ABSOLUTE" && (parent === undefined || parent.layoutMode === "NONE"))
        throw new Error(
          "in set_layoutPositioning: Can only set layoutPositioning = ABSOLUTE if the parent node has layoutMode !== NONE",
        );
      return (tree) => patchNode(tree, id, { layoutPositioning: value });
    };
  }

  /** Every access checks that the layer is still there; every write goes through the desk. */
  private define(api: object, id: string, name: string, get: Getter, set?: Setter): void {
    Object.defineProperty(api, name, {
      enumerable: true,
      get: () => get(this.alive(id, `get_${name}`), this.scope.desk.tree),
      set: (value: unknown) => {
        this.alive(id, `set_${name}`);
        if (set === undefined) throw new TypeError(`in set_${name}: Cannot assign to read only property`);
        this.scope.write(set(value));
      },
    });
  }
}

function failedValidation(name: string, expects: string, value: unknown): string {
  return `in set_${name}: Property "${name}" failed validation: Expected ${expects}, received ${describe(value)}`;
}

function finite(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new Error(failedValidation(name, "number", value));
}

function parseMatrix(value: unknown): Matrix {
  const name = "relativeTransform";
  const [first, second]: unknown[] = Array.isArray(value) ? value : [];
  if (!Array.isArray(first) || !Array.isArray(second) || first.length !== 3 || second.length !== 3)
    throw new Error(failedValidation(name, "[[a, c, e], [b, d, f]]", value));
  const [a, c, e] = first;
  const [b, d, f] = second;
  return [
    [finite(a, name), finite(c, name), finite(e, name)],
    [finite(b, name), finite(d, name), finite(f, name)],
  ];
}
