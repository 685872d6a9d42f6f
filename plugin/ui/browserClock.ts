import { uuidv7 } from "uuidv7";
import { settingRanges } from "../../shared/settings.ts";

/** Time and chance, so that tests can decide both. */
export interface Clock {
  /** ms since the epoch */
  now(): number;
  /** Calls once, later; returns what calls it off. */
  after(delayMs: number, call: () => void): () => void;
  newJobId(): string;
  newSeed(): number;
}

export const browserClock: Clock = {
  now: () => Date.now(),
  after(delayMs, call) {
    const timer = setTimeout(call, delayMs);
    return () => clearTimeout(timer);
  },
  newJobId: uuidv7,
  newSeed: () => Math.floor(Math.random() * (settingRanges.seed.max + 1)),
};
