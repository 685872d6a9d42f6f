import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { Icon } from "../components/Icon.tsx";
import { IconButton } from "../components/IconButton.tsx";
import { openerId } from "../components/opener.ts";
import { PatchThumbnail } from "../components/PatchThumbnail.tsx";
import { usePanel } from "../components/panelContext.ts";
import { SlotButtons, SlotRow, sizeText, UseSelection } from "../components/SlotRow.tsx";
import { Warnings } from "../components/Warnings.tsx";
import { countOf, hiddenReferenceText, type PatchState, patchStates } from "../patches/visibility.ts";
import type { ReferenceFile } from "../state/pictures.ts";
import { hasReference, hiddenByHand, patchGrid } from "../state/state.ts";

const fileTypes = "image/png,image/jpeg,image/webp";

/** The style reference: a layer, or a picture from disk by choosing or dropping it. */
export function ReferenceSlot(): JSX.Element {
  const { panel, state } = usePanel();
  const [isDropping, setIsDropping] = useState(false);
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setIsDropping(false);
    const file = event.dataTransfer?.files[0];
    if (file !== undefined) void panel.layers.openReference(file);
  };
  const onDragOver = (event: DragEvent) => {
    event.preventDefault();
    setIsDropping(true);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the same is done with the button "Choose a picture file"
    <div
      class={isDropping ? "drop-target dropping" : "drop-target"}
      onDragOver={onDragOver}
      onDragLeave={() => setIsDropping(false)}
      onDrop={onDrop}
    >
      {hasReference(state) ? <ChosenReference /> : <EmptyReference />}
    </div>
  );
}

function EmptyReference(): JSX.Element {
  return (
    <SlotRow
      slot="reference"
      label="Style reference"
      hint="A layer or a picture"
      icon="picture"
      actions={<FileButton />}
    />
  );
}

/** Large enough to see which patches are hidden. */
function ChosenReference(): JSX.Element {
  const { panel, state } = usePanel();
  const { referenceFile: file, slots, droppedParts, form } = state;
  const states = patchStates(patchGrid(state), hiddenByHand(state), droppedParts, form.visibilityThreshold);
  const layer = slots.reference.type === "set" ? slots.reference.layer : null;
  const name = file?.name ?? layer?.name ?? "";
  return (
    <>
      <section class="reference" aria-label="Style reference">
        <ReferencePicture states={states} />
        <div class="reference-text">
          <div class="reference-head">
            <p class="secondary-text one-line">Style reference</p>
            <div class="slot-actions">
              <FileButton />
              {file === null ? (
                <SlotButtons slot="reference" label="Style reference" />
              ) : (
                <IconButton
                  icon="close"
                  label="Clear Style reference"
                  onClick={() => panel.dispatch({ type: "reference_file_chosen", file: null })}
                />
              )}
            </div>
          </div>
          <p class="slot-name one-line" title={name}>
            {name}
          </p>
          <p class="secondary-text">{file === null ? layer && sizeText(layer.size) : fileText(file)}</p>
          <VisibilityLine states={states} />
          {slots.referenceMask.type === "empty" && (
            <div class="slot-line">
              <span class="secondary-text" title="A layer of its own, over the reference: white keeps, black drops">
                No mask layer
              </span>
              <UseSelection slot="referenceMask" label="Keep/drop mask" class="link" text="Use as mask" />
            </div>
          )}
        </div>
      </section>
      {countOf(states, "visible") === 0 && <Warnings warnings={[hiddenReferenceText]} />}
    </>
  );
}

function ReferencePicture({ states }: { readonly states: readonly PatchState[] }): JSX.Element {
  const { panel, state } = usePanel();
  const thumbnail = state.thumbnails.reference;
  switch (thumbnail.type) {
    case "none":
    case "loading":
      return <div class="reference-picture loading" />;
    case "failed":
      return (
        <div class="reference-picture">
          <Icon name="warning" />
        </div>
      );
    case "ready":
      return (
        <button
          type="button"
          class="reference-picture checker"
          tabIndex={-1}
          aria-label="Edit visibility"
          title="Edit visibility"
          onClick={() => void panel.editors.openPatches()}
        >
          <PatchThumbnail picture={thumbnail} grid={patchGrid(state)} states={states} />
        </button>
      );
  }
}

function VisibilityLine({ states }: { readonly states: readonly PatchState[] }): JSX.Element {
  const { panel } = usePanel();
  const visible = countOf(states, "visible");
  return (
    <>
      <p class="secondary-text">
        {visible === states.length
          ? "The model sees all of it. A product on it may come back in the picture: hide it."
          : `The model sees ${visible} of ${states.length} patches`}
      </p>
      <button type="button" id={openerId("patches")} class="secondary" onClick={() => void panel.editors.openPatches()}>
        <Icon name="eye" />
        Edit visibility
      </button>
    </>
  );
}

function FileButton(): JSX.Element {
  const { panel } = usePanel();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton icon="file" label="Choose a picture file" onClick={() => input.current?.click()} />
      <input
        ref={input}
        class="sr-only"
        type="file"
        accept={fileTypes}
        tabIndex={-1}
        aria-hidden="true"
        onChange={(event) => {
          const { files } = event.currentTarget;
          if (files?.[0] !== undefined) void panel.layers.openReference(files[0]);
          // The same file can be chosen again.
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}

function fileText({ sizePx, downscaledFrom }: ReferenceFile): string {
  const size = `${sizeText(sizePx)} px`;
  return downscaledFrom === null ? size : `${size}, made smaller from ${sizeText(downscaledFrom)}`;
}
