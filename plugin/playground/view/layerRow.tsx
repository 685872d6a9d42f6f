import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { NodeRecord } from "../document/node.ts";
import { Icon, iconOf } from "./icons.tsx";
import type { Playground } from "./playground.ts";

interface RowProps {
  readonly playground: Playground;
  readonly node: NodeRecord;
  readonly depth: number;
  readonly selection: readonly string[];
  readonly isHovered: boolean;
  readonly isOpen: boolean;
  readonly isFocusable: boolean;
  readonly onFocus: () => void;
  readonly onToggle: () => void;
}

const indentPx = 20;

/** One layer in the list: its name, and its switches while the pointer is over it. */
export function LayerRow(props: RowProps): JSX.Element {
  const { playground, node, depth, selection, isHovered, isOpen, isFocusable, onFocus, onToggle } = props;
  const { id, name, visible, locked } = node;
  const row = useRef<HTMLDivElement>(null);
  const isSelected = selection.includes(id);
  useEffect(() => {
    if (isSelected) row.current?.scrollIntoView({ block: "nearest" });
  }, [isSelected]);
  const select = (isAdding: boolean) => {
    const others = selection.filter((other) => other !== id);
    playground.select(isAdding ? (isSelected ? others : [...selection, id]) : [id]);
  };
  const set = (values: { readonly visible?: boolean; readonly locked?: boolean }) =>
    void playground.edit({ type: "set", id, values });
  const classes = ["layer", isSelected && "selected", isHovered && "hovered", !visible && "invisible"];
  return (
    <div
      ref={row}
      class={classes.filter(Boolean).join(" ")}
      role="treeitem"
      aria-level={depth + 1}
      aria-selected={isSelected}
      aria-expanded={node.children.length > 0 ? isOpen : undefined}
      tabIndex={isFocusable ? 0 : -1}
      style={{ paddingLeft: `${8 + depth * indentPx}px` }}
      onFocus={onFocus}
      onClick={(event) => select(event.shiftKey || event.metaKey || event.ctrlKey)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        select(event.shiftKey);
      }}
      onPointerEnter={() => playground.store.set({ hoveredId: id })}
      onPointerLeave={() => playground.store.set({ hoveredId: null })}
    >
      {node.children.length > 0 ? (
        <RowButton
          className={isOpen ? "layer-toggle open" : "layer-toggle"}
          label={`${isOpen ? "Close" : "Open"} ${name}`}
          icon="chevron"
          onPress={onToggle}
        />
      ) : (
        <span class="layer-toggle" />
      )}
      <Icon name={iconOf(node)} />
      <span class="layer-name" title={name}>
        {name}
      </span>
      <RowButton
        className={locked ? "layer-switch on" : "layer-switch"}
        label={`${locked ? "Unlock" : "Lock"} ${name}`}
        icon="lock"
        onPress={() => set({ locked: !locked })}
      />
      <RowButton
        className={visible ? "layer-switch" : "layer-switch on"}
        label={`${visible ? "Hide" : "Show"} ${name}`}
        icon={visible ? "eye" : "hidden"}
        onPress={() => set({ visible: !visible })}
      />
    </div>
  );
}

/** For the pointer; the keyboard has its own ways to the same. */
function RowButton(props: {
  readonly className: string;
  readonly label: string;
  readonly icon: "chevron" | "eye" | "hidden" | "lock";
  readonly onPress: () => void;
}): JSX.Element {
  return (
    <button
      type="button"
      class={props.className}
      aria-label={props.label}
      title={props.label}
      tabIndex={-1}
      onClick={(event) => {
        event.stopPropagation();
        props.onPress();
      }}
    >
      <Icon name={props.icon} />
    </button>
  );
}
