import { describe, expect, it } from "vitest";
import type { ToMain } from "../../../plugin/messages.ts";
import { focusOf } from "../../../plugin/ui/state/focus.ts";
import { doneEnd, type FakeWorld, jobId, openPanel, ready, settled, summaryOf } from "./world.ts";

// Protects one run from its start to each of its ends: what main and the server are told, and what the person sees.

const id = jobId(900);

async function started(world: FakeWorld): Promise<void> {
  void world.panel.runs.generate();
  await settled();
}

function posted(world: FakeWorld, type: ToMain["type"]): readonly ToMain[] {
  return world.toMain.filter((message) => message.type === type);
}

function called(world: FakeWorld, name: string): readonly (readonly unknown[])[] {
  return world.toServer.filter(([called]) => called === name);
}

const runOf = (world: FakeWorld) => world.panel.state().run;

describe("a run", () => {
  it("freezes, sends the pictures, submits, and tells how far it is", async () => {
    const world = await openPanel();
    world.panel.dispatch({ type: "form_changed", change: { prompt: "oak", scale: 2, strength: 0.7 } });
    await started(world);
    expect(called(world, "upload").map(([, content]) => content)).toEqual(["begin_run", "export_picture"]);
    const [, , params] = called(world, "submit")[0] ?? [];
    expect(params).toMatchObject({
      model: "mini",
      settings: { prompt: "oak", strength: 0.7, seed: 43, width: 1600, height: 1200, placement: { x: 10, y: 20 } },
    });
    expect(params).not.toHaveProperty("settings.fusion");
    expect(params).not.toHaveProperty("inputs.referenceMask");
    expect(world.panel.state().form.seed).toBe(43);
    expect(world.panel.state().tab).toBe("results");

    world.event(id, { type: "queued", ahead: 2 });
    expect(runOf(world)).toMatchObject({ type: "queued", ahead: 2 });
    world.event(id, { type: "started", attempt: 1 });
    world.event(id, { type: "warning", message: "slow" });
    world.event(id, { type: "progress", variant: 1, step: 3, steps: 30 });
    expect(runOf(world)).toMatchObject({ type: "running", progress: { step: 3, steps: 30 }, warnings: ["slow"] });
    world.event(id, { type: "retrying", attempt: 2 });
    expect(runOf(world)).toMatchObject({ type: "running", progress: null, attempt: 2 });
  });

  it("inserts its first variant beneath the product, then ends in the document", async () => {
    const world = await openPanel();
    await started(world);
    world.finish(id, doneEnd(43, 2));
    await settled();
    expect(posted(world, "insert_result")).toMatchObject([
      { runId: id, recipe: { jobId: id, variant: 1, settings: { seed: 43 }, layers: { product: "1:2", area: "1:1" } } },
    ]);
    expect(called(world, "fetchResult")).toContainEqual(["fetchResult", id, "background-1.png"]);
    expect(world.toMain.at(-1)).toEqual({ type: "end_run", runId: id });
    expect(runOf(world).type).toBe("done");
    expect(called(world, "history")).toHaveLength(2);
  });

  it("draws a new seed each time, until the seed is locked", async () => {
    const world = await openPanel();
    const seeds = [];
    for (const isSeedLocked of [false, false, true]) {
      world.panel.dispatch({ type: "form_changed", change: { isSeedLocked } });
      await started(world);
      seeds.push(world.panel.state().form.seed);
      const { run } = world.panel.state();
      if (run.type === "queued") world.event(run.job.jobId, { type: "cancelled" });
    }
    expect(seeds[1]).not.toBe(seeds[0]);
    expect(seeds[2]).toBe(seeds[1]);
  });

  it("sends the masks that were painted, in the model's grid", async () => {
    const world = await openPanel();
    world.panel.dispatch({ type: "patches_hidden", hidden: [3, 4] });
    const mask = { sizePx: { width: 1, height: 1 }, data: new Uint8Array([255]) };
    world.panel.dispatch({ type: "product_mask_painted", mask });
    await started(world);
    expect(called(world, "upload").map(([, content]) => content)).toEqual([
      "begin_run",
      "export_picture",
      "product mask",
      "mask 16: 3,4",
    ]);
  });

  it("is not ended by what becomes of another job", async () => {
    const world = await openPanel();
    await started(world);
    world.finish(jobId(1), doneEnd());
    await settled();
    expect(runOf(world).type).toBe("queued");
    expect(posted(world, "end_run")).toHaveLength(0);
  });

  it("is one at a time", async () => {
    const world = await openPanel();
    await started(world);
    await started(world);
    expect(called(world, "submit")).toHaveLength(1);
  });

  it("does not start without a product, and says so beside it", async () => {
    const world = await openPanel({ slots: { product: { type: "deleted", name: "Bottle" } } });
    await started(world);
    expect(runOf(world).type).toBe("idle");
    expect(world.panel.state().problems).toMatchObject([{ place: "product", code: "layer_missing" }]);
  });
});

