import type { Size } from "../../../shared/geometry.ts";
import type { Point } from "../../../shared/protocol/helpers.ts";
import type { PictureSlot } from "../../messages.ts";
import type { PaintedMask } from "../state/pictures.ts";
import { problemOf } from "../state/problem.ts";
import { type PaintEditor, paintedPicture } from "../state/state.ts";
import type { Context } from "./context.ts";

export interface Editors {
  /** loads the picture, then opens */
  openPatches(): Promise<void>;
  openProductMask(): Promise<void>;
  /** the object that was clicked on the open editor's picture, at `sizePx`; rejects with the signal's reason */
  findObject(points: readonly Point[], sizePx: Size, signal: AbortSignal): Promise<PaintedMask>;
  openModels(): void;
  /** back to where it was opened */
  close(): void;
}

/** px of the longer side: enough to see what is painted on */
export const maxEditedSidePx = 1024;

/** Opens the views that take the whole panel, with the picture that is painted on. */
export function createEditors({ host, connection, pixels, state, dispatch, subscribe }: Context): Editors {
  let turn = 0;
  let shownUrl: string | null = null;
  /** the file of the picture that is painted on */
  let shownBytes: Uint8Array = new Uint8Array();

  subscribe((changed) => {
    const url = paintedPicture(changed)?.url ?? null;
    if (url === shownUrl) return;
    if (shownUrl !== null) URL.revokeObjectURL(shownUrl);
    shownUrl = url;
  });

  async function open(type: PaintEditor["type"], slot: PictureSlot): Promise<void> {
    const own = ++turn;
    dispatch({ type: "problems_cleared", place: slot });
    dispatch({ type: "editor_changed", editor: { type: "loading", of: type } });
    try {
      const { referenceFile } = state();
      const file = slot === "reference" ? referenceFile : null;
      const bytes =
        file?.bytes ?? (await host.request("export_picture", { slot, maxSidePx: maxEditedSidePx })).picture.bytes;
      const picture = await pixels.show(bytes);
      if (!isWaiting(own)) return URL.revokeObjectURL(picture.url);
      shownBytes = bytes;
      dispatch({ type: "editor_changed", editor: { type, picture } });
    } catch (thrown) {
      if (!isWaiting(own)) return;
      dispatch({ type: "editor_changed", editor: { type: "closed" } });
      dispatch({ type: "problem_raised", problem: problemOf(thrown, slot) });
    }
  }

  /** Not closed, and not opened for something else, in the meantime. */
  function isWaiting(own: number): boolean {
    return own === turn && state().editor.type === "loading";
  }

  return {
    openPatches: () => open("patches", "reference"),
    openProductMask: () => open("productMask", "product"),
    async findObject(points, sizePx, signal) {
      const picture = await connection.upload(shownBytes, signal);
      return await pixels.readMask(await connection.segment(picture, points, signal), sizePx);
    },
    openModels() {
      const { editor } = state();
      if (editor.type === "models") return;
      const from = "picture" in editor ? editor : ({ type: "closed" } as const);
      dispatch({ type: "editor_changed", editor: { type: "models", from } });
    },
    close() {
      const { editor } = state();
      dispatch({ type: "editor_changed", editor: editor.type === "models" ? editor.from : { type: "closed" } });
    },
  };
}
