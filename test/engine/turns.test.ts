import { expect, test } from "vitest";
import type { AssistRequest, EngineRequest } from "../../server/engine/messages.ts";
import type { AssistListener, RunListener } from "../../server/engine/supervisor.ts";
import { Turns } from "../../server/engine/turns.ts";
import { parseSettings } from "../../shared/settings.ts";

// Who has the engine when, with an engine that ends things when it is told.

function fakeEngine() {
  const log: string[] = [];
  const ends = new Map<string, (how: "done" | "crash" | "cancelled") => void>();
  const turns = new Turns({
    run({ jobId }: EngineRequest, listener: RunListener) {
      log.push(`+${jobId}`);
      ends.set(jobId, (how) => (how === "crash" ? listener.onCrash() : listener.onEnd({ type: "cancelled" })));
      return { cancel: () => log.push(`cancel ${jobId}`) };
    },
    assist({ jobId }: AssistRequest, listener: AssistListener) {
      log.push(`+${jobId}`);
      ends.set(jobId, (how) => {
        if (how === "crash") listener.onCrash();
        else if (how === "cancelled") listener.onEnd({ type: "cancelled" });
        else listener.onAnswer({ type: "described", text: jobId });
      });
      return { cancel: () => log.push(`cancel ${jobId}`) };
    },
    stop: async () => {},
  });
  return { turns, log, end: (id: string, how: "done" | "crash" | "cancelled" = "done") => ends.get(id)?.(how) };
}

function job(jobId: string): EngineRequest {
  const files = { product: "", reference: "" };
  const settings = { ...parseSettings({}), seed: 1 };
  return {
    jobId,
    model: "mini",
    target: { provider: "cpu", precision: "fp32" },
    settings,
    files,
    outDir: "",
    previews: false,
  };
}

function question(jobId: string): AssistRequest {
  return { jobId, task: "describe", picture: { path: "", sha256: "" } };
}

function listener(ended: string[], name: string): RunListener {
  return {
    onProgress() {},
    onPreview() {},
    onVariant() {},
    onWarning() {},
    onEnd: ({ type }) => ended.push(`${name} ${type}`),
    onCrash: () => ended.push(`${name} crash`),
  };
}

const never = new AbortController().signal;

test("helpers wait for the running job, and one is let in between two jobs", async () => {
  const { turns, log, end } = fakeEngine();
  const ended: string[] = [];
  turns.run(job("job1"), {
    ...listener(ended, "job1"),
    // As the queue does: the next job comes while the last one ends.
    onEnd: () => void turns.run(job("job2"), listener(ended, "job2")),
  });
  const answers = ["help1", "help2", "help3"].map((id) => turns.assist(question(id), never));
  expect(log).toEqual(["+job1"]);
  expect(turns.assists).toBe(3);
  for (const id of ["job1", "help1", "job2", "help2", "help3"]) end(id);
  expect(log).toEqual(["+job1", "+help1", "+job2", "+help2", "+help3"]);
  expect((await Promise.all(answers)).map((answer) => answer.type === "described" && answer.text)).toEqual([
    "help1",
    "help2",
    "help3",
  ]);
  expect(turns.assists).toBe(0);
});

test("what waits is cancelled without the engine, what runs by it", async () => {
  const { turns, log, end } = fakeEngine();
  const ended: string[] = [];
  const [first, second] = [new AbortController(), new AbortController()];
  const running = turns.assist(question("help1"), first.signal);
  const waiting = turns.assist(question("help2"), second.signal);
  const { cancel } = turns.run(job("job1"), listener(ended, "job1"));
  second.abort(new Error("withdrawn 2"));
  await expect(waiting).rejects.toThrow("withdrawn 2");
  cancel();
  expect(ended).toEqual(["job1 cancelled"]);
  expect(log).toEqual(["+help1"]);
  first.abort(new Error("withdrawn 1"));
  expect(log).toEqual(["+help1", "cancel help1"]);
  end("help1", "cancelled");
  await expect(running).rejects.toThrow("withdrawn 1");
  turns.run(job("job2"), listener(ended, "job2")).cancel();
  expect(log).toEqual(["+help1", "cancel help1", "+job2", "cancel job2"]);
});

test("a crash ends one thing only", async () => {
  const { turns, log, end } = fakeEngine();
  const ended: string[] = [];
  turns.run(job("job1"), listener(ended, "job1"));
  const first = turns.assist(question("help1"), never);
  const second = turns.assist(question("help2"), never);
  end("job1", "crash");
  end("help1", "crash");
  await expect(first).rejects.toMatchObject({ code: "engine_crashed" });
  end("help2");
  expect(await second).toEqual({ type: "described", text: "help2" });
  expect(ended).toEqual(["job1 crash"]);
  expect(log).toEqual(["+job1", "+help1", "+help2"]);
});
