import { setValues } from "../document/edits.ts";
import type { ExportConstraint } from "../document/exportRegion.ts";
import { isContainer, isOnPage, type NodeType } from "../document/node.ts";
import { resizeNode } from "../document/settle.ts";
import {
  ancestorsOf,
  cloneNode,
  descendantsOf,
  insertChild,
  isSealed,
  nodeOf,
  patchNode,
  removeNode,
} from "../document/tree.ts";
import { type ExportSettings, exportNode } from "./exportNode.ts";
import { inMethod } from "./inMethod.ts";
import type { NodeLookup } from "./nodeLookup.ts";
import { describe } from "./nodeProperties.ts";
import type { PluginScope } from "./scope.ts";

type Methods = Readonly<Record<string, unknown>>;

const maxPluginDataBytes = 100_000;

/** The functions of one layer, as Figma names them. */
export function nodeMethods(scope: PluginScope, apis: NodeLookup, id: string, type: NodeType): Methods {
  return {
    ...dataMethods(scope, apis, id),
    ...(isContainer(type) ? { ...insertMethods(scope, apis, id), ...searchMethods(scope, apis, id) } : {}),
    ...(isOnPage(type) ? layerMethods(scope, apis, id) : { loadAsync: async () => {} }),
  };
}

function layerMethods(scope: PluginScope, apis: NodeLookup, id: string): Methods {
  const { desk, pictures } = scope;
  return {
    remove() {
      const node = apis.alive(id, "remove");
      if (ancestorsOf(desk.tree, node).some(({ type }) => type === "INSTANCE"))
        throw new Error("in remove: Removing this node is not allowed");
      scope.write((tree) => removeNode(tree, id));
    },
    resize(width: unknown, height: unknown) {
      apis.alive(id, "resize");
      if (typeof width !== "number" || typeof height !== "number")
        throw new Error(`in resize: Expected numbers, received ${describe(width)}, ${describe(height)}`);
      scope.write((tree) => inMethod("resize", () => resizeNode(tree, id, width, height)));
    },
    clone(): object {
      apis.alive(id, "clone");
      const copy = cloneNode(desk.tree, id, desk.newId);
      scope.write(() => copy.tree);
      return apis.of(copy.id);
    },
    async exportAsync(settings: unknown): Promise<Uint8Array> {
      const node = apis.alive(id, "exportAsync");
      return await exportNode(desk.tree, node, parseExportSettings(settings), pictures);
    },
  };
}

function insertMethods(scope: PluginScope, apis: NodeLookup, id: string): Methods {
  const { desk } = scope;
  const insert = (method: string, index: number, child: unknown) => {
    const parent = apis.alive(id, method);
    const childId = apis.idOf(child, method);
    if (isSealed(desk.tree, parent))
      throw new Error(`in ${method}: Cannot move node. New parent is an instance or is inside of an instance`);
    if (ancestorsOf(desk.tree, nodeOf(desk.tree, childId)).some(({ type }) => type === "INSTANCE"))
      throw new Error(`in ${method}: Cannot move node. Node is inside of an instance`);
    scope.write((tree) => {
      const moved = inMethod(method, () => insertChild(tree, id, index, childId));
      return parent.layoutMode === "NONE" ? setValues(moved, childId, { layoutPositioning: "AUTO" }) : moved;
    });
  };
  return {
    appendChild: (child: unknown) => insert("appendChild", apis.alive(id, "appendChild").children.length, child),
    insertChild(index: unknown, child: unknown) {
      if (typeof index !== "number") throw new Error(`in insertChild: Expected number, received ${describe(index)}`);
      insert("insertChild", index, child);
    },
  };
}

function searchMethods({ desk }: PluginScope, apis: NodeLookup, id: string): Methods {
  const search = (test: unknown) => {
    const matches = typeof test === "function" ? test : () => true;
    const node = apis.alive(id, "findAll");
    return descendantsOf(desk.tree, node).filter((descendant) => matches(apis.of(descendant.id)));
  };
  return {
    findAll: (test: unknown) => search(test).map((node) => apis.of(node.id)),
    findOne(test: unknown) {
      const found = search(test)[0];
      return found === undefined ? null : apis.of(found.id);
    },
    findChildren: (test: unknown) => search(test).flatMap((node) => (node.parentId === id ? [apis.of(node.id)] : [])),
    findAllWithCriteria(criteria: { readonly types?: readonly string[]; readonly pluginData?: { keys?: string[] } }) {
      const { types, pluginData } = criteria;
      const hasData = (data: Readonly<Record<string, string>>) =>
        pluginData === undefined || (pluginData.keys ?? Object.keys(data)).some((key) => key in data);
      return search(undefined)
        .filter((node) => (types === undefined || types.includes(node.type)) && hasData(node.pluginData))
        .map((node) => apis.of(node.id));
    },
  };
}

function dataMethods(scope: PluginScope, apis: NodeLookup, id: string): Methods {
  type Field = "pluginData" | "sharedPluginData";
  const get = (method: string, field: Field, key: string) => apis.alive(id, method)[field][key] ?? "";
  const set = (method: string, field: Field, key: string, value: unknown) => {
    if (typeof value !== "string") throw new Error(`in ${method}: Expected string, received ${describe(value)}`);
    const sizeBytes = new Blob([id, key, value]).size;
    if (sizeBytes > maxPluginDataBytes)
      throw new Error(`in ${method}: Expected an entry of at most 100 kB, received ${sizeBytes} bytes`);
    const { [key]: _, ...others } = apis.alive(id, method)[field];
    scope.write((tree) => patchNode(tree, id, { [field]: value === "" ? others : { ...others, [key]: value } }));
  };
  return {
    getPluginData: (key: string) => get("getPluginData", "pluginData", key),
    setPluginData: (key: string, value: unknown) => set("setPluginData", "pluginData", key, value),
    getPluginDataKeys: () => Object.keys(apis.alive(id, "getPluginDataKeys").pluginData),
    getSharedPluginData: (space: string, key: string) =>
      get("getSharedPluginData", "sharedPluginData", `${space}/${key}`),
    setSharedPluginData: (space: string, key: string, value: unknown) =>
      set("setSharedPluginData", "sharedPluginData", `${space}/${key}`, value),
    getRelaunchData: () => ({ ...apis.alive(id, "getRelaunchData").relaunchData }),
    setRelaunchData(data: Readonly<Record<string, string>>) {
      apis.alive(id, "setRelaunchData");
      scope.write((tree) => patchNode(tree, id, { relaunchData: { ...data } }));
    },
  };
}

function parseExportSettings(value: unknown): ExportSettings {
  const settings = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const { format = "PNG", constraint, useAbsoluteBounds } = settings;
  if (format !== "PNG" && format !== "JPG")
    throw new Error(`in exportAsync: the playground exports PNG and JPG, not ${String(format)}`);
  return { format, constraint: parseConstraint(constraint), useAbsoluteBounds: useAbsoluteBounds === true };
}

function parseConstraint(value: unknown): ExportConstraint {
  if (value === undefined) return { type: "SCALE", value: 1 };
  const { type, value: amount } = value as { readonly type?: unknown; readonly value?: unknown };
  if ((type === "SCALE" || type === "WIDTH" || type === "HEIGHT") && typeof amount === "number" && amount > 0)
    return { type, value: amount };
  throw new Error('in exportAsync: Expected a constraint { type: "SCALE" | "WIDTH" | "HEIGHT", value > 0 }');
}
