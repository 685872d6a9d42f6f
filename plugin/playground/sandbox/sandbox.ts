import type { Change } from "../document/changes.ts";
import { applyEdit } from "../document/edits.ts";
import { find } from "../document/tree.ts";
import type { Ask, FromSandbox, ToSandbox, View } from "../messages.ts";
import { Desk } from "./desk.ts";
import { exportNode } from "./exportNode.ts";
import { createFigma, type FigmaHost } from "./figma.ts";
import { Pictures } from "./pictures.ts";
import { placePicture } from "./placePicture.ts";
import { runCode } from "./runCode.ts";
import { PluginScope } from "./scope.ts";

/** The worker: it has the document, runs one plugin beside it, and does what the page asks. */

const post = (message: FromSandbox) => self.postMessage(message);
const pictures = new Pictures();
let desk: Desk | undefined;
let host: FigmaHost | undefined;
let view: View = { center: { x: 0, y: 0 }, zoom: 1, bounds: { x: 0, y: 0, width: 0, height: 0 } };

self.addEventListener("message", ({ data }: MessageEvent<ToSandbox>) => receive(data));
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  reportError(event.reason, false);
});
self.addEventListener("error", (event) => {
  event.preventDefault();
  reportError(event.error ?? event.message, false);
});

function receive(message: ToSandbox): void {
  switch (message.type) {
    case "open":
      for (const picture of message.pictures) pictures.restore(picture);
      view = message.view;
      desk = new Desk(message.document, message.history, onFlush);
      desk.flush();
      return;
    case "run":
      run(message);
      return;
    case "from_ui":
      host?.fromUi(message.message);
      return;
    case "view_changed":
      view = message.view;
      host?.viewChanged(view);
      return;
    case "close_plugin":
      host?.close(null);
      return;
    case "toast_gone":
      host?.toastGone(message.toastId, message.reason);
      return;
    case "ask":
      void reply(message.askId, message.ask);
      return;
  }
}

function run({ source, command, stored }: Extract<ToSandbox, { type: "run" }>): void {
  const scope = new PluginScope(opened(), pictures, post, (thrown) => reportError(thrown, false));
  host = createFigma({ scope, pluginId: source.pluginId, command, stored, view });
  try {
    runCode(source.code, host.figma, source.html);
    host.started();
  } catch (thrown) {
    reportError(thrown, true);
  }
}

async function reply(askId: number, ask: Ask): Promise<void> {
  try {
    const value = await answer(ask);
    // What was asked for is seen before its answer.
    opened().flush();
    post({ type: "reply", askId, value });
  } catch (thrown) {
    post({ type: "reply_error", askId, message: thrown instanceof Error ? thrown.message : String(thrown) });
  }
}

async function answer(ask: Ask): Promise<unknown> {
  const open = opened();
  switch (ask.type) {
    case "edit": {
      const { tree, made } = applyEdit(open.tree, ask.edit, open.newId);
      open.write(() => tree);
      if (ask.edit.type === "duplicate") open.select(made);
      if (ask.isStep) open.commit();
      return made;
    }
    case "undo":
      open.undo();
      return null;
    case "redo":
      open.redo();
      return null;
    case "select":
      open.select(ask.ids);
      return null;
    case "add_picture": {
      const picture = pictures.add(ask.bytes);
      post({ type: "picture", picture: { hash: picture.hash, bytes: picture.bytes }, isFromPlugin: false });
      const id = open.newId();
      open.write((tree) => placePicture(tree, picture, ask.name, ask.center, id));
      open.select([id]);
      open.commit();
      return id;
    }
    case "export": {
      const node = find(open.tree, ask.id);
      if (node === undefined) throw new Error(`no layer has the id ${ask.id}`);
      const { constraint, useAbsoluteBounds } = ask;
      return await exportNode(open.tree, node, { format: "PNG", constraint, useAbsoluteBounds }, pictures);
    }
    case "hand_over":
      return open.handOver();
  }
}

function onFlush(changes: readonly Change[], isSelectionChanged: boolean): void {
  const { document, canUndo, canRedo } = opened();
  post({ type: "changed", document, canUndo, canRedo });
  host?.documentChanged(changes, isSelectionChanged);
}

function opened(): Desk {
  if (desk === undefined) throw new Error("no document is open");
  return desk;
}

function reportError(thrown: unknown, isFatal: boolean): void {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const stack = thrown instanceof Error ? (thrown.stack ?? null) : null;
  post({ type: "plugin_error", message, stack, isFatal });
}
