import type { Slot, ToMain, ToUi } from "../messages.ts";
import { endPreviews, removePreview, showPreview } from "./canvasPreview.ts";
import { documentId, keepDocumentId, rememberedLayers } from "./documentMemory.ts";
import { exportCapped } from "./exportPicture.ts";
import { HostFailure, hostError } from "./hostFailure.ts";
import { findInserted, insertResult, removeResult } from "./insertResult.ts";
import { findLayer, layerInfo, pageOf } from "./layers.ts";
import { refuseTaken } from "./layerTaken.ts";
import { isOurs, readRecipe, regenerateCommand, resultsIn } from "./recipes.ts";
import { beginRun, type Run, recallRun } from "./run.ts";
import { showResult } from "./showResult.ts";
import { createSlots, slotTitles } from "./slots.ts";
import { readStored, store } from "./storage.ts";
import { asOneUndoStep } from "./undo.ts";
import { noteResults, watchDocument } from "./watchDocument.ts";

const panelSize = { width: 340, height: 720 };
const maxNoticeLength = 100;
/** The panel only tells apart none, one and several. */
const maxReportedSelection = 20;

/** Before `opened` tells all slots, no single one is told. */
let isOpened = false;
const slots = createSlots((message) => {
  if (isOpened) send(message);
});
const runs = new Map<string, Run>();
/** Of the runs, those that the panel has not ended. */
const unfinished = new Set<string>();
/** Result layers that the panel knows of. */
const resultIds = new Set<string>();
/** Messages are answered one after the other, so that no two of them write at the same time. */
let lastAnswer: Promise<void> = Promise.resolve();

figma.showUI(__html__, { ...panelSize, themeColors: true });
figma.ui.onmessage = receive;
figma.on("selectionchange", () => send({ type: "selection_changed", selection: selection() }));
figma.on("close", () => {
  runs.forEach(removePreview);
  // The next opening has to know the document as the one that they were begun in.
  if (unfinished.size > 0) keepDocumentId();
});
watchDocument(slots, resultIds, runs, send);

function send(message: ToUi): void {
  figma.ui.postMessage(message);
}

function receive(message: ToMain): void {
  switch (message.type) {
    // Both wait for nobody: an export writes nothing and may take long, and closing is closing.
    case "export_picture":
      void answer(message);
      break;
    case "close":
      figma.closePlugin();
      break;
    default:
      lastAnswer = lastAnswer.then(() => answer(message));
  }
}

async function answer(message: ToMain): Promise<void> {
  try {
    await handle(message);
  } catch (thrown) {
    send(hostError(thrown, "requestId" in message ? message.requestId : undefined));
  }
}

async function handle(message: ToMain): Promise<void> {
  switch (message.type) {
    case "ui_ready":
      return open();
    case "use_selection":
      return useSelection(message.slot);
    case "clear_slot":
      return slots.clear(message.slot);
    case "show_layer":
      return showLayer(message.nodeId);
    case "export_picture": {
      const { requestId, slot, maxSidePx } = message;
      const picture = await exportCapped(await slots.layer(slot), slot, maxSidePx);
      return send({ type: "picture", requestId, slot, picture });
    }
    case "begin_run": {
      const begun = await beginRun(message, slots);
      runs.set(message.runId, begun.run);
      unfinished.add(message.runId);
      return send(begun.answer);
    }
    case "show_preview": {
      const run = runs.get(message.runId);
      if (run === undefined) return send({ type: "preview_skipped", runId: message.runId, reason: "off" });
      return send(await showPreview(run, message.jpeg, Date.now()));
    }
    case "end_run": {
      const run = runs.get(message.runId);
      unfinished.delete(message.runId);
      return run === undefined ? undefined : endPreviews(run);
    }
    case "insert_result":
      return insert(message);
    case "remove_result": {
      const { requestId, nodeId } = message;
      await removeResult(nodeId);
      resultIds.delete(nodeId);
      return send({ type: "result_removed", requestId, nodeId });
    }
    case "store":
      return store(message.key, message.value);
    case "notify":
      figma.notify(message.message.slice(0, maxNoticeLength), { error: message.isError });
      return;
    case "resize":
      return figma.ui.resize(message.size.width, message.size.height);
    case "close":
      return figma.closePlugin();
    default:
      return unknownMessage(message);
  }
}

async function open(): Promise<void> {
  const [selected, ...others] = figma.currentPage.selection;
  const only = others.length === 0 ? selected : undefined;
  const recipe = figma.command === regenerateCommand && only !== undefined ? readRecipe(only) : null;
  const stored = await readStored();
  if (!isOpened) {
    if (recipe !== null) await slots.fillFrom(recipe.layers);
    else await fillSlots(only);
    isOpened = true;
  }
  const results = noteResults(resultsIn(figma.currentPage), resultIds);
  send({
    type: "opened",
    command: recipe === null ? "open" : "regenerate",
    recipe,
    stored,
    documentId: documentId(),
    slots: { ...slots.states },
    selection: selection(),
    results,
  });
}

/** A selected layer is the product, unless it is known to be something else; the rest is what was used last. */
async function fillSlots(selected: SceneNode | undefined): Promise<void> {
  const remembered = rememberedLayers();
  const { product, area: _, ...shown } = remembered;
  const isProduct =
    selected !== undefined && !isOurs(selected) && !Object.values(shown).some((id) => id === selected.id);
  if (isProduct) slots.fill("product", selected, true);
  await slots.fillFrom(isProduct && selected.id !== product ? shown : remembered);
}

function useSelection(slot: Slot): void {
  const [selected, ...others] = figma.currentPage.selection;
  if (selected === undefined || others.length > 0) {
    const found = selected === undefined ? "Nothing is selected" : `${others.length + 1} layers are selected`;
    throw new HostFailure("nothing_selected", `${found}. Select the one layer that is the ${slotTitles[slot]}.`, {
      slot,
    });
  }
  if (slot !== "area") refuseTaken(slot, selected, slots.states);
  slots.fill(slot, selected, false);
}

async function showLayer(nodeId: string): Promise<void> {
  const layer = await findLayer(nodeId);
  const page = layer === null ? null : pageOf(layer);
  if (layer === null || page === null) throw new HostFailure("layer_missing", "That layer was deleted.");
  if (page.id !== figma.currentPage.id) await figma.setCurrentPageAsync(page);
  if (isOurs(layer)) asOneUndoStep(() => showResult(layer));
  page.selection = [layer];
  figma.viewport.scrollAndZoomIntoView([layer]);
}

async function insert(message: Extract<ToMain, { type: "insert_result" }>): Promise<void> {
  const { requestId, runId, png, recipe, replace, isAutomatic } = message;
  const run = runs.get(runId) ?? (await recallRun(runId, recipe.layers));
  runs.set(runId, run);
  const before = isAutomatic ? await findInserted(run) : null;
  if (before !== null) {
    const { nodeId, variant } = before;
    resultIds.add(nodeId);
    return send({ type: "inserted", requestId, runId, nodeId, variant, isNew: false });
  }
  const { id: nodeId } = await insertResult(run, png, recipe, replace);
  resultIds.add(nodeId);
  if (replace !== undefined) resultIds.delete(replace);
  send({ type: "inserted", requestId, runId, nodeId, variant: recipe.variant, isNew: true });
}

function selection() {
  return figma.currentPage.selection.slice(0, maxReportedSelection).map(layerInfo);
}

function unknownMessage(message: never): never {
  throw new HostFailure(
    "internal",
    `unknown message ${JSON.stringify(message)}; the panel and the plugin differ in version`,
  );
}
