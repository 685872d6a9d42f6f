import { setImmediate as nextTurn } from "node:timers/promises";

/** Milliseconds spent in each stage so far, by its name. */
export type TimingsMs = Readonly<Record<string, number>>;

export interface Stages {
  /** cancels the job */
  readonly signal: AbortSignal | undefined;
  /** Runs one stage: its time is added up under `name`, and a cancelled job stops before it starts. */
  run<Result>(name: string, action: () => Result | Promise<Result>): Promise<Result>;
  timingsMs(): TimingsMs;
}

export function createStages(signal: AbortSignal | undefined): Stages {
  const times = new Map<string, number>();
  return {
    signal,
    async run(name, action) {
      // Graphs block the thread: only a turn of the event loop lets a signal or a message be noticed.
      await nextTurn();
      signal?.throwIfAborted();
      const begin = performance.now();
      try {
        return await action();
      } finally {
        times.set(name, (times.get(name) ?? 0) + performance.now() - begin);
      }
    },
    timingsMs: () => Object.fromEntries([...times].map(([name, time]) => [name, Math.round(time * 10) / 10])),
  };
}
