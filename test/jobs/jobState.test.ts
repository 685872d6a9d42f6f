import fc from "fast-check";
import { expect, test } from "vitest";
import { advance, type JobInput, type JobState, maxAttempts } from "../../server/jobs/jobState.ts";
import type { JobEvent } from "../../shared/protocol/jobs.ts";
import { isEnd } from "../../shared/protocol/jobs.ts";

const inputs: fc.Arbitrary<JobInput> = fc.constantFrom<JobInput>(
  { type: "start" },
  { type: "progress", variant: 1, step: 1, steps: 4 },
  { type: "variant_done", variant: 1, seed: 1, outputs: [], productPixelsChanged: 0 },
  { type: "warning", message: "w" },
  { type: "cancel" },
  { type: "crash" },
  { type: "end", end: { type: "cancelled" } },
  { type: "end", end: { type: "failed", code: "image_corrupt", message: "m", retryable: false } },
  { type: "end", end: { type: "done", outputs: [], seed: 1, timingsMs: {}, productPixelsChanged: 0 } },
);

function play(sequence: readonly JobInput[]): { readonly states: JobState[]; readonly events: JobEvent[] } {
  const states: JobState[] = [{ type: "queued", attempt: 1 }];
  const events: JobEvent[] = [];
  for (const input of sequence) {
    const { state, event } = advance(states.at(-1) ?? { type: "queued", attempt: 1 }, input);
    states.push(state);
    if (event) events.push(event);
  }
  return { states, events };
}

test("whatever happens, a job ends at most once, nothing follows its end, and it is started at most twice", () => {
  fc.assert(
    fc.property(fc.array(inputs, { maxLength: 30 }), (sequence) => {
      const { states, events } = play(sequence);
      const ends = events.filter(isEnd);
      expect(ends.length).toBe(states.at(-1)?.type === "ended" ? 1 : 0);
      if (ends.length === 1) expect(events.at(-1)).toBe(ends[0]);
      expect(events.filter(({ type }) => type === "started").length).toBeLessThanOrEqual(maxAttempts);
      const firstCancel = states.findIndex(({ type }) => type === "cancelling");
      if (firstCancel >= 0 && ends.length === 1) expect(ends[0]?.type).toBe("cancelled");
    }),
    { numRuns: 1000 },
  );
});

test("from every state, an engine that dies or reports leads to an end or to one more attempt", () => {
  fc.assert(
    fc.property(fc.array(inputs, { maxLength: 20 }), (sequence) => {
      const restless = [
        ...sequence,
        ...Array.from({ length: 4 }, () => [{ type: "start" }, { type: "crash" }] as const),
      ];
      expect(play(restless.flat()).states.at(-1)?.type).toBe("ended");
    }),
  );
});

test.each<[string, JobInput[], string[]]>([
  ["runs through", [start(), progress(), done()], ["started", "progress", "done"]],
  ["dies once", [start(), crash(), start(), done()], ["started", "retrying", "started", "done"]],
  ["dies twice", [start(), crash(), start(), crash()], ["started", "retrying", "started", "failed"]],
  ["cancelled while waiting", [cancel(), start()], ["cancelled"]],
  ["cancelled, the step is killed", [start(), cancel(), progress(), crash()], ["started", "cancelled"]],
  [
    "cancelled as a variant is finished, which counts",
    [start(), cancel(), variantDone(), crash(), variantDone()],
    ["started", "variant_done", "cancelled"],
  ],
  ["cancelled as it ends", [start(), cancel(), done()], ["started", "cancelled"]],
  ["cancelled too late", [start(), done(), cancel(), cancel()], ["started", "done"]],
])("%s", (_, sequence, types) => {
  expect(play(sequence).events.map(({ type }) => type)).toEqual(types);
});

function start(): JobInput {
  return { type: "start" };
}
function progress(): JobInput {
  return { type: "progress", variant: 1, step: 1, steps: 2 };
}
function variantDone(): JobInput {
  return { type: "variant_done", variant: 1, seed: 1, outputs: [], productPixelsChanged: 0 };
}
function crash(): JobInput {
  return { type: "crash" };
}
function cancel(): JobInput {
  return { type: "cancel" };
}
function done(): JobInput {
  return { type: "end", end: { type: "done", outputs: [], seed: 1, timingsMs: {}, productPixelsChanged: 0 } };
}
