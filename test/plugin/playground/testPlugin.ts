import { type NodeType, newNode } from "../../../plugin/playground/document/node.ts";
import { addNode, emptyTree, firstPageId } from "../../../plugin/playground/document/tree.ts";
import type { FromSandbox } from "../../../plugin/playground/messages.ts";
import { Desk } from "../../../plugin/playground/sandbox/desk.ts";
import { createFigma, type FigmaHost } from "../../../plugin/playground/sandbox/figma.ts";
import { Pictures } from "../../../plugin/playground/sandbox/pictures.ts";
import { PluginScope } from "../../../plugin/playground/sandbox/scope.ts";

// A plugin sees `figma` untyped here: the tests also do what its types forbid.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Untyped = any;

/** A `figma` on an empty page, without a worker. */
export class TestPlugin {
  readonly figma: Untyped;
  readonly desk: Desk;
  readonly errors: unknown[] = [];
  private readonly messages: FromSandbox[] = [];
  private readonly host: FigmaHost;

  constructor({ stored = {} }: { readonly stored?: Readonly<Record<string, unknown>> } = {}) {
    this.desk = new Desk({ tree: emptyTree(), selection: [], nextId: 1 }, null, (changes, isSelectionChanged) =>
      this.host.documentChanged(changes, isSelectionChanged),
    );
    const scope = new PluginScope(
      this.desk,
      new Pictures(),
      (message) => this.messages.push(message),
      (thrown) => this.errors.push(thrown),
    );
    const view = { center: { x: 0, y: 0 }, zoom: 1, bounds: { x: 0, y: 0, width: 100, height: 100 } };
    this.host = createFigma({ scope, pluginId: "test", command: "", stored, view });
    this.figma = this.host.figma;
  }

  /** Past the plugin's own interface, as a person would. */
  readonly add = (type: NodeType, parentId: string = firstPageId): string => {
    const id = this.desk.newId();
    this.desk.write((tree) => addNode(tree, parentId, newNode(type, id)));
    return id;
  };

  /** What the plugin holds of a layer. */
  readonly api = (id: string): Untyped => this.figma.root.findOne((node: { readonly id: string }) => node.id === id);

  readonly posted = <Type extends FromSandbox["type"]>(type: Type) =>
    this.messages.filter((message): message is Extract<FromSandbox, { type: Type }> => message.type === type);
}
