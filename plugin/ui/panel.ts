import type { ToUi } from "../messages.ts";
import type { Connection } from "./connection/connection.ts";
import { createCanvasPreviews } from "./effects/canvasPreviews.ts";
import type { Context, World } from "./effects/context.ts";
import { createDescribeReference, type DescribeReference } from "./effects/describeReference.ts";
import { createEditors, type Editors } from "./effects/editors.ts";
import { followJobs } from "./effects/followJobs.ts";
import { createRuns, type Runs } from "./effects/generate.ts";
import { createHistory } from "./effects/history.ts";
import { keepState } from "./effects/keepState.ts";
import { createLayers, type Layers } from "./effects/layers.ts";
import { createRestoreMask } from "./effects/restoreMask.ts";
import { createResults, type Results } from "./effects/results.ts";
import { showThumbnails } from "./effects/thumbnails.ts";
import { HostError } from "./host.ts";
import type { Action } from "./state/action.ts";
import { restored } from "./state/keep.ts";
import { problemOf } from "./state/problem.ts";
import { reduce } from "./state/reduce.ts";
import { initialState, type State } from "./state/state.ts";

/** What the views know: the state, how to change it, and everything that reaches beyond the panel. */
export interface Panel {
  state(): State;
  /** returns what ends it */
  subscribe(listener: (state: State) => void): () => void;
  dispatch(action: Action): void;
  readonly runs: Runs;
  readonly layers: Layers;
  readonly editors: Editors;
  readonly describeReference: DescribeReference;
  readonly results: Results;
  readonly connection: Pick<Connection, "pair" | "forget" | "retry" | "install" | "stopInstalling">;
}

type Opened = Extract<ToUi, { type: "opened" }>;

/** Puts the panel together, as main opened it. */
export function createPanel(world: World, opened: Opened): Panel {
  const store = createStore(openedState(world, opened));
  const context: Context = { ...world, ...store };
  const history = createHistory(context);
  const restoreMask = createRestoreMask(context);
  const results = createResults(context, history, restoreMask);
  const panel: Panel = {
    state: store.state,
    subscribe: store.subscribe,
    dispatch: store.dispatch,
    runs: createRuns(context),
    layers: createLayers(context),
    editors: createEditors(context),
    describeReference: createDescribeReference(context),
    results,
    connection: world.connection,
  };
  listenToMain(context);
  keepState(context);
  showThumbnails(context);
  followJobs(context, { history, results, canvasPreviews: createCanvasPreviews(context) });
  const { recipe } = opened;
  if (recipe?.productMask !== undefined) void restoreMask(recipe.layers.product, recipe.productMask);
  return panel;
}

function openedState({ connection }: World, opened: Opened): State {
  const { stored, documentId, slots, selection, results, recipe } = opened;
  const kept: State = { ...restored(initialState, stored.panel), documentId, slots, selection };
  const connected = reduce(kept, { type: "connection_changed", connection: connection.state });
  const state = reduce(connected, { type: "results_found", results });
  return recipe === null ? state : reduce(state, { type: "recipe_opened", recipe });
}

function createStore(first: State): Pick<Context, "state" | "dispatch" | "subscribe"> {
  let current = first;
  const listeners = new Set<(state: State, before: State) => void>();
  return {
    state: () => current,
    dispatch(action) {
      const before = current;
      current = reduce(before, action);
      if (current === before) return;
      for (const listener of listeners) listener(current, before);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** What main tells unasked. Answers go to those who asked. */
function listenToMain({ host, state, dispatch }: Context): void {
  host.listen((message) => {
    switch (message.type) {
      case "slot_changed":
        return dispatch({ type: "slot_changed", slot: message.slot, state: message.state });
      case "selection_changed":
        return dispatch({ type: "selection_changed", selection: message.selection });
      case "results_found":
        return dispatch({ type: "results_found", results: message.results });
      case "result_gone":
        return dispatch({ type: "result_gone", nodeId: message.nodeId });
      case "host_error": {
        if (message.requestId !== undefined) return;
        const place = state().tab === "results" ? "results" : "run";
        const problem = problemOf(new HostError(message.code, message.message, message.slot), place);
        return dispatch({ type: "problem_raised", problem });
      }
    }
  });
}
