import type { ComponentChildren, JSX } from "preact";
import type { Slot, SlotState } from "../../messages.ts";
import type { Thumbnail } from "../state/pictures.ts";
import { Icon, type IconName } from "./Icon.tsx";
import { IconButton } from "./IconButton.tsx";
import { usePanel } from "./panelContext.ts";

interface SlotRowProps {
  readonly slot: Slot;
  readonly label: string;
  /** what belongs here, while it is empty */
  readonly hint: string;
  readonly icon: IconName;
  /** left out: its icon stands for it */
  readonly thumbnail?: Thumbnail;
  /** instead of its size */
  readonly detail?: string;
  /** before the buttons that every slot has */
  readonly actions?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** A layer that the run needs: what it is, how to choose, find and drop it. */
export function SlotRow(props: SlotRowProps): JSX.Element {
  const { slot, label, hint, icon, thumbnail = { type: "none" }, detail, actions, children } = props;
  const { state } = usePanel();
  const occupant = state.slots[slot];
  return (
    <section class={`slot ${occupant.type}`} aria-label={label}>
      <SlotPicture thumbnail={thumbnail} icon={icon} />
      <div class="slot-text">
        <p class="secondary-text one-line">{label}</p>
        <SlotName occupant={occupant} hint={hint} />
        {occupant.type === "set" && <p class="secondary-text one-line">{detail ?? sizeText(occupant.layer.size)}</p>}
      </div>
      <div class="slot-actions">
        {actions}
        <SlotButtons slot={slot} label={label} />
      </div>
      {children !== undefined && <div class="slot-more">{children}</div>}
    </section>
  );
}

/** Show and drop a layer that is there; choose one where there is none. */
export function SlotButtons({ slot, label }: { readonly slot: Slot; readonly label: string }): JSX.Element {
  const { panel, state } = usePanel();
  const occupant = state.slots[slot];
  const clear = <IconButton icon="close" label={`Clear ${label}`} onClick={() => panel.layers.clear(slot)} />;
  if (occupant.type === "set") {
    const { id, name } = occupant.layer;
    return (
      <>
        <IconButton icon="locate" label={`Show “${name}” in the canvas`} onClick={() => panel.layers.show(id)} />
        {clear}
      </>
    );
  }
  return (
    <>
      <UseSelection slot={slot} label={label} class="secondary" />
      {occupant.type === "deleted" && clear}
    </>
  );
}

interface UseSelectionProps {
  readonly slot: Slot;
  readonly label: string;
  readonly class: "secondary" | "link";
  readonly text?: string;
}

export function UseSelection({ slot, label, class: kind, text = "Use selection" }: UseSelectionProps): JSX.Element {
  const { panel, state } = usePanel();
  const [layer, ...others] = state.selection;
  const isOne = layer !== undefined && others.length === 0;
  return (
    <button
      type="button"
      class={kind}
      title={isOne ? `Use “${layer.name}”` : "Select one layer in the canvas first"}
      aria-label={`Use selection: ${label}`}
      onClick={() => panel.layers.useSelection(slot)}
    >
      {text}
    </button>
  );
}

export function sizeText({ width, height }: { readonly width: number; readonly height: number }): string {
  return `${Math.round(width)} × ${Math.round(height)}`;
}

function SlotName({ occupant, hint }: { readonly occupant: SlotState; readonly hint: string }): JSX.Element {
  switch (occupant.type) {
    case "empty":
      return <p class="secondary-text one-line">{hint}</p>;
    case "set":
      return (
        <p class="slot-name one-line" title={occupant.layer.name}>
          {occupant.layer.name}
        </p>
      );
    case "deleted":
      return (
        <p class="danger-text one-line" title={occupant.name}>
          “{occupant.name}” was deleted
        </p>
      );
  }
}

function SlotPicture({ thumbnail, icon }: { readonly thumbnail: Thumbnail; readonly icon: IconName }): JSX.Element {
  switch (thumbnail.type) {
    case "none":
      return (
        <div class="slot-picture">
          <Icon name={icon} />
        </div>
      );
    case "loading":
      return <div class="slot-picture loading" />;
    case "failed":
      return (
        <div class="slot-picture" title="Its picture cannot be shown">
          <Icon name="warning" />
        </div>
      );
    case "ready":
      return (
        <div class="slot-picture checker">
          <img src={thumbnail.url} alt="" draggable={false} />
        </div>
      );
  }
}
