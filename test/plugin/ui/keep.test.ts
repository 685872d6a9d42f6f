import { describe, expect, it } from "vitest";
import { createMemory } from "../../../plugin/ui/memory.ts";
import { defaultForm } from "../../../plugin/ui/state/form.ts";
import { keptOf, restored } from "../../../plugin/ui/state/keep.ts";
import { initialState, type State } from "../../../plugin/ui/state/state.ts";
import { openPanel, settled } from "./world.ts";

// Protects what survives closing the panel: everything that was typed, and nothing that could keep it from opening.

const note = {
  documentId: "this document",
  layers: { product: "1:2", reference: "", referenceMask: null, area: null },
  hiddenPatches: [],
  scale: 1,
};
const worked: State = {
  ...initialState,
  form: { ...defaultForm, prompt: "oak", strength: 0.3, seed: 5, isSeedLocked: true, scale: 2, model: "mini" },
  hiddenPatches: { "16|1:3": [1, 2] },
  jobNotes: { a: note },
};

describe("what is kept", () => {
  it("comes back as it was", () => {
    const { form, hiddenPatches, jobNotes } = restored(initialState, JSON.parse(JSON.stringify(keptOf(worked))));
    expect({ form, hiddenPatches, jobNotes }).toEqual({
      form: worked.form,
      hiddenPatches: worked.hiddenPatches,
      jobNotes: worked.jobNotes,
    });
  });

  it("is bounded: the oldest go", () => {
    const jobNotes = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`job ${index}`, note]));
    expect(Object.keys(keptOf({ ...worked, jobNotes }).jobNotes).slice(0, 2)).toEqual(["job 50", "job 51"]);
  });

  it.each([
    ["nothing", undefined],
    ["no object", "text"],
    ["another version", { version: 2, form: { prompt: "oak" } }],
  ])("that is %s changes nothing", (_, stored) => {
    expect(restored(initialState, stored)).toEqual(initialState);
  });

  it("loses only the parts that cannot be read", () => {
    const form = { prompt: "oak", steps: 1e9, scale: 3, fusion: "none", strength: null };
    const stored = { version: 1, form, hiddenPatches: { key: ["x"] }, jobNotes: { a: note } };
    const state = restored(initialState, stored);
    expect(state.form).toEqual({ ...defaultForm, prompt: "oak" });
    expect([state.hiddenPatches, state.jobNotes]).toEqual([{}, { a: note }]);
  });
});

describe("keeping", () => {
  it("waits until the typing pauses; a run's note does not wait", async () => {
    const world = await openPanel();
    const kept = () =>
      world.toMain.flatMap((message) => (message.type === "store" && message.key === "panel" ? [message.value] : []));
    world.panel.dispatch({ type: "form_changed", change: { prompt: "o" } });
    await world.advance(400);
    world.panel.dispatch({ type: "form_changed", change: { prompt: "oak" } });
    await world.advance(400);
    expect(kept()).toEqual([]);
    await world.advance(100);
    expect(kept()).toMatchObject([{ form: { prompt: "oak" } }]);
    void world.panel.runs.generate();
    await settled();
    expect(Object.keys(Object(kept().at(-1)).jobNotes)).toHaveLength(1);
  });
});

describe("the connection's memory", () => {
  it("names a new panel once, and keeps what it is given", () => {
    const posted: unknown[] = [];
    const host = { post: (message: unknown) => void posted.push(message) };
    const memory = createMemory(host, {});
    expect(posted).toEqual([{ type: "store", key: "clientId", value: memory.clientId }]);
    expect(memory.clientId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    memory.save("pairing", undefined);
    expect(posted[1]).toEqual({ type: "store", key: "pairing", value: null });
    expect(createMemory(host, { clientId: "known", port: 41731 })).toMatchObject({ clientId: "known", port: 41731 });
    expect(posted).toHaveLength(2);
  });
});
