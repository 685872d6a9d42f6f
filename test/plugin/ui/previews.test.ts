import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type FakeWorld, jobId, openPanel, settled } from "./world.ts";

// Protects the previews: the newest is shown, none is left in memory, and the few that the canvas takes are spread over the run.

const id = jobId(900);
let revoked: string[] = [];

beforeEach(() => {
  revoked = [];
  vi.spyOn(URL, "revokeObjectURL").mockImplementation((url) => void revoked.push(url));
});
afterEach(() => vi.restoreAllMocks());

async function running(canvasPreviews: boolean): Promise<FakeWorld> {
  const world = await openPanel();
  world.panel.dispatch({ type: "form_changed", change: { canvasPreviews } });
  void world.panel.runs.generate();
  await settled();
  world.event(id, { type: "started", attempt: 1 });
  return world;
}

async function preview(world: FakeWorld, step: number): Promise<void> {
  world.preview({ jobId: id, variant: 1, step, steps: 20 });
  await settled();
}

const shownSteps = (world: FakeWorld) =>
  world.toMain.flatMap((message) => (message.type === "show_preview" ? [new TextDecoder().decode(message.jpeg)] : []));

describe("a preview in the panel", () => {
  it("takes the place of the one before, which is revoked", async () => {
    const world = await running(false);
    await preview(world, 1);
    await preview(world, 2);
    expect(world.panel.state().run).toMatchObject({ preview: { url: "blob:step 2" } });
    expect(revoked).toEqual(["blob:step 1"]);
    world.event(id, { type: "cancelled" });
    expect(revoked).toEqual(["blob:step 1", "blob:step 2"]);
  });

  it("that is overtaken while it is decoded is not shown, and of another job neither", async () => {
    const world = await running(false);
    const release = world.holdPictures();
    await preview(world, 1);
    world.holdPictures()();
    await preview(world, 2);
    release();
    await settled();
    world.preview({ jobId: jobId(1), variant: 1, step: 3, steps: 20 });
    await settled();
    expect(world.panel.state().run).toMatchObject({ preview: { url: "blob:step 2" } });
    expect(revoked).toEqual(["blob:step 1", "blob:step 3"]);
  });
});

describe("a preview in the canvas", () => {
  it("comes only where it is wanted", async () => {
    const world = await running(false);
    await preview(world, 1);
    expect(shownSteps(world)).toEqual([]);
  });

  it("comes four times, spread over the run", async () => {
    const world = await running(true);
    world.answerWith("show_preview", () => ({ type: "preview_shown", runId: id }));
    for (let step = 1; step <= 20; step++) {
      await preview(world, step);
      await world.advance(1500);
    }
    expect(shownSteps(world)).toEqual(["step 1", "step 5", "step 10", "step 15"]);
  });

  it("waits for the answer to the one before, and for 1.5 s; then it is the latest", async () => {
    const world = await running(true);
    world.answerWith("show_preview", null);
    for (const step of [1, 10, 11]) await preview(world, step);
    expect(shownSteps(world)).toEqual(["step 1"]);
    world.say({ type: "preview_shown", runId: id });
    await world.advance(1499);
    await preview(world, 12);
    expect(shownSteps(world)).toEqual(["step 1"]);
    await world.advance(1);
    expect(shownSteps(world)).toEqual(["step 1", "step 12"]);
  });

  it("is not tried again where main shows none of this run", async () => {
    const world = await running(true);
    world.answerWith("show_preview", () => ({ type: "preview_skipped", runId: id, reason: "product_deleted" }));
    await preview(world, 1);
    await world.advance(5000);
    await preview(world, 18);
    expect(shownSteps(world)).toEqual(["step 1"]);
  });
});
