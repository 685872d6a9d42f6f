import type { Clock } from "../browserClock.ts";
import type { Connection } from "../connection/connection.ts";
import type { Host } from "../host.ts";
import type { Pixels } from "../pixels/pixels.ts";
import type { Action } from "../state/action.ts";
import type { State } from "../state/state.ts";

/** What the panel reaches beyond itself. */
export interface World {
  readonly host: Host;
  readonly connection: Connection;
  readonly pixels: Pixels;
  readonly clock: Clock;
}

/** What every effect works with. */
export interface Context extends World {
  state(): State;
  dispatch(action: Action): void;
  /** called after every change; returns what ends it */
  subscribe(listener: (state: State, before: State) => void): () => void;
}
