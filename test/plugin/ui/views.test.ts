// @vitest-environment happy-dom
import { render } from "preact";
import { afterEach, describe, expect, it } from "vitest";
import { doing, show } from "./rendering.ts";
import { doneEnd, type FakeWorld, jobId, paramsOf, ready, slotOf, summaryOf } from "./world.ts";

// Protects what a person meets in the panel: that it is there, is named, and does what it says.

const id = jobId(900);

afterEach(() => {
  render(null, document.body);
});

function find<Kind extends HTMLElement>(selector: string, kind: new () => Kind): Kind {
  const found = document.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`there is no ${selector} in ${document.body.innerHTML}`);
  return found;
}

function button(name: string): HTMLButtonElement {
  const named = [...document.querySelectorAll("button")].find((each) =>
    (each.getAttribute("aria-label") ?? each.textContent).trim().startsWith(name),
  );
  if (named === undefined) throw new Error(`there is no button “${name}”`);
  return named;
}

const click = (name: string) => doing(() => button(name).click());
const text = () => document.body.textContent;
const called = (world: FakeWorld, name: string) => world.toServer.filter(([each]) => each === name);

async function type(field: HTMLInputElement | HTMLTextAreaElement, value: string): Promise<void> {
  await doing(() => {
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

async function press(key: string, more: KeyboardEventInit = {}, target: EventTarget = window): Promise<void> {
  await doing(() => target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...more })));
}

describe("without a connection", () => {
  it("says why, and tries again", async () => {
    const world = await show({ connection: { type: "lost", cause: "server_not_running", retryAtMs: null } });
    expect(text()).toContain("npm start");
    await click("Try again");
    expect(called(world, "retry")).toHaveLength(1);
  });

  it("takes the code, however it is typed, and sends it with its last character", async () => {
    const expiresAtMs = Date.now() + 60_000;
    const world = await show({ connection: { type: "pairing", step: "enter_code", expiresAtMs, problem: null } });
    await type(find(".code-input", HTMLInputElement), "k7q x");
    expect(called(world, "pair")).toEqual([]);
    await type(find(".code-input", HTMLInputElement), "k7q x2m");
    expect(called(world, "pair")).toEqual([["pair", "K7QX2M"]]);
  });

  it("offers a new code once the old one has expired, and tells what was wrong", async () => {
    const problem = "The code has expired. Ask for a new one.";
    const world = await show({ connection: { type: "pairing", step: "enter_code", expiresAtMs: 0, problem } });
    expect(find("[role=alert]", HTMLElement).textContent).toBe(problem);
    await click("Show a new code");
    expect(called(world, "retry")).toHaveLength(1);
  });

  it("that was there once, everything stays in view beneath a banner", async () => {
    const world = await show();
    await doing(() => world.connect({ type: "lost", cause: "dropped", retryAtMs: null }));
    expect(find(".banner", HTMLElement).textContent).toContain("The connection was lost");
    expect(find("textarea", HTMLTextAreaElement)).toBeDefined();
    expect(button("Generate background").disabled).toBe(true);
  });
});

describe("a problem", () => {
  it("stands where it can be put right, and goes when it is", async () => {
    const world = await show({ slots: { product: { type: "empty" } } });
    await press("Enter", { ctrlKey: true });
    expect(find(".layers [role=alert]", HTMLElement).textContent).toContain("There is no product yet");
    const layer = { id: "1:9", name: "Jar", type: "FRAME", size: { width: 10, height: 20 } };
    await doing(() =>
      world.say({ type: "slot_changed", slot: "product", state: { type: "set", layer, isAutomatic: false } }),
    );
    expect(document.querySelector("[role=alert]")).toBeNull();
    expect(text()).toContain("10 × 20");
  });

  it("in the form is led to from the results", async () => {
    const world = await show();
    await click("Generate background");
    await doing(() => world.refuse(id, "prompt_invalid", "prompt: too long", "/params/settings/prompt"));
    await click("Go there");
    expect(find(".prompt-field + [role=alert]", HTMLElement).textContent).toContain("Prompt: too long.");
  });
});

