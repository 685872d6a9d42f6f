import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createPictureCache } from "../../../plugin/ui/effects/pictureCache.ts";
import { focusOf } from "../../../plugin/ui/state/focus.ts";
import { hiddenByHand } from "../../../plugin/ui/state/state.ts";
import { doneEnd, type FakeWorld, jobId, openPanel, paramsOf, ready, settled, slotOf, summaryOf } from "./world.ts";

// Protects what can be done with results: in the document, in the history, and on the server.

const history = [
  summaryOf(3, doneEnd(10, 2), paramsOf({ prompt: "pine", strength: 0.4, variants: 2 })),
  summaryOf(2, { type: "failed", code: "engine_crashed", message: "it died", retryable: true }),
  summaryOf(1, { type: "cancelled" }),
];
const id = jobId(3);
let revoked: string[] = [];

beforeEach(() => {
  revoked = [];
  vi.spyOn(URL, "revokeObjectURL").mockImplementation((url) => void revoked.push(url));
});
afterEach(() => vi.restoreAllMocks());

const inserted = (world: FakeWorld) => world.toMain.filter((message) => message.type === "insert_result");
const nodeOf = (world: FakeWorld, variant: number) => {
  const insertion = world.panel.state().insertions[`${id}/${variant}`];
  return insertion?.type === "inserted" ? insertion.nodeId : insertion?.type;
};

describe("a result", () => {
  it("is inserted with its own seed, once at a time", async () => {
    const world = await openPanel({ history });
    void world.panel.results.insert(id, 2, "add");
    void world.panel.results.insert(id, 2, "add");
    expect(nodeOf(world, 2)).toBe("inserting");
    await settled();
    expect(inserted(world)).toMatchObject([
      { recipe: { variant: 2, model: "mini", settings: { seed: 11, variants: 1 } } },
    ]);
    expect(nodeOf(world, 2)).toMatch(/^9:/);
  });

  it("takes the place of the one inserted last", async () => {
    const world = await openPanel({ history });
    await world.panel.results.insert(id, 1, "add");
    const first = nodeOf(world, 1);
    await world.panel.results.insert(id, 2, "replace");
    expect(inserted(world)[1]).toMatchObject({ replace: first });
    expect(nodeOf(world, 1)).toBeUndefined();
    expect(world.panel.state().replaceable).toBe(nodeOf(world, 2));
  });

  it("that was deleted in the document can be inserted again, and is replaced no more", async () => {
    const world = await openPanel({ history });
    await world.panel.results.insert(id, 1, "add");
    world.say({ type: "result_gone", nodeId: nodeOf(world, 1) ?? "" });
    expect(nodeOf(world, 1)).toBeUndefined();
    await world.panel.results.insert(id, 1, "replace");
    expect(inserted(world)[1]).not.toHaveProperty("replace");
  });

  it("that lies in the document is known, the lowest of copies, until it is gone", async () => {
    const placed = (nodeId: string) => ({ nodeId, jobId: id, variant: 1 });
    const world = await openPanel({ history, opened: { results: [placed("8:1"), placed("8:2")] } });
    expect(nodeOf(world, 1)).toBe("8:1");
    world.say({ type: "results_found", results: [placed("8:2"), { ...placed("8:3"), variant: 2 }] });
    expect([nodeOf(world, 1), nodeOf(world, 2)]).toEqual(["8:1", "8:3"]);
    world.say({ type: "result_gone", nodeId: "8:1" });
    expect(nodeOf(world, 1)).toBeUndefined();
  });

  it("is taken out of the document", async () => {
    const world = await openPanel({ history });
    await world.panel.results.insert(id, 1, "add");
    await world.panel.results.removeFromDocument(id, 1);
    expect(world.panel.state()).toMatchObject({ insertions: {}, replaceable: null });
  });

  it("that cannot be inserted says why, and can be tried again", async () => {
    const world = await openPanel({ history });
    world.answerWith("insert_result", ({ requestId }: { requestId: string }) => ({
      type: "host_error",
      code: "insert_failed",
      message: "No place is left. Undo its deletion.",
      requestId,
    }));
    await world.panel.results.insert(id, 1, "add");
    expect(nodeOf(world, 1)).toBeUndefined();
    expect(world.panel.state().problems).toMatchObject([{ place: "results", code: "insert_failed", fix: null }]);
  });

  it("comes with the server's proof that its product is unchanged", async () => {
    const world = await openPanel({ history });
    const proof = { opaquePixels: 9, changedPixels: 0, sha256Before: "aa", sha256After: "aa" };
    world.setFile("recipe-2.json", JSON.stringify({ schemaVersion: 1, product: proof }));
    expect(await world.panel.results.proof(id, 2)).toEqual(proof);
    world.setFile("recipe-2.json", "{}");
    await expect(world.panel.results.proof(id, 2)).rejects.toThrow("no proof");
  });
});

