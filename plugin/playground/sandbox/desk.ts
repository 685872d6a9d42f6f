import { type Change, changesBetween } from "../document/changes.ts";
import { commit, type History, redo, startHistory, undo } from "../document/history.ts";
import { settle } from "../document/settle.ts";
import { descendantsOf, find, firstPageId, nodeOf, pageOf, sameTree, type Tree } from "../document/tree.ts";
import type { Handover, StoredDocument } from "../messages.ts";

/** After the writes of one turn: what a plugin hears of them. */
export type OnFlush = (changes: readonly Change[], isSelectionChanged: boolean) => void;

/** The open document: all writes, by hand and by the plugin, go through here. Events are told once a turn of the event loop. */
export class Desk {
  tree: Tree;
  selection: readonly string[];
  private nextId: number;
  private history: History;
  private readonly onFlush: OnFlush;
  private told: { readonly tree: Tree; readonly selection: readonly string[] };
  private isFlushPlanned = false;

  constructor(document: StoredDocument, history: History | null, onFlush: OnFlush) {
    this.tree = document.tree;
    this.selection = document.selection;
    this.nextId = document.nextId;
    this.history = history ?? startHistory(document.tree);
    this.onFlush = onFlush;
    this.told = { tree: this.tree, selection: this.selection };
  }

  get document(): StoredDocument {
    return { tree: this.tree, selection: this.selection, nextId: this.nextId };
  }

  get canUndo(): boolean {
    return this.history.past.length > 0 || !sameTree(this.tree, this.history.committed);
  }

  get canRedo(): boolean {
    return this.history.future.length > 0 && sameTree(this.tree, this.history.committed);
  }

  /** Never given twice, not even after undo. */
  readonly newId = (): string => {
    this.nextId += 1;
    return `1:${this.nextId}`;
  };

  write(change: (tree: Tree) => Tree): void {
    this.show(settle(change(this.tree)));
  }

  commit(): void {
    this.history = commit(this.history, this.tree);
    this.planFlush();
  }

  undo(): void {
    this.history = undo(this.history, this.tree);
    this.show(this.history.committed);
  }

  redo(): void {
    this.history = redo(this.history, this.tree);
    this.show(this.history.committed);
  }

  select(ids: readonly string[]): void {
    this.selection = inLayerOrder(this.tree, ids);
    this.planFlush();
  }

  /** For the worker that follows: what was not committed becomes one step. */
  handOver(): Handover {
    this.commit();
    return { document: this.document, history: this.history };
  }

  flush(): void {
    this.isFlushPlanned = false;
    const { tree, selection } = this.told;
    this.told = { tree: this.tree, selection: this.selection };
    const changes = changesBetween(tree, this.tree, isOnFirstPage);
    this.onFlush(changes, selection.join() !== this.selection.join());
  }

  private show(tree: Tree): void {
    this.tree = tree;
    this.selection = this.selection.filter((id) => find(tree, id) !== undefined);
    this.planFlush();
  }

  private planFlush(): void {
    if (this.isFlushPlanned) return;
    this.isFlushPlanned = true;
    setTimeout(() => {
      if (this.isFlushPlanned) this.flush();
    });
  }
}

/** Figma promises no order; the layers' own keeps a plugin from taking the order of clicks for one. */
function inLayerOrder(tree: Tree, ids: readonly string[]): readonly string[] {
  return descendantsOf(tree, nodeOf(tree, firstPageId)).flatMap(({ id }) => (ids.includes(id) ? [id] : []));
}

function isOnFirstPage(id: string, tree: Tree): boolean {
  const node = find(tree, id);
  return node !== undefined && pageOf(tree, node)?.id === firstPageId;
}