describe("a setting", () => {
  it("shows the model's default until it is touched, and again after a reset", async () => {
    const world = await show();
    const strength = () => find('[aria-label="Repaint, exact"]', HTMLInputElement);
    expect(strength().value).toBe("0.5");
    expect(strength().closest("details"), "among what is seen at once").toBeNull();
    expect(text()).toContain("Keep referencetoPaint anew");
    await doing(() => world.panel.dispatch({ type: "form_changed", change: { model: "fine" } }));
    expect(strength().value).toBe("1");
    await type(strength(), "0,25");
    await doing(() => strength().dispatchEvent(new Event("blur")));
    expect(world.panel.state().form.strength).toBe(0.25);
    await click("Reset");
    expect(strength().value).toBe("1");
  });

  it("typed beyond its range is brought into it; what is no number changes nothing", async () => {
    const world = await show();
    const steps = find('[aria-label="Steps, exact"]', HTMLInputElement);
    for (const [typed, expected] of [
      ["9000", 150],
      ["abc", 150],
      ["", 150],
      ["12.6", 13],
    ] as const) {
      await type(steps, typed);
      await doing(() => steps.dispatchEvent(new Event("blur")));
      expect(world.panel.state().form.steps).toBe(expected);
    }
    await press("ArrowUp", { shiftKey: true }, steps);
    expect(world.panel.state().form.steps).toBe(23);
  });

  it("an interval's ends never pass each other", async () => {
    const world = await show();
    const end = find('[aria-label="Guidance counts to"]', HTMLInputElement);
    const start = find('[aria-label="Guidance counts from"]', HTMLInputElement);
    for (const [field, typed] of [
      [end, "0.6"],
      [start, "0.9"],
    ] as const) {
      await type(field, typed);
      await doing(() => field.dispatchEvent(new Event("blur")));
    }
    expect(world.panel.state().form).toMatchObject({ guidanceStart: 0.6, guidanceEnd: 0.6 });
    expect(world.panel.state().form).toMatchObject({ controlStart: 0, controlEnd: 1 });
  });

  it("a typed seed is kept for every run; an empty field is random again", async () => {
    const world = await show();
    const seed = find('[aria-label="Seed"]', HTMLInputElement);
    for (const [typed, expected] of [
      ["77", { seed: 77, isSeedLocked: true }],
      ["", { seed: null, isSeedLocked: false }],
    ] as const) {
      await type(seed, typed);
      await doing(() => seed.dispatchEvent(new Event("blur")));
      expect(world.panel.state().form).toMatchObject(expected);
    }
  });

  it("of the fusion is explained in words", async () => {
    await show();
    const follow = find(".advanced select", HTMLSelectElement);
    expect([...follow.options].map((option) => option.textContent)).toContain("Reference and text by region");
    await doing(() => {
      follow.value = "text";
      follow.dispatchEvent(new Event("change", { bubbles: true }));
    });
    expect(text()).toContain("The reference is left out");
  });

  it("that the model paints smaller is told as that", async () => {
    const world = await show();
    expect(text()).not.toContain("Painted at");
    const area = {
      ...slotOf("1:1"),
      layer: { id: "1:1", name: "Ad", type: "FRAME", size: { width: 1920, height: 1080 } },
    };
    await doing(() =>
      world.say({ type: "slot_changed", slot: "area", state: { ...area, type: "set", isAutomatic: true } }),
    );
    expect(text()).toContain("1920 × 1080 px");
    expect(text()).toContain("Painted at 672 × 384, then enlarged");
    await doing(() => world.panel.dispatch({ type: "form_changed", change: { strength: 1 } }));
    expect(text()).toContain("Painted at 352 × 192, then enlarged");
  });

  it("of a prompt that is longer than the model reads says so before the run", async () => {
    const world = await show();
    const prompt = Array(30).fill("oak").join(" ");
    await doing(() => world.panel.dispatch({ type: "form_changed", change: { prompt } }));
    expect(text()).not.toContain("words are read");
    await doing(() => world.panel.dispatch({ type: "form_changed", change: { prompt: `${prompt} table` } }));
    expect(text()).toContain("About 30 words are read");
  });

  it("of the size tells what it comes to", async () => {
    const world = await show();
    expect(text()).toContain("100 × 100 px");
    await doing(() => world.panel.dispatch({ type: "form_changed", change: { scale: 2 } }));
    expect(text()).toContain("200 × 200 px");
  });
});

