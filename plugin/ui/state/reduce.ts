import type { InventoryInfo } from "../../../shared/protocol/inventory.ts";
import { settingsSchema } from "../../../shared/settings.ts";
import type { LayerInfo, Slot, SlotState } from "../../messages.ts";
import type { Recipe } from "../../recipe.ts";
import type { ConnectionState } from "../connection/connection.ts";
import type { Action } from "./action.ts";
import { defaultForm, type Form, formOfSettings } from "./form.ts";
import { type Problem, type ProblemPlace, withProblem } from "./problem.ts";
import { reduceResults } from "./reduceResults.ts";
import { reduceRun } from "./reduceRun.ts";
import { isActive, type JobNote } from "./run.ts";
import { referenceKey, type State } from "./state.ts";

/** The state after the action. Nothing else changes it. */
export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case "connection_changed":
      return changeConnection(state, action.connection);
    case "inventory_changed":
      return changeInventory(state, action.inventory);
    case "slot_changed":
      return changeSlot(state, action.slot, action.state);
    case "selection_changed":
      return { ...state, selection: action.selection };
    case "thumbnail_changed":
      return { ...state, thumbnails: { ...state.thumbnails, [action.slot]: action.thumbnail } };
    case "reference_file_chosen":
      return clearProblems({ ...state, referenceFile: action.file, droppedParts: null }, "reference");
    case "dropped_parts_found":
      return partsFound(state, action.parts, action.problem);
    case "product_checked":
      return { ...state, isProductErased: action.isErased };
    case "patches_hidden":
      return hidePatches(state, action.hidden);
    case "product_mask_painted":
      return clearProblems({ ...state, productMask: action.mask }, "product");
    case "form_changed":
      return changeForm(state, action.change);
    case "form_reset": {
      const { prompt, negative, model } = state.form;
      return clearProblems({ ...state, form: { ...defaultForm, prompt, negative, model } }, "settings");
    }
    case "recipe_opened":
      return openRecipe(state, action.recipe);
    case "settings_reused":
      return reuseSettings(state, action);
    case "regenerating_noted":
      return { ...state, isRegenerating: false };
    case "problem_raised":
      return { ...state, problems: withProblem(state.problems, action.problem) };
    case "problems_cleared":
      return action.place === null ? { ...state, problems: [] } : clearProblems(state, action.place);
    case "tab_chosen":
      return { ...state, tab: action.tab };
    case "advanced_toggled":
      return { ...state, isAdvancedOpen: action.isOpen };
    case "editor_changed":
      return { ...state, editor: action.editor };
    case "run_started":
    case "run_task":
    case "run_submitted":
    case "run_found":
    case "run_event":
    case "run_preview":
    case "run_cancelling":
    case "run_cancelled":
    case "run_failed":
      return reduceRun(state, action);
    case "jobs_reading":
    case "jobs_read":
    case "jobs_failed":
    case "job_removed":
    case "job_focused":
    case "variant_chosen":
    case "insertion_changed":
    case "results_found":
    case "result_gone":
      return reduceResults(state, action);
  }
}

/** Another server has another history, and the run that ended on the one before is in none of it. */
function changeConnection(state: State, connection: ConnectionState): State {
  if (connection.type !== "ready") return { ...state, connection };
  const connected = { ...state, connection, wasReady: true };
  const { serverId } = connection;
  if (serverId === state.jobs.serverId) return connected;
  const jobs: State["jobs"] = { serverId, jobs: [], more: false, status: "unread" };
  if (state.jobs.serverId === null) return { ...connected, jobs };
  return { ...connected, jobs, focusedJob: null, run: isActive(state.run) ? state.run : { type: "idle" } };
}

function changeInventory(state: State, inventory: InventoryInfo): State {
  const { connection } = state;
  return connection.type === "ready" ? { ...state, connection: { ...connection, ...inventory } } : state;
}

