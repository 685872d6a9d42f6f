import { BackdropError } from "../../shared/errors.ts";
import type { Graph, StoredTensor, Value } from "./graph.ts";
import { type LowRankUpdate, lowRankDelta } from "./lowRank.ts";
import { add, cast } from "./ops.ts";
import { formatShape } from "./shape.ts";

/** The tensors of one checkpoint, by key. */
export type Weights = ReadonlyMap<string, StoredTensor>;

/** What is added to weights of a checkpoint, by key. */
export type Updates = ReadonlyMap<string, LowRankUpdate>;

const noUpdates: Updates = new Map();

/**
 * A place in a checkpoint: joins key prefixes, hands out weights, and remembers which were used, so that
 * `finish` can refuse a checkpoint that holds anything the network did not ask for.
 */
export class Scope {
  readonly graph: Graph;
  readonly #weights: Weights;
  readonly #updates: Updates;
  readonly #prefix: string;
  readonly #used: Set<string>;
  readonly #label: string;

  /** @param label names the checkpoint in messages, e.g. "unet". */
  constructor(
    graph: Graph,
    weights: Weights,
    label: string,
    updates = noUpdates,
    prefix = "",
    used = new Set<string>(),
  ) {
    this.graph = graph;
    this.#weights = weights;
    this.#updates = updates;
    this.#label = label;
    this.#prefix = prefix;
    this.#used = used;
  }

  /** The scope one or more steps down: `s.at("down_blocks", 0)` reads `down_blocks.0.…`. */
  at(...path: readonly (string | number)[]): Scope {
    const prefix = [...path, ""].join(".");
    return new Scope(this.graph, this.#weights, this.#label, this.#updates, this.#prefix + prefix, this.#used);
  }

  /** Where this scope is in its checkpoint: "" or a prefix that ends in ".". */
  get path(): string {
    return this.#prefix;
  }

  has(name: string): boolean {
    return this.#weights.has(this.#prefix + name);
  }

  /** The weight `name`, updated, in the graph's compute precision; its stored shape must be `shape`. */
  weight(name: string, shape: readonly number[]): Value {
    const key = this.#prefix + name;
    const tensor = this.#weights.get(key);
    if (!tensor) {
      throw new BackdropError(
        "model_corrupt",
        `${this.#label}/${key}: expected ${formatShape(shape)}, but the checkpoint has no such tensor${this.#neighbours()}`,
      );
    }
    if (formatShape(tensor.shape) !== formatShape(shape)) {
      throw new BackdropError(
        "model_corrupt",
        `${this.#label}/${key}: expected ${formatShape(shape)}, got ${formatShape(tensor.shape)}${hint(key, shape, tensor.shape)}`,
      );
    }
    this.#used.add(key);
    const stored = this.graph.stored(`${this.#label}/${key}`, tensor);
    const update = this.#updates.get(key);
    const value = update ? add(cast(stored, "float32"), lowRankDelta(this.graph, update, shape)) : stored;
    return cast(value, this.graph.float);
  }

  /** Leaves out weights that this network has no use for, on purpose; a key ending in "." names a whole block. */
  ignore(...keys: readonly string[]): void {
    for (const wanted of keys) {
      const key = this.#prefix + wanted;
      for (const name of this.#weights.keys()) {
        if (name === key || (key.endsWith(".") && name.startsWith(key))) this.#used.add(name);
      }
    }
  }

  /** Throws when a tensor under this scope was used by nothing. */
  finish(): void {
    const unused = [...this.#weights.keys()].filter((key) => key.startsWith(this.#prefix) && !this.#used.has(key));
    if (unused.length === 0) return;
    const shown = unused.slice(0, 3).map((key) => `${this.#label}/${key}`);
    const more = unused.length > shown.length ? ` and ${unused.length - shown.length} more` : "";
    throw new BackdropError(
      "model_corrupt",
      `${shown.join(", ")}${more}: not part of the configured network; the checkpoint belongs to another architecture or its config.json is wrong`,
    );
  }

  #neighbours(): string {
    const near = [...this.#weights.keys()].filter((key) => key.startsWith(this.#prefix)).slice(0, 3);
    return near.length > 0 ? `; nearby: ${near.join(", ")}` : `; nothing starts with "${this.#prefix}"`;
  }
}

function hint(key: string, expected: readonly number[], got: readonly number[]): string {
  if (key === "conv_in.weight" && expected[1] === 4 && got[1] === 9)
    return "; this looks like an inpainting checkpoint";
  return "; its config.json describes another size";
}