describe("a result that was begun in another document", () => {
  const note = {
    documentId: "another",
    layers: { product: "8:1", reference: "1:3", referenceMask: null, area: "8:2" },
    hiddenPatches: [1],
    scale: 2,
  };
  const stored = { version: 1, form: {}, hiddenPatches: {}, jobNotes: { [id]: note } };

  it("goes beneath the product in hand", async () => {
    const world = await openPanel({ history, stored });
    await world.panel.results.insert(id, 1, "add");
    const layers = { product: "1:2", reference: "1:3", referenceMask: null, area: "1:1" };
    expect(inserted(world)).toMatchObject([{ recipe: { layers, hiddenPatches: [], scale: 1 } }]);
  });

  it("asks for a product where there is none", async () => {
    const world = await openPanel({ history, stored, slots: { product: { type: "empty" } } });
    await world.panel.results.insert(id, 1, "add");
    expect([inserted(world), nodeOf(world, 1)]).toEqual([[], undefined]);
    expect(world.panel.state().problems).toMatchObject([{ place: "results", code: "layer_missing" }]);
  });

  it("hides nothing of a reference that happens to have the same id", async () => {
    const world = await openPanel({ history, stored });
    world.panel.results.reuseSettings(id);
    expect(hiddenByHand(world.panel.state())).toEqual([]);
    expect(world.panel.state().form).toMatchObject({ prompt: "pine", scale: 2 });
  });
});

describe("the mask that a product was refined with", () => {
  const sha256 = "d".repeat(64);
  const params = paramsOf();
  const refined = summaryOf(3, doneEnd(), { ...params, inputs: { ...params.inputs, productMask: sha256 } });
  const note = {
    documentId: "this document",
    layers: { product: "1:2", reference: "1:3", referenceMask: null, area: "1:1" },
    hiddenPatches: [],
    scale: 1,
  };
  const stored = { version: 1, form: {}, hiddenPatches: {}, jobNotes: { [id]: note } };
  const painted = { sizePx: { width: 1, height: 1 }, data: new Uint8Array([255]) };
  const maskOf = ({ panel }: FakeWorld) => new TextDecoder().decode(panel.state().productMask?.data);

  it("comes back with the settings, in place of what was painted meanwhile", async () => {
    const world = await openPanel({ history: [refined], stored });
    world.setFile(sha256, "mask");
    world.panel.dispatch({ type: "product_mask_painted", mask: painted });
    world.panel.results.reuseSettings(id);
    await settled();
    expect(maskOf(world)).toBe("mask");
    expect(world.panel.state().problems).toEqual([]);
  });

  it("goes where the run had none, and stays where it was for another product", async () => {
    const world = await openPanel({ history: [summaryOf(3, doneEnd())], stored });
    world.panel.dispatch({ type: "product_mask_painted", mask: painted });
    world.panel.results.reuseSettings(id);
    expect(world.panel.state().productMask).toBeNull();
    world.say({ type: "slot_changed", slot: "product", state: slotOf("5:5") });
    world.panel.dispatch({ type: "product_mask_painted", mask: painted });
    world.panel.results.reuseSettings(id);
    expect(world.panel.state().productMask).toBe(painted);
  });

  it("that is not kept any more is told beside the product", async () => {
    const world = await openPanel({ history: [refined], stored });
    world.panel.results.reuseSettings(id);
    await settled();
    expect(world.panel.state()).toMatchObject({ productMask: null, problems: [{ place: "product" }] });
  });

  it("is named in the recipe of a layer, and comes back with “Regenerate background”", async () => {
    const world = await openPanel({ history: [refined], stored });
    await world.panel.results.insert(id, 1, "add");
    const [{ recipe } = { recipe: undefined }] = inserted(world);
    expect(recipe).toMatchObject({ productMask: sha256 });
    if (recipe === undefined) return;
    const again = await openPanel({ opened: { command: "regenerate", recipe } });
    expect(again.panel.state().problems).toMatchObject([{ place: "product" }]);
    expect(again.toServer).toContainEqual(["fetchUpload", sha256]);
  });
});