function clearProblems(state: State, cleared: ProblemPlace): State {
  return { ...state, problems: state.problems.filter(({ place }) => place !== cleared) };
}

/** Another layer: what was painted for the one before is not for it, and neither is the background beneath it. */
function changeSlot(state: State, slot: Slot, changed: SlotState): State {
  const isAnother = layerOf(changed)?.id !== layerOf(state.slots[slot])?.id;
  const next = clearProblems({ ...state, slots: { ...state.slots, [slot]: changed } }, slot);
  const isHiddenByFile = slot === "reference" && state.referenceFile !== null && changed.type !== "set";
  if (!isAnother || isHiddenByFile || slot === "area") return next;
  return {
    ...next,
    editor: state.editor.type === "models" ? { type: "models", from: { type: "closed" } } : { type: "closed" },
    ...(slot === "product" && { productMask: null, replaceable: null }),
    ...(slot === "reference" && changed.type === "set" && { referenceFile: null }),
    ...(slot !== "product" && { droppedParts: null }),
  };
}

/** A mask of another shape is told as soon as it is seen, and until it fits. */
function partsFound(state: State, parts: State["droppedParts"], problem: Problem | null): State {
  const others = state.problems.filter(({ code }) => code !== "mask_mismatch");
  return { ...state, droppedParts: parts, problems: problem === null ? others : withProblem(others, problem) };
}

function layerOf(slot: SlotState): LayerInfo | null {
  return slot.type === "set" ? slot.layer : null;
}

function changeForm(state: State, change: Partial<Form>): State {
  const places = new Set(Object.keys(change).map(placeOfField));
  const problems = state.problems.filter(({ place }) => !places.has(place));
  return { ...state, form: { ...state.form, ...change }, problems };
}

function placeOfField(field: string): ProblemPlace {
  return field === "prompt" || field === "negative" || field === "model" ? field : "settings";
}

function hidePatches(state: State, hidden: readonly number[]): State {
  const key = referenceKey(state);
  if (key === null) return state;
  const { [key]: _, ...others } = state.hiddenPatches;
  return { ...state, hiddenPatches: { ...others, [key]: hidden } };
}

/** A layer made by “Regenerate background”: its settings, with a new seed unless the person locks the one that is there. */
function openRecipe(state: State, recipe: Recipe): State {
  const settings = settingsSchema.safeParse(recipe.settings);
  if (!settings.success) return state;
  const form: Form = {
    ...state.form,
    ...formOfSettings(settings.data),
    seed: settings.data.seed ?? null,
    isSeedLocked: false,
    variants: 1,
    scale: wishedScale(recipe.scale),
    model: recipe.model,
  };
  const regenerated = state.selection[0]?.id ?? null;
  const opened = { ...state, form, isRegenerating: true, regenerated, replaceable: regenerated };
  return withHidden(opened, recipe);
}

/** The same picture again, until something is changed. */
function reuseSettings(state: State, { params, seed, note }: Extract<Action, { type: "settings_reused" }>): State {
  const form: Form = {
    ...state.form,
    ...formOfSettings(params.settings),
    seed,
    isSeedLocked: true,
    ...(note !== null && { scale: wishedScale(note.scale) }),
    ...(params.model !== undefined && { model: params.model }),
  };
  const reused: State = { ...state, form, tab: "create", problems: [] };
  return note?.documentId === state.documentId ? withHidden(reused, note) : reused;
}

/** What was hidden of a reference is hidden again where that reference still is the one. */
function withHidden(state: State, { layers, hiddenPatches }: Pick<JobNote, "layers" | "hiddenPatches">): State {
  const isInHand = state.referenceFile === null && layerOf(state.slots.reference)?.id === layers.reference;
  return isInHand ? hidePatches(state, hiddenPatches) : state;
}

/** Main may have lowered or raised the scale; the panel offers two. */
function wishedScale(scale: number): Form["scale"] {
  return scale < 1.5 ? 1 : 2;
}
