import { type Affine, identity, multiply } from "../../../plugin/main/transforms.ts";

/** A tree that behaves as Figma's does where the plugin depends on it: spaces, groups, auto layout, instances, removed nodes. */

export interface NodeSpec {
  readonly id: string;
  readonly type: string;
  readonly name?: string;
  readonly x?: number;
  readonly y?: number;
  readonly width?: number;
  readonly height?: number;
  /** degrees, clockwise on the screen as the matrix turns */
  readonly rotation?: number;
  readonly visible?: boolean;
  readonly layoutMode?: "NONE" | "HORIZONTAL";
  readonly itemReverseZIndex?: boolean;
  readonly pluginData?: Readonly<Record<string, string>>;
  readonly children?: readonly NodeSpec[];
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Change {
  readonly type: "CREATE" | "DELETE" | "PROPERTY_CHANGE";
  readonly id: string;
  readonly node: FakeNode;
  readonly properties?: readonly string[];
}

/** What the tree reports to the host around it. */
export interface Host {
  written(id: string, what: string): void;
  changed(change: Change): void;
  exported(id: string, settings: unknown): void;
}

/** What a node knows of itself; only the plugin's own writes go through its properties. */
interface State {
  parent: FakeNode | null;
  children: FakeNode[];
  removed: boolean;
  size: { width: number; height: number };
  local: Affine;
  listeners: ((event: unknown) => void)[];
  readonly data: Map<string, string>;
}

const readableWhenRemoved: readonly PropertyKey[] = ["id", "removed", "type", "state"];

export class FakeNode {
  readonly id: string;
  readonly type: string;
  name: string;
  visible: boolean;
  locked = false;
  fills: readonly unknown[] = [];
  readonly layoutMode: string;
  readonly itemReverseZIndex: boolean;
  layoutPositioning = "AUTO";
  selection: readonly FakeNode[] = [];
  readonly state: State;
  readonly host: Host;

  constructor(spec: NodeSpec, host: Host) {
    const angle = ((spec.rotation ?? 0) * Math.PI) / 180;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    this.id = spec.id;
    this.type = spec.type;
    this.name = spec.name ?? spec.id;
    this.visible = spec.visible ?? true;
    this.layoutMode = spec.layoutMode ?? "NONE";
    this.itemReverseZIndex = spec.itemReverseZIndex ?? false;
    this.host = host;
    this.state = {
      parent: null,
      children: [],
      removed: false,
      size: { width: spec.width ?? 100, height: spec.height ?? 100 },
      local: [
        [cos, -sin, spec.x ?? 0],
        [sin, cos, spec.y ?? 0],
      ],
      listeners: [],
      data: new Map(Object.entries(spec.pluginData ?? {})),
    };
    // biome-ignore lint/correctness/noConstructorReturn: a removed node throws, whoever holds it
    return new Proxy<FakeNode>(this, {
      get(node, key, self) {
        if (node.state.removed && !readableWhenRemoved.includes(key)) throw gone(node);
        return Reflect.get(node, key, self);
      },
      set(node, key, value) {
        if (node.state.removed) throw gone(node);
        host.written(node.id, String(key));
        return Reflect.set(node, key, value);
      },
    });
  }

  get removed(): boolean {
    return this.state.removed;
  }

  get parent(): FakeNode | null {
    return this.state.parent;
  }

  get children(): readonly FakeNode[] {
    return [...this.state.children];
  }

  get width(): number {
    return this.isGroup() ? this.boundsInSpace().width : this.state.size.width;
  }

  get height(): number {
    return this.isGroup() ? this.boundsInSpace().height : this.state.size.height;
  }

  get relativeTransform(): Affine {
    if (this.isGroup()) {
      const { x, y } = this.boundsInSpace();
      return [
        [1, 0, x],
        [0, 1, y],
      ];
    }
    const [[a, c], [b, d]] = this.state.local;
    return this.isLaidOut()
      ? [
          [a, c, this.layoutOffset()],
          [b, d, 0],
        ]
      : this.state.local;
  }

  set relativeTransform(transform: Affine) {
    this.state.local = transform;
  }

  get absoluteTransform(): Affine {
    return multiply(spaceAbove(this), this.relativeTransform);
  }

  get absoluteBoundingBox(): Box {
    return boundsOf(this.absoluteTransform, this.width, this.height);
  }

  get absoluteRenderBounds(): Box | null {
    return this.visible ? this.absoluteBoundingBox : null;
  }

  insertChild(index: number, child: FakeNode): void {
    for (let node: FakeNode | null = this; node !== null; node = node.parent) {
      if (node.type === "INSTANCE")
        throw new Error("in insertChild: Cannot move node. New parent is an instance or is inside of an instance");
    }
    if (index > this.children.length) throw new Error("in insertChild: index out of range");
    const before = child.parent;
    this.host.written(this.id, `insertChild ${child.id}`);
    detach(child);
    attach(this, child, index);
    if (before !== null) dropIfEmptyGroup(before);
  }

  remove(): void {
    const parent = this.parent;
    this.host.written(this.id, "remove");
    this.host.changed({ type: "DELETE", id: this.id, node: this });
    detach(this);
    markRemoved(this);
    if (parent !== null) dropIfEmptyGroup(parent);
  }

