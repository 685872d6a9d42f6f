// @vitest-environment happy-dom
import { render } from "preact";
import { afterEach, describe, expect, it } from "vitest";
import { doing, show } from "./rendering.ts";
import { doneEnd, type FakeWorld, finishedVariants, jobId, openPanel, paramsOf, ready, summaryOf } from "./world.ts";

// Protects that a person sees each variant as soon as it is finished, and has it whatever becomes of the run.

const id = jobId(900);
const three = finishedVariants(43, 3);

afterEach(() => {
  render(null, document.body);
});

function button(name: string): HTMLButtonElement {
  const named = [...document.querySelectorAll("button")].find((each) =>
    (each.getAttribute("aria-label") ?? each.textContent).trim().startsWith(name),
  );
  if (named === undefined) throw new Error(`there is no button “${name}” in ${document.body.textContent}`);
  return named;
}

const click = (name: string) => doing(() => button(name).click());
const text = () => document.body.textContent;
const large = () => document.querySelector(".stage img")?.getAttribute("src");
const isShown = (name: string) => button(name).getAttribute("aria-pressed") === "true";
const inserted = (world: FakeWorld) =>
  world.toMain.flatMap((message) => (message.type === "insert_result" ? [message.recipe] : []));

/** A run of three variants that has finished so many. */
async function running(finished: number): Promise<FakeWorld> {
  const world = await show();
  await doing(() => world.panel.dispatch({ type: "form_changed", change: { variants: 3 } }));
  await click("Generate background");
  await doing(() => world.event(id, { type: "started", attempt: 1 }));
  await finish(world, id, ...[1, 2, 3].slice(0, finished));
  return world;
}

/** The server tells of these variants. */
async function finish(world: FakeWorld, job: string, ...numbers: readonly number[]): Promise<void> {
  for (const variant of three.filter((each) => numbers.includes(each.variant))) {
    await doing(() => world.event(job, { type: "variant_done", ...variant }));
  }
}

describe("while a run goes on", () => {
  it("a finished variant can be looked at and inserted; what is painted is one click away, and the end inserts no other", async () => {
    const world = await running(1);
    await doing(() => world.preview({ jobId: id, variant: 2, step: 1, steps: 4 }));
    expect([large(), isShown("Variant 2, being painted")]).toEqual(["blob:step 1", true]);
    await click("Variant 1");
    expect([large(), isShown("Variant 1")]).toEqual(["blob:result-1.png", true]);
    expect(text()).not.toContain("Delete");
    await click("Insert beneath product");
    expect(inserted(world)).toMatchObject([{ variant: 1, settings: { seed: 43, variants: 1 } }]);
    await click("Variant 2, being painted");
    expect(large()).toBe("blob:step 1");
    await finish(world, id, 2, 3);
    await doing(() => world.event(id, doneEnd(43, 3)));
    expect(world.panel.state().run.type).toBe("done");
    expect(inserted(world)).toHaveLength(1);
  });

  it("what was inserted and removed again is not inserted at the end", async () => {
    const world = await running(1);
    await click("Variant 1");
    await click("Insert beneath product");
    await click("Remove from canvas");
    await finish(world, id, 2, 3);
    await doing(() => world.event(id, doneEnd(43, 3)));
    expect(inserted(world)).toHaveLength(1);
  });

  it("the end shows as inserted what main found in the document, of whatever variant", async () => {
    const world = await running(3);
    const variant = 2;
    world.answerWith("insert_result", ({ requestId, runId }: { requestId: string; runId: string }) => {
      return { type: "inserted", requestId, runId, nodeId: "9:9", variant, isNew: false };
    });
    await doing(() => world.event(id, doneEnd(43, 3)));
    expect(world.toMain.at(-2)).toMatchObject({ type: "insert_result", isAutomatic: true });
    expect(world.panel.state().insertions).toEqual({ [`${id}/2`]: { type: "inserted", nodeId: "9:9" } });
  });

  it("a preview never stands for a variant that is finished, nor is one shown for the next", async () => {
    const world = await running(0);
    await doing(() => world.preview({ jobId: id, variant: 1, step: 4, steps: 4 }));
    await doing(() => world.event(id, { type: "progress", variant: 1, step: 4, steps: 4 }));
    await finish(world, id, 1);
    expect(large()).toBe("blob:result-1.png");
    expect(text()).toContain("Variant 1 is finishedVariant 2 of 3");
    await doing(() => world.preview({ jobId: id, variant: 1, step: 4, steps: 4 }));
    expect(world.panel.state().run).toMatchObject({ preview: null });
  });

  it("a picture that was lost with the connection comes when it is back", async () => {
    const world = await running(0);
    await doing(() => world.connect({ type: "lost", cause: "dropped", retryAtMs: null }));
    await finish(world, id, 1);
    expect([large(), text()]).toEqual([undefined, expect.stringContaining("Not available")]);
    await doing(() => world.connect(ready));
    expect([large(), text()]).toEqual(["blob:result-1.png", expect.not.stringContaining("Not available")]);
  });

  it("what a restarted server tells again counts once", async () => {
    const world = await running(2);
    await finish(world, id, 1, 2);
    await doing(() => world.event(id, { type: "retrying", attempt: 2 }));
    expect(world.panel.state().run).toMatchObject({ type: "running", attempt: 2, variants: three.slice(0, 2) });
    expect(document.querySelectorAll("button.variant")).toHaveLength(3);
  });
});

