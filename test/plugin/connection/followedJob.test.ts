import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { advanceFollowed, type FollowedJob, type FollowInput } from "../../../plugin/ui/connection/followedJob.ts";
import { stubParams } from "../../server/testServer.ts";

// The rules by which a job is followed across connections.

const jobId = "0192d3a4-5b6c-7d7e-8f90-a1b2c3d4e5f6";
const params = stubParams();
const unsent: FollowedJob = { jobId, params, phase: "unsent", lastSeq: 0, isCancelled: false };
const asked: FollowedJob = { ...unsent, phase: "asked", lastSeq: 3 };
const unasked: FollowedJob = { ...asked, phase: "unasked" };
const refusal = (code: "job_unknown" | "queue_full" | "shutting_down") => ({ code, message: "", pointer: undefined });

describe("connected", () => {
  it("submits what was never sent", () => {
    const { job, send } = advanceFollowed(unsent, { type: "connected" });
    expect([job, send]).toEqual([{ ...unsent, phase: "asked" }, [{ type: "submit", jobId, params }]]);
  });
  it("resumes what may be there, after the last event", () => {
    expect(advanceFollowed(unasked, { type: "connected" }).send).toEqual([{ type: "resume", jobId, lastSeq: 3 }]);
  });
  it("does not resume again what `prove` has resumed", () => {
    expect(advanceFollowed(asked, { type: "connected" }).send).toEqual([]);
  });
  it("says again that a job is cancelled", () => {
    const cancel = { type: "cancel", jobId };
    expect(advanceFollowed({ ...asked, isCancelled: true }, { type: "connected" }).send).toEqual([cancel]);
    expect(advanceFollowed({ ...unasked, isCancelled: true }, { type: "connected" }).send?.at(-1)).toEqual(cancel);
  });
});

describe("an unknown job", () => {
  it("is submitted again, and its events count from the first", () => {
    const { job, send } = advanceFollowed(asked, { type: "refused", refusal: refusal("job_unknown") });
    expect([job, send]).toEqual([{ ...asked, lastSeq: 0 }, [{ type: "submit", jobId, params }]]);
  });
  it("that was to be cancelled has been", () => {
    const cancelled = { ...asked, isCancelled: true };
    expect(advanceFollowed(cancelled, { type: "refused", refusal: refusal("job_unknown") })).toEqual({
      job: undefined,
      event: { type: "cancelled" },
    });
  });
});

test("a server that is stopping takes no job; the next connection submits it", () => {
  const { job } = advanceFollowed(asked, { type: "refused", refusal: refusal("shutting_down") });
  expect(job?.phase).toBe("unsent");
});

test("any other refusal ends it", () => {
  const full = refusal("queue_full");
  expect(advanceFollowed(asked, { type: "refused", refusal: full })).toEqual({ job: undefined, refusal: full });
});

test("whatever happens, no event is delivered twice or out of order, and nothing after an end", () => {
  const inputs: fc.Arbitrary<FollowInput> = fc.oneof(
    fc.constantFrom<FollowInput>({ type: "connected" }, { type: "cancel" }),
    fc.nat(8).map((seq): FollowInput => {
      return { type: "event", seq, event: { type: "progress", variant: 1, step: seq + 1, steps: 9 } };
    }),
    fc.integer({ min: 6, max: 9 }).map((seq): FollowInput => ({ type: "event", seq, event: { type: "cancelled" } })),
  );
  fc.assert(
    fc.property(fc.array(inputs, { maxLength: 40 }), (sequence) => {
      let job: FollowedJob | undefined = unsent;
      const delivered: string[] = [];
      for (const input of sequence) {
        if (job === undefined) break;
        const before: number = job.lastSeq;
        const advance = advanceFollowed(job, input);
        if (input.type === "event" && input.seq <= before) expect(advance.event).toBeUndefined();
        if (advance.event !== undefined) delivered.push(advance.event.type);
        if (advance.job !== undefined) expect(advance.job.lastSeq).toBeGreaterThanOrEqual(before);
        job = advance.job;
      }
      const end = delivered.indexOf("cancelled");
      if (end >= 0) expect([end, job]).toEqual([delivered.length - 1, undefined]);
    }),
  );
});
