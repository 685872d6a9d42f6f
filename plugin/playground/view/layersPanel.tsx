import type { JSX, TargetedKeyboardEvent } from "preact";
import { useState } from "preact/hooks";
import type { NodeRecord } from "../document/node.ts";
import { ancestorsOf, childrenOf, find, firstPageId, nodeOf } from "../document/tree.ts";
import { LayerRow } from "./layerRow.tsx";
import type { Playground } from "./playground.ts";
import type { PlaygroundState } from "./store.ts";

interface Row {
  readonly node: NodeRecord;
  /** how many layers it lies in */
  readonly depth: number;
}

/**
 * The tree of layers, the frontmost first; what holds layers opens and closes. One row takes the focus; the arrow keys go on from
 * there.
 */
export function LayersPanel(props: { readonly playground: Playground; readonly state: PlaygroundState }): JSX.Element {
  const { playground, state } = props;
  const { tree, selection } = state.document;
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [focusedId, setFocusedId] = useState<string | null>(null);
  const isOpen = (node: NodeRecord) => node.children.length > 0 && (!closed.has(node.id) || hasSelected(state, node));
  const rowsOf = (parent: NodeRecord, depth: number): Row[] =>
    childrenOf(tree, parent)
      .toReversed()
      .flatMap((node) => [{ node, depth }, ...(isOpen(node) ? rowsOf(node, depth + 1) : [])]);
  const rows = rowsOf(nodeOf(tree, firstPageId), 0);
  const focusable =
    rows.find(({ node }) => node.id === focusedId) ?? rows.find(({ node }) => selection.includes(node.id)) ?? rows[0];

  const toggle = (id: string) =>
    setClosed(closed.has(id) ? new Set([...closed].filter((other) => other !== id)) : new Set([...closed, id]));
  const pressKey = (event: TargetedKeyboardEvent<HTMLElement>) => {
    if (focusable === undefined) return;
    const { node } = focusable;
    const at = rows.indexOf(focusable);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 }[event.key];
    const isToggle = { ArrowRight: !isOpen(node), ArrowLeft: isOpen(node) }[event.key];
    if (to !== undefined) event.currentTarget.querySelectorAll<HTMLElement>("[role=treeitem]")[to]?.focus();
    else if (isToggle === undefined) return;
    else if (isToggle && node.children.length > 0) toggle(node.id);
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <section class="layers" aria-label="Layers">
      <h2>Layers</h2>
      <div class="layer-list" role="tree" aria-label="Layers" aria-multiselectable="true" onKeyDown={pressKey}>
        {rows.map(({ node, depth }) => (
          <LayerRow
            key={node.id}
            playground={playground}
            node={node}
            depth={depth}
            selection={selection}
            isHovered={state.hoveredId === node.id}
            isOpen={isOpen(node)}
            isFocusable={node.id === focusable?.node.id}
            onFocus={() => setFocusedId(node.id)}
            onToggle={() => toggle(node.id)}
          />
        ))}
      </div>
    </section>
  );
}

function hasSelected({ document: { tree, selection } }: PlaygroundState, node: NodeRecord): boolean {
  const selected = selection.flatMap((id) => find(tree, id) ?? []);
  return selected.some((layer) => ancestorsOf(tree, layer).some(({ id }) => id === node.id));
}
