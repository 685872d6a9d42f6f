import { keptOf } from "../state/keep.ts";
import type { Context } from "./context.ts";

/** Typing changes the form with every key. */
const settleMs = 500;

/** Keeps what was typed, and what the panel alone knows of its jobs, across openings. */
export function keepState({ host, clock, state, subscribe }: Context): void {
  let stopWaiting = () => {};
  const keep = () => {
    stopWaiting();
    host.post({ type: "store", key: "panel", value: keptOf(state()) });
  };

  subscribe((now, before) => {
    // A job's note comes once a run, and the panel may be closed right after.
    if (now.jobNotes !== before.jobNotes) return keep();
    if (now.form === before.form && now.hiddenPatches === before.hiddenPatches) return;
    stopWaiting();
    stopWaiting = clock.after(settleMs, keep);
  });
}