  resize(width: number, height: number): void {
    if (width < 0.01 || height < 0.01) throw new Error("in resize: expected at least 0.01");
    this.host.written(this.id, "resize");
    this.state.size = { width, height };
  }

  setPluginData(key: string, value: string): void {
    this.host.written(this.id, `pluginData ${key}`);
    this.state.data.set(key, value);
  }

  getPluginData(key: string): string {
    return this.state.data.get(key) ?? "";
  }

  setRelaunchData(data: Readonly<Record<string, string>>): void {
    this.host.written(this.id, "relaunchData");
    this.state.data.set("relaunch", JSON.stringify(data));
  }

  findAllWithCriteria(criteria: {
    readonly types: readonly string[];
    readonly pluginData: { readonly keys: readonly string[] };
  }): FakeNode[] {
    return descendants(this).filter(
      (node) => criteria.types.includes(node.type) && criteria.pluginData.keys.some((key) => node.state.data.has(key)),
    );
  }

  async exportAsync(settings: {
    readonly constraint: { readonly type: "SCALE" | "WIDTH" | "HEIGHT"; readonly value: number };
  }): Promise<Uint8Array> {
    this.host.exported(this.id, settings);
    const bounds = this.absoluteRenderBounds;
    if (bounds === null) throw new Error("This node has no visible layers");
    const { type, value } = settings.constraint;
    const scale = type === "SCALE" ? value : value / (type === "WIDTH" ? bounds.width : bounds.height);
    const outwards = (start: number, length: number) =>
      Math.ceil((start + length) * scale - 1e-6) - Math.floor(start * scale + 1e-6);
    return fakePng(outwards(bounds.x, bounds.width), outwards(bounds.y, bounds.height));
  }

  on(_type: "nodechange", listener: (event: unknown) => void): void {
    this.state.listeners.push(listener);
  }

  off(_type: "nodechange", listener: (event: unknown) => void): void {
    this.state.listeners = this.state.listeners.filter((other) => other !== listener);
  }

  isGroup(): boolean {
    return this.type === "GROUP" || this.type === "BOOLEAN_OPERATION";
  }

  isLaidOut(): boolean {
    return this.parent !== null && this.parent.layoutMode !== "NONE" && this.layoutPositioning === "AUTO";
  }

  layoutOffset(): number {
    let offset = 0;
    for (const sibling of this.parent?.children ?? []) {
      if (sibling.id === this.id) break;
      if (sibling.layoutPositioning === "AUTO") offset += sibling.width;
    }
    return offset;
  }

  /** of a group, in the space that its children are relative to */
  boundsInSpace(): Box {
    const boxes = this.children.map((child) => boundsOf(child.relativeTransform, child.width, child.height));
    const x = Math.min(...boxes.map((box) => box.x));
    const y = Math.min(...boxes.map((box) => box.y));
    return {
      x,
      y,
      width: Math.max(...boxes.map((box) => box.x + box.width)) - x,
      height: Math.max(...boxes.map((box) => box.y + box.height)) - y,
    };
  }
}

/** The first 24 bytes of a PNG, which is all that the plugin may look at, and then something. */
export function fakePng(width: number, height: number): Uint8Array {
  const uint32 = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
  const header = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52];
  return new Uint8Array([...header, ...uint32(width), ...uint32(height), 8, 6, 0, 0, 0]);
}

export function buildTree(spec: NodeSpec, host: Host, register: (node: FakeNode) => void): FakeNode {
  const node = new FakeNode(spec, host);
  register(node);
  for (const child of spec.children ?? []) attach(node, buildTree(child, host, register));
  return node;
}

export function attach(parent: FakeNode, child: FakeNode, index = parent.children.length): void {
  parent.state.children.splice(index, 0, child);
  child.state.parent = parent;
}

export function detach(node: FakeNode): void {
  const siblings = node.state.parent?.state.children ?? [];
  const index = siblings.findIndex(({ id }) => id === node.id);
  if (index !== -1) siblings.splice(index, 1);
}

export function markRemoved(node: FakeNode, removed = true): void {
  node.state.removed = removed;
  for (const child of node.state.children) markRemoved(child, removed);
}

/** Figma keeps no group without children. */
export function dropIfEmptyGroup(node: FakeNode): void {
  if (node.type === "GROUP" && node.children.length === 0) node.remove();
}

export function descendants(node: FakeNode): FakeNode[] {
  return node.children.flatMap((child) => [child, ...descendants(child)]);
}

/** Of the nearest ancestor that is not a group. */
function spaceAbove(node: FakeNode): Affine {
  let parent = node.parent;
  while (parent?.isGroup() === true) parent = parent.parent;
  return parent === null || parent.type === "PAGE" ? identity : parent.absoluteTransform;
}

function boundsOf(transform: Affine, width: number, height: number): Box {
  const corners = [
    [0, 0],
    [width, 0],
    [0, height],
    [width, height],
  ].map(([x = 0, y = 0]) =>
    multiply(transform, [
      [1, 0, x],
      [0, 1, y],
    ]),
  );
  const xs = corners.map(([[, , x]]) => x);
  const ys = corners.map(([, [, , y]]) => y);
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

function gone({ id }: FakeNode): Error {
  return new Error(`The node with id "${id}" does not exist`);
}