describe("the reference", () => {
  it("tells how much of it the model sees, and opens its patches", async () => {
    const world = await show();
    expect(text()).toContain("The model sees all of it");
    await doing(() => world.panel.dispatch({ type: "patches_hidden", hidden: [0, 1, 2] }));
    expect(text()).toContain("The model sees 253 of 256 patches");
    await click("Edit visibility");
    expect(world.panel.state().editor.type).toBe("patches");
    await click("Done");
    expect(world.panel.state().editor.type).toBe("closed");
  });
});

describe("the focus", () => {
  const focused = () => document.activeElement?.textContent;

  it.each([
    ["Refine…", "Refine the product mask", "open-productMask"],
    ["Edit visibility", "What the model sees", "open-patches"],
    ["More models", "Models", "open-models"],
  ])("is in the editor that “%s” opens, and back on it afterwards", async (name, title, opener) => {
    const packages = [
      {
        name: "sdxl",
        title: "SDXL",
        purpose: "Paints.",
        task: null,
        approximateBytes: 1,
        licences: [],
        state: { type: "absent" as const },
      },
    ];
    await show({ connection: { ...ready, packages } });
    await click(name);
    expect(focused()).toBe(title);
    await press("Escape");
    expect(document.activeElement?.id).toBe(opener);
  });
});

describe("a run", () => {
  it("shows its steps and its preview, and is cancelled", async () => {
    const world = await show();
    await click("Generate background");
    await doing(() => {
      world.event(id, { type: "started", attempt: 1 });
      world.event(id, { type: "progress", variant: 1, step: 3, steps: 30 });
      world.preview({ jobId: id, variant: 1, step: 3, steps: 30 });
    });
    expect(find(".stage img", HTMLImageElement).getAttribute("src")).toBe("blob:step 3");
    expect(find("[role=progressbar]", HTMLElement).getAttribute("aria-valuenow")).toBe("10");
    expect(text()).toContain("Step 3 of 30");
    await click("Cancel");
    expect(called(world, "cancel")).toEqual([["cancel", id]]);
    expect(button("Cancelling…").disabled).toBe(true);
    await doing(() => world.event(id, { type: "cancelled" }));
    expect(text()).toContain("This run was cancelled");
  });

  it("of a server that is away waits for it, and can be cancelled all the same", async () => {
    const world = await show();
    await click("Generate background");
    await doing(() => world.event(id, { type: "progress", variant: 1, step: 3, steps: 4 }));
    await doing(() => world.connect({ type: "lost", cause: "dropped", retryAtMs: null }));
    expect(text()).toContain("Waiting for the serverThe run goes on when it is back");
    expect(text()).not.toContain("left");
    await click("Cancel");
    expect(text()).toContain("Waiting for the serverThe run is cancelled when it is back");
    await doing(() => world.connect(ready));
    expect(text()).toContain("CancellingAfter the current step");
  });

  it("that is done shows its picture, which is in the canvas already", async () => {
    const world = await show();
    await click("Generate background");
    await doing(() => world.finish(id, doneEnd(43, 2)));
    expect(find(".stage img", HTMLImageElement).getAttribute("src")).toBe("blob:result-1.png");
    expect(button("Remove from canvas")).toBeDefined();
    await click("Variant 2");
    expect(find(".stage img", HTMLImageElement).getAttribute("src")).toBe("blob:result-2.png");
    expect(text()).toContain("seed 44");
    await click("Insert beneath product");
    expect(world.toMain.filter((message) => message.type === "insert_result")).toHaveLength(2);
  });
});

describe("what is seldom meant", () => {
  it("a reference that is hidden whole is told beside it, and where it is hidden", async () => {
    const world = await show();
    await doing(() =>
      world.panel.dispatch({ type: "patches_hidden", hidden: Array.from({ length: 256 }, (_, i) => i) }),
    );
    expect(text()).toContain("the prompt alone guides the picture");
    await click("Edit visibility");
    expect(text()).toContain("the prompt alone guides the picture");
    await click("Show all");
    expect(text()).not.toContain("the prompt alone");
  });

  it("a product that is masked whole is told beside it", async () => {
    const world = await show();
    const mask = { sizePx: { width: 1, height: 1 }, data: Uint8Array.of(0) };
    await doing(() => world.panel.dispatch({ type: "product_mask_painted", mask }));
    expect(text()).toContain("The mask takes all of the product away");
    await click("Generate background");
    expect(text().split("The mask takes all of the product away")).toHaveLength(2);
    await click("Reset");
    expect(text()).not.toContain("The mask takes all");
  });
});