describe("a run that is not done", () => {
  it("says what a cancel has kept, inserts nothing by itself, and lets it be inserted", async () => {
    const world = await running(1);
    await click("Cancel");
    expect(text()).toContain("After the current step");
    expect(document.querySelectorAll(".variant")).toHaveLength(1);
    await finish(world, id, 2);
    await doing(() => world.event(id, { type: "cancelled" }));
    expect(text()).toContain("Cancelled. 2 of 3 variants were finished and are kept.");
    expect(inserted(world)).toEqual([]);
    await click("Variant 2");
    await click("Insert beneath product");
    expect(inserted(world)).toMatchObject([{ jobId: id, variant: 2, settings: { seed: 44 } }]);
  });

  it("says what a failure has kept, beside why it failed", async () => {
    const world = await running(1);
    await doing(() =>
      world.event(id, { type: "failed", code: "engine_crashed", message: "the engine died", retryable: true }),
    );
    expect(text()).toContain("The engine died.");
    expect(text()).toContain("1 of 3 variants was finished and is kept.");
    expect(large()).toBe("blob:result-1.png");
  });
});

describe("in the history", () => {
  const params = paramsOf({ variants: 3 });

  it("a cancelled run has what it finished, with its own seeds, until it is deleted", async () => {
    const world = await show({ history: [summaryOf(1, { type: "cancelled" }, params, three.slice(0, 2))] });
    await click("Results");
    expect(isShown("Cancelled, 2 of 3 finished: oak")).toBe(true);
    expect(text()).toContain("Cancelled. 2 of 3 variants were finished and are kept.");
    await click("Variant 2");
    await click("Insert beneath product");
    expect(inserted(world)).toMatchObject([{ variant: 2, settings: { seed: 44 } }]);
    await click("Delete this run");
    await click("Delete for good");
    expect(text()).toContain("No backgrounds yet");
  });

  it("a run of another panel has what it has finished so far, as it comes", async () => {
    const world = await show({ history: [summaryOf(1, null, params)] });
    await click("Results");
    expect(text()).toContain("This run is being painted.");
    world.setHistory([summaryOf(1, null, params, three.slice(0, 1))]);
    await finish(world, jobId(1), 1);
    expect(text()).toContain("Finished so far: 1 of 3.");
    expect(large()).toBe("blob:result-1.png");
  });
});

it("a run that is found again after a reload has what it had finished", async () => {
  const layers = { product: "1:2", reference: "", referenceMask: null, area: null };
  const note = { documentId: "this document", layers, hiddenPatches: [], scale: 1 };
  const stored = { version: 1, form: {}, hiddenPatches: {}, jobNotes: { [jobId(5)]: note } };
  const world = await openPanel({ history: [summaryOf(5, null, paramsOf({ variants: 3 }))], stored });
  await finish(world, jobId(5), 1, 2);
  expect(world.panel.state().run).toMatchObject({ type: "running", variants: three.slice(0, 2) });
});