describe("the picture of a result", () => {
  const fetched = (world: FakeWorld) =>
    world.toServer.flatMap(([name, , file]) => (name === "fetchResult" ? [file] : []));
  const withThumbnails = doneEnd(10, 2).outputs.map((output) => ({
    ...output,
    name: `thumbnail-${output.variant}.jpg`,
    role: "thumbnail" as const,
  }));

  it("is small where it is to choose by, and whole where it is looked at", async () => {
    const end = { ...doneEnd(10, 2), outputs: [...doneEnd(10, 2).outputs, ...withThumbnails] };
    const world = await openPanel({ history: [summaryOf(3, end)] });
    await world.panel.results.picture(id, 2, "thumbnail");
    await world.panel.results.picture(id, 2, "whole");
    await world.panel.results.picture(id, 2, "thumbnail");
    expect(fetched(world)).toEqual(["thumbnail-2.jpg", "result-2.png"]);
  });

  it("is whole, and loaded once, where the server that made it made no small one", async () => {
    const world = await openPanel({ history });
    await world.panel.results.picture(id, 2, "thumbnail");
    await world.panel.results.picture(id, 2, "whole");
    expect(fetched(world)).toEqual(["result-2.png"]);
  });
});

describe("a regenerated layer", () => {
  const layer = { id: "7:7", name: "Background", type: "RECTANGLE", size: { width: 1, height: 1 } };
  const recipe = {
    version: 1 as const,
    jobId: jobId(1),
    variant: 2,
    model: "fine",
    settings: { prompt: "pine", seed: 5, variants: 3 },
    layers: { product: "1:2", reference: "1:3", referenceMask: null, area: null },
    hiddenPatches: [1, 2],
    scale: 2,
  };
  const opened = { command: "regenerate", recipe, selection: [layer] } as const;

  async function regenerate(world: FakeWorld, runId: string): Promise<void> {
    void world.panel.runs.generate();
    await settled();
    world.finish(runId, doneEnd());
    await settled();
  }

  it("gives its settings, and the first result takes its place", async () => {
    const world = await openPanel({ opened });
    expect(world.panel.state()).toMatchObject({
      isRegenerating: true,
      form: { prompt: "pine", seed: 5, isSeedLocked: false, variants: 1, scale: 2, model: "fine" },
    });
    world.panel.dispatch({ type: "regenerating_noted" });
    await regenerate(world, jobId(900));
    await regenerate(world, jobId(901));
    const [first, second] = inserted(world);
    expect(first).toMatchObject({ replace: "7:7", recipe: { hiddenPatches: [1, 2] } });
    expect(second).not.toHaveProperty("replace");
  });

  it("takes its place also where the panel knows it as a result that lies in the document", async () => {
    const results = [{ nodeId: "7:7", jobId: recipe.jobId, variant: 2 }];
    const world = await openPanel({ opened: { ...opened, results } });
    await regenerate(world, jobId(900));
    expect(inserted(world)[0]).toMatchObject({ replace: "7:7" });
    expect(world.panel.state().insertions).not.toHaveProperty(`${recipe.jobId}/2`);
  });

  it("stays where the result is for another product", async () => {
    const world = await openPanel({ opened });
    world.say({ type: "slot_changed", slot: "product", state: slotOf("5:5") });
    await regenerate(world, jobId(900));
    expect(inserted(world)[0]).not.toHaveProperty("replace");
  });
});

