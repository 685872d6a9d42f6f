import { sameTree, type Tree } from "./tree.ts";

/**
 * Undo as Figma has it: writes belong to no step until one is committed, and whatever was written since the last commit
 * is swallowed by the next undo.
 */
export interface History {
  /** the trees before each step, oldest first */
  readonly past: readonly Tree[];
  /** as of the last commit */
  readonly committed: Tree;
  /** what undo took away, next one last */
  readonly future: readonly Tree[];
}

const maxSteps = 100;

export function startHistory(tree: Tree): History {
  return { past: [], committed: tree, future: [] };
}

/** Everything written since the last commit becomes one step; nothing when nothing was, or when it was taken back. */
export function commit(history: History, tree: Tree): History {
  if (sameTree(tree, history.committed)) return history;
  return { past: [...history.past, history.committed].slice(-maxSteps), committed: tree, future: [] };
}

/** The tree is `committed` of what comes back. */
export function undo(history: History, tree: Tree): History {
  const { past, committed, future } = commit(history, tree);
  const before = past.at(-1);
  if (before === undefined) return history;
  return { past: past.slice(0, -1), committed: before, future: [...future, committed] };
}

/** Nothing is redone once something else was written. */
export function redo(history: History, tree: Tree): History {
  const { past, committed, future } = commit(history, tree);
  const after = future.at(-1);
  if (after === undefined) return history;
  return { past: [...past, committed], committed: after, future: future.slice(0, -1) };
}
