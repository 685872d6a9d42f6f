import type { Slot } from "../messages.ts";
import type { Connection } from "./connection/connection.ts";
import type { Runs } from "./effects/generate.ts";
import type { ProductProof } from "./effects/results.ts";
import type { Action } from "./state/action.ts";
import type { Shown, State } from "./state/state.ts";

/** What the views know: the state, how to change it, and everything that reaches beyond the panel. */
export interface Panel {
  state(): State;
  /** returns what ends it */
  subscribe(listener: (state: State) => void): () => void;
  dispatch(action: Action): void;
  readonly runs: Runs;
  readonly layers: {
    useSelection(slot: Slot): void;
    clear(slot: Slot): void;
    show(nodeId: string): void;
    /** a picture from disk takes the reference's place */
    openReference(file: File): Promise<void>;
  };
  readonly editors: {
    /** loads the picture, then opens */
    openPatches(): Promise<void>;
    openProductMask(): Promise<void>;
    close(): void;
  };
  readonly results: {
    /** the picture of a variant; kept while it is likely to be shown again */
    picture(jobId: string, variant: number): Promise<Shown>;
    /** from the recipe that the server wrote */
    proof(jobId: string, variant: number): Promise<ProductProof>;
    /** as a layer beneath the product; `replace` takes the place of the layer of ours that is there */
    insert(jobId: string, variant: number, how: "add" | "replace"): Promise<void>;
    removeFromDocument(jobId: string, variant: number): Promise<void>;
    reuseSettings(jobId: string): void;
    /** deletes the job and its files on the server */
    deleteJob(jobId: string): Promise<void>;
    readMore(): Promise<void>;
  };
  readonly connection: Pick<Connection, "pair" | "forget" | "retry">;
}