describe("cancelling", () => {
  it("while main freezes, sends nothing", async () => {
    const world = await openPanel();
    world.answerWith("begin_run", null);
    await started(world);
    expect(runOf(world)).toMatchObject({ type: "preparing", task: "freezing" });
    world.panel.runs.cancel();
    await settled();
    expect(runOf(world)).toEqual({ type: "cancelled", jobId: id, kept: null });
    expect(called(world, "upload")).toHaveLength(0);
    expect(world.toMain.at(-1)).toEqual({ type: "end_run", runId: id });
  });

  it("while a layer is exported, submits nothing", async () => {
    const world = await openPanel();
    world.answerWith("export_picture", null);
    await started(world);
    expect(runOf(world)).toMatchObject({ type: "preparing", task: "exporting" });
    world.panel.runs.cancel();
    await settled();
    expect(runOf(world).type).toBe("cancelled");
    expect(called(world, "submit")).toHaveLength(0);
  });

  it("of a submitted job asks the server, and waits for its word", async () => {
    const world = await openPanel();
    await started(world);
    world.event(id, { type: "progress", variant: 1, step: 3, steps: 30 });
    world.panel.runs.cancel();
    expect(called(world, "cancel")).toEqual([["cancel", id]]);
    expect(world.toMain.at(-1), "the canvas is as before at once").toEqual({ type: "end_run", runId: id });
    world.event(id, { type: "progress", variant: 1, step: 4, steps: 30 });
    expect(runOf(world)).toMatchObject({ type: "cancelling", progress: { step: 3 } });
    world.event(id, { type: "cancelled" });
    await settled();
    expect(runOf(world).type).toBe("cancelled");
    expect(posted(world, "insert_result")).toHaveLength(0);
    world.refuse(id, "queue_full", "too late");
    expect(runOf(world).type).toBe("cancelled");
  });

  it("that came too late shows the result", async () => {
    const world = await openPanel();
    await started(world);
    world.panel.runs.cancel();
    world.finish(id, doneEnd());
    expect(runOf(world).type).toBe("done");
  });
});

describe("a run that fails", () => {
  it("shows a refusal where it can be put right", async () => {
    const world = await openPanel();
    await started(world);
    world.refuse(id, "prompt_invalid", "prompt: half of a pair; remove it", "/params/settings/prompt");
    const problem = { code: "prompt_invalid", place: "prompt", message: "Prompt: half of a pair; remove it." };
    expect(runOf(world)).toMatchObject({ type: "failed", problem });
    expect(world.panel.state().problems).toMatchObject([problem]);
    expect(world.toMain.at(-1)).toEqual({ type: "end_run", runId: id });
    world.panel.dispatch({ type: "form_changed", change: { prompt: "oak" } });
    expect(world.panel.state().problems).toEqual([]);
  });

  it("shows what main could not do at the slot that it is about", async () => {
    const world = await openPanel();
    world.answerWith("begin_run", ({ requestId }: { requestId: string }) => ({
      type: "host_error",
      code: "layer_invisible",
      message: "Nothing of “Bottle” is visible.",
      requestId,
      slot: "product",
    }));
    await started(world);
    expect(runOf(world)).toMatchObject({ type: "failed", problem: { place: "product", code: "layer_invisible" } });
    expect(called(world, "upload")).toHaveLength(0);
  });

  it("of the server's own keeps its message and adds what to do", async () => {
    const world = await openPanel();
    await started(world);
    world.event(id, { type: "failed", code: "engine_crashed", message: "the engine died twice", retryable: true });
    expect(runOf(world)).toMatchObject({ problem: { place: "run", message: "The engine died twice." } });
    expect(world.panel.state().problems).toEqual([]);
  });
});

describe("a run of an earlier opening", () => {
  const note = {
    documentId: "this document",
    layers: { product: "1:2", reference: "", referenceMask: null, area: null },
    hiddenPatches: [1],
    scale: 1,
  };
  const stored = { version: 1, form: {}, hiddenPatches: {}, jobNotes: { [jobId(5)]: note } };

  it("is followed to its end, and its result inserted", async () => {
    const history = [summaryOf(6, doneEnd()), summaryOf(5, null), summaryOf(4, doneEnd())];
    const world = await openPanel({ history, stored });
    expect(called(world, "follow")).toEqual([["follow", jobId(5)]]);
    world.event(jobId(5), { type: "progress", variant: 1, step: 9, steps: 30 });
    expect(runOf(world)).toMatchObject({ type: "running", progress: { step: 9 } });
    world.finish(jobId(5), doneEnd());
    await settled();
    expect(posted(world, "insert_result")).toMatchObject([{ runId: jobId(5), recipe: { hiddenPatches: [1] } }]);
  });

  it.each([
    ["in another document", { ...stored, jobNotes: { [jobId(5)]: { ...note, documentId: "another" } } }],
    ["on another computer", undefined],
  ])(
    "that was begun %s is no run of this panel: it is shown in the history until its end, and not inserted",
    async (_, kept) => {
      const world = await openPanel({ history: [summaryOf(5, null)], stored: kept });
      world.preview({ jobId: jobId(5), variant: 1, step: 1, steps: 2 });
      await settled();
      expect([runOf(world).type, posted(world, "show_preview")]).toEqual(["idle", []]);
      world.setHistory([summaryOf(5, doneEnd())]);
      world.finish(jobId(5), doneEnd());
      await settled();
      expect(focusOf(world.panel.state())).toMatchObject({ type: "done", job: { jobId: jobId(5) } });
      expect(posted(world, "insert_result")).toEqual([]);
    },
  );

  it("is looked for once there is a connection, and only once", async () => {
    const world = await openPanel({ connection: { type: "connecting" }, history: [summaryOf(5, null)], stored });
    expect(called(world, "history")).toHaveLength(0);
    for (const state of [ready, { type: "lost", cause: "dropped", retryAtMs: null } as const, ready]) {
      world.connect(state);
      await settled();
    }
    expect(called(world, "history")).toHaveLength(2);
    expect(runOf(world).type).toBe("queued");
    expect(world.panel.state().tab).toBe("results");
    world.event(jobId(5), { type: "cancelled" });
    world.setHistory([summaryOf(8, null)]);
    world.connect(ready);
    await settled();
    expect(called(world, "follow")).toEqual([["follow", jobId(5)]]);
  });
});