describe("what was opened and chosen", () => {
  it("is still open and chosen after a look at the other tab", async () => {
    await show({ history: [summaryOf(1, doneEnd(43, 2), paramsOf({ variants: 2 }))] });
    await doing(() => find(".advanced summary", HTMLElement).click());
    await click("Results");
    await click("Variant 2");
    await click("Create");
    expect(find(".advanced", HTMLDetailsElement).open).toBe(true);
    await click("Results");
    expect(button("Variant 2").getAttribute("aria-pressed")).toBe("true");
    expect(text()).toContain("seed 44");
  });
});

describe("the proof", () => {
  it("of a product that was refined by hand says what it is about", async () => {
    const params = paramsOf();
    const refined = { ...params, inputs: { ...params.inputs, productMask: "d".repeat(64) } };
    await show({ history: [summaryOf(1, doneEnd(), refined)] });
    await click("Results");
    expect(text()).toContain("Product unchanged, within its refined mask");
  });

  const proof = (changedPixels: number, sha256After: string) =>
    JSON.stringify({ product: { opaquePixels: 84213, changedPixels, sha256Before: "ab".repeat(32), sha256After } });

  it("of an untouched product opens to its evidence", async () => {
    const world = await show({ history: [summaryOf(1, doneEnd())] });
    world.setFile("recipe-1.json", proof(0, "ab".repeat(32)));
    await doing(() => world.panel.dispatch({ type: "tab_chosen", tab: "results" }));
    expect(text()).toContain("Product unchanged");
    const details = find(".proof", HTMLDetailsElement);
    await doing(() => {
      details.open = true;
      details.dispatchEvent(new Event("toggle"));
    });
    expect(find(".evidence", HTMLElement).textContent).toContain("84,213");
    expect(find(".evidence", HTMLElement).textContent).toMatch(/the same$/);
  });

  it("of a changed one is a warning that is open from the start", async () => {
    const world = await show({ history: [summaryOf(1, { ...doneEnd(), productPixelsChanged: 1204 })] });
    world.setFile("recipe-1.json", proof(1204, "cd".repeat(32)));
    await doing(() => world.panel.dispatch({ type: "tab_chosen", tab: "results" }));
    expect(text()).not.toContain("Product unchanged");
    expect(find(".proof [role=alert]", HTMLElement).textContent).toBe("Product changed: 1,204 pixels");
    expect(find(".evidence", HTMLElement).textContent).toMatch(/different$/);
  });
});

describe("the history", () => {
  it("shows what became of each job, and the one that is chosen large", async () => {
    const failed = { type: "failed", code: "engine_crashed", message: "it died", retryable: true } as const;
    const history = [summaryOf(2, doneEnd()), summaryOf(1, failed, paramsOf({ prompt: "night" }))];
    const world = await show({ history });
    await click("Results");
    expect(button("Done: oak").getAttribute("aria-pressed")).toBe("true");
    await click("Failed: night");
    expect(find("[role=alert]", HTMLElement).textContent).toContain("It died.");
    await click("Delete this run");
    expect(document.activeElement?.textContent).toBe("Keep");
    await click("Keep");
    expect(document.activeElement?.getAttribute("aria-label")).toMatch(/^Delete this run/);
    await click("Delete this run");
    expect(called(world, "remove")).toEqual([]);
    await click("Delete for good");
    expect(called(world, "remove")).toEqual([["remove", jobId(1)]]);
    expect(document.querySelectorAll(".tile")).toHaveLength(1);
  });

  it("that is empty says so", async () => {
    await show();
    await click("Results");
    expect(text()).toContain("No backgrounds yet");
  });
});

it("the tabs are left and entered by arrow keys", async () => {
  await show({ connection: ready });
  await press("ArrowRight", {}, find("[role=tab][aria-selected=true]", HTMLElement));
  expect(document.activeElement?.textContent).toBe("Results");
  expect(find("[role=tabpanel]", HTMLElement).getAttribute("aria-labelledby")).toBe("tab-results");
});