describe("the history", () => {
  it("shows its newest, or the job that was chosen", async () => {
    const world = await openPanel({ history });
    expect(focusOf(world.panel.state())).toMatchObject({ type: "done", job: { jobId: id } });
    world.panel.dispatch({ type: "job_focused", jobId: jobId(2) });
    expect(focusOf(world.panel.state())).toMatchObject({ type: "failed", problem: { message: "It died." } });
    world.panel.dispatch({ type: "job_focused", jobId: jobId(1) });
    expect(focusOf(world.panel.state()).type).toBe("cancelled");
  });

  it("gives its settings back: the same picture until something is changed", async () => {
    const world = await openPanel({ history });
    world.panel.results.reuseSettings(id);
    expect(world.panel.state()).toMatchObject({
      tab: "create",
      form: { prompt: "pine", strength: 0.4, fusion: null, seed: 10, isSeedLocked: true, variants: 2 },
    });
  });

  it("is read page by page", async () => {
    const many = Array.from({ length: 50 }, (_, index) => summaryOf(100 - index, { type: "cancelled" }));
    const world = await openPanel({ history: many });
    const numbers = () => world.panel.state().jobs.jobs.length;
    expect(numbers()).toBe(24);
    await world.panel.results.readMore();
    await world.panel.results.readMore();
    await world.panel.results.readMore();
    expect(numbers()).toBe(50);
    expect(world.toServer.filter(([name]) => name === "history")).toHaveLength(3);
  });

  it("has each job once, also where a page was read twice", async () => {
    const world = await openPanel({ history });
    world.panel.dispatch({ type: "jobs_read", jobs: history, more: false, isContinued: true });
    expect(world.panel.state().jobs.jobs).toHaveLength(3);
  });

  it("that could not be read is read from its newest again", async () => {
    const world = await openPanel({ history });
    world.panel.dispatch({ type: "jobs_failed" });
    await world.panel.results.readMore();
    expect(world.panel.state().jobs).toMatchObject({ status: "read", jobs: history });
  });

  it("keeps the pages that were read when a run joins it", async () => {
    const many = Array.from({ length: 50 }, (_, index) => summaryOf(100 - index, { type: "cancelled" }));
    const world = await openPanel({ history: many });
    await world.panel.results.readMore();
    world.setHistory([summaryOf(200, { type: "cancelled" }), ...many]);
    void world.panel.runs.generate();
    await settled();
    world.event(jobId(900), { type: "cancelled" });
    await settled();
    const { jobs, more } = world.panel.state().jobs;
    expect([jobs.length, new Set(jobs).size, jobs[0]?.jobId, more]).toEqual([49, 49, jobId(200), true]);
  });

  it("of another server takes the place of the one before, whatever was still being read", async () => {
    const many = Array.from({ length: 50 }, (_, index) => summaryOf(100 - index, doneEnd()));
    const world = await openPanel({ history: many });
    world.panel.dispatch({ type: "job_focused", jobId: jobId(90) });
    const reading = world.panel.results.readMore();
    world.setHistory([summaryOf(3, doneEnd())]);
    world.connect({ ...ready, serverId: "another" });
    await reading;
    await settled();
    expect(world.panel.state().jobs).toMatchObject({ status: "read", more: false, jobs: [{ jobId: jobId(3) }] });
    expect(world.panel.state().jobs.jobs).toHaveLength(1);
    expect(focusOf(world.panel.state())).toMatchObject({ type: "done", job: { jobId: jobId(3) } });
  });

  it("stays in view while the same server comes back", async () => {
    const world = await openPanel({ history });
    world.connect({ type: "lost", cause: "dropped", retryAtMs: null });
    world.connect(ready);
    expect(world.panel.state().jobs.jobs).toHaveLength(3);
  });

  it("forgets a deleted job, and its pictures", async () => {
    const world = await openPanel({ history });
    await world.panel.results.picture(id, 2, "whole");
    await world.panel.results.deleteJob(id);
    await settled();
    expect(world.panel.state().jobs.jobs.map((job) => job.jobId)).toEqual([jobId(2), jobId(1)]);
    expect(revoked).toContain("blob:result-2.png");
  });
});

describe("the picture cache", () => {
  const shown = (url: string) => ({ url, sizePx: { width: 1, height: 1 } });

  it("loads once, and revokes what was asked for longest ago", async () => {
    const cache = createPictureCache(2);
    const load = vi.fn(async () => shown("a"));
    await cache.get("a", load);
    await cache.get("b", async () => shown("b"));
    await cache.get("a", load);
    await cache.get("c", async () => shown("c"));
    await settled();
    expect(load).toHaveBeenCalledTimes(1);
    expect(revoked).toEqual(["b"]);
  });

  it("loads again what failed", async () => {
    const cache = createPictureCache(2);
    await expect(cache.get("a", async () => Promise.reject(new Error("gone")))).rejects.toThrow("gone");
    expect(await cache.get("a", async () => shown("a"))).toEqual(shown("a"));
  });
});
