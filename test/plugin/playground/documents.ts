import { applyEdit, type Edit, type LayerValues } from "../../../plugin/playground/document/edits.ts";
import type { NodeType } from "../../../plugin/playground/document/node.ts";
import { emptyTree, firstPageId, nodeOf, type Tree } from "../../../plugin/playground/document/tree.ts";

/** A document that is built and edited step by step; layers are named in the order in which they were made: a, b, c … */
export class TestDocument {
  tree: Tree = emptyTree();
  private made = 0;

  readonly newId = (): string => {
    this.made += 1;
    return String.fromCharCode(96 + this.made);
  };

  add(nodeType: NodeType, parentId: string = firstPageId, values: LayerValues = {}): string {
    const [id] = this.edit({ type: "add", nodeType, parentId, values });
    if (id === undefined) throw new Error("no layer was made");
    return id;
  }

  edit(edit: Edit): readonly string[] {
    const { tree, made } = applyEdit(this.tree, edit, this.newId);
    this.tree = tree;
    return made;
  }

  node(id: string) {
    return nodeOf(this.tree, id);
  }
}
