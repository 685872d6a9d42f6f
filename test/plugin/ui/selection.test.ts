// @vitest-environment happy-dom
import { render } from "preact";
import { afterEach, describe, expect, it, vi } from "vitest";
import { withDescription } from "../../../plugin/ui/effects/describeReference.ts";
import { withObject, withoutObject } from "../../../plugin/ui/mask/selection.ts";
import { wholeMask } from "../../../plugin/ui/mask/strokes.ts";
import { patchesOf } from "../../../plugin/ui/patches/selection.ts";
import type { PaintedMask } from "../../../plugin/ui/state/pictures.ts";
import { noHelpers } from "../../../shared/protocol/helpers.ts";
import { doing, show } from "./rendering.ts";
import { type FakeWorld, ready, slotOf } from "./world.ts";

// Selecting objects by clicks, and describing the reference: what comes of a click in mask, patches and prompt.

const coarseDefaults = { fusion: "query", strength: 1, guidance: 3, sampler: "ddim", steps: 30 } as const;
const sizePx = { width: 20, height: 10 };

function maskOf(isObject: (x: number, y: number) => boolean): PaintedMask {
  const data = Uint8Array.from({ length: 200 }, (_, i) => (isObject(i % 20, Math.floor(i / 20)) ? 255 : 0));
  return { sizePx, data };
}

describe("an object in a mask", () => {
  const [left, top] = [maskOf((x) => x < 10), maskOf((_, y) => y < 5)];
  it("is all that stays of a whole picture, is added to a painted one, and is taken away", () => {
    expect(withObject(wholeMask(sizePx), left).data).toEqual(left.data);
    expect(withObject(left, top).data).toEqual(maskOf((x, y) => x < 10 || y < 5).data);
    expect(withoutObject(left, top).data).toEqual(maskOf((x, y) => x < 10 && y >= 5).data);
  });
});

describe("the patches of an object", () => {
  // The square is x 5 … 15 of 20 × 10 px; of a grid of 5, a patch has 2 × 2 px and those at the border reach to the edge.
  it("are those that it covers by more than the threshold", () => {
    const object = maskOf((x, y) => x >= 7 && x < 10 && y < 2);
    expect(patchesOf(object, 5, 0.1)).toEqual([1, 2]);
    expect(patchesOf(object, 5, 0.5)).toEqual([1]);
    expect(patchesOf(object, 5, 1)).toEqual([]);
  });
  it("include the border's where the object lies beyond the square, and nothing of no object", () => {
    expect(
      patchesOf(
        maskOf((x, y) => x < 3 && y < 2),
        5,
        0.1,
      ),
    ).toEqual([0]);
    expect(
      patchesOf(
        maskOf(() => false),
        5,
        0,
      ),
    ).toEqual([]);
  });
});

it("a description follows what is written already", () => {
  expect(withDescription("  ", "a jar on a table")).toBe("a jar on a table");
  expect(withDescription("Morning light. ", "a jar")).toBe("Morning light, a jar");
});

afterEach(() => render(null, document.body));

function element(selector: string): HTMLElement {
  const found = document.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`there is no ${selector} in ${document.body.innerHTML}`);
  return found;
}

async function press(selector: string, key: string): Promise<void> {
  await doing(() => element(selector).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })));
}

async function click(text: string): Promise<void> {
  const wanted = [...document.querySelectorAll("button, label.segment")].find(
    (each) => (each.getAttribute("aria-label") ?? each.textContent).trim() === text,
  );
  const target = wanted?.querySelector("input") ?? wanted;
  if (!(target instanceof HTMLElement)) throw new Error(`there is no “${text}”`);
  await doing(() => target.click());
}

const segments = (world: FakeWorld) =>
  world.toServer.filter(([name]) => name === "segment").map(([, , points]) => points);

describe("in the product's mask", () => {
  it("clicks gather, the mask follows, and undo steps back to where a click began", async () => {
    const world = await show();
    await doing(() => world.panel.editors.openProductMask());
    await click("Select object");
    await press(".mask-canvas", " ");
    await press(".mask-canvas", "ArrowLeft");
    await press(".mask-canvas", "Delete");
    expect(segments(world)).toEqual([
      [{ x: 0.5, y: 0.5, keep: true }],
      [
        { x: 0.5, y: 0.5, keep: true },
        { x: expect.closeTo(0.4, 1), y: 0.5, keep: false },
      ],
    ]);
    // What the fake finds is the left half, of which the picture that was whole keeps nothing else.
    const { productMask } = world.panel.state();
    expect([productMask?.data[0], productMask?.data.at(-1)]).toEqual([255, 0]);
    await click("Undo");
    await click("Undo");
    expect(world.panel.state().productMask).toBeNull();
    // After an undo the next click is about another object.
    await press(".mask-canvas", " ");
    expect(segments(world).at(-1)).toHaveLength(1);
  });

  it("a first click beside the object takes away what it hits", async () => {
    const world = await show();
    await doing(() => world.panel.editors.openProductMask());
    await click("Select object");
    await press(".mask-canvas", "Delete");
    expect(segments(world)).toEqual([[{ x: 0.5, y: 0.5, keep: true }]]);
    const { productMask } = world.panel.state();
    expect([productMask?.data[0], productMask?.data.at(-1)]).toEqual([0, 255]);
  });

  it("says how to get better objects only where no helper is installed", async () => {
    const world = await show();
    await doing(() => world.panel.editors.openProductMask());
    await click("Select object");
    expect(document.body.textContent).toContain("A helper finds whole objects");
    const helpers = { ...noHelpers, segment: "slimsam" };
    await doing(() => world.connect({ ...ready, helpers }));
    expect(document.body.textContent).not.toContain("A helper finds whole objects");
  });
});

describe("where no helper is installed, the way to the models", () => {
  const title = () => document.querySelector("h1")?.textContent;

  it.each([
    ["Refine the product mask", (world: FakeWorld) => world.panel.editors.openProductMask()],
    ["What the model sees", (world: FakeWorld) => world.panel.editors.openPatches()],
  ])("leads back to “%s”, with its picture", async (editor, open) => {
    const world = await show();
    await doing(() => open(world));
    const { picture } = world.panel.state().editor as { picture?: unknown };
    expect(picture).toBeDefined();
    const revoke = vi.spyOn(URL, "revokeObjectURL");
    for (const way of ["Back", "Done"]) {
      await click("Select object");
      await click("Install it…");
      expect(title()).toBe("Models");
      await click(way);
      expect(title()).toBe(editor);
      expect(world.panel.state().editor).toMatchObject({ picture });
    }
    expect(revoke).not.toHaveBeenCalled();
    await click("Done");
    expect(revoke).toHaveBeenCalledOnce();
    expect(world.panel.state().editor.type).toBe("closed");
    revoke.mockRestore();
  });

  it("leads back to the view where another layer was chosen meanwhile", async () => {
    const world = await show();
    await doing(() => world.panel.editors.openPatches());
    await click("Select object");
    await click("Install it…");
    await doing(() => world.say({ type: "slot_changed", slot: "reference", state: slotOf("7:7") }));
    expect(title()).toBe("Models");
    await click("Back");
    expect(world.panel.state().editor.type).toBe("closed");
  });
});

describe("in the reference's patches", () => {
  it("an object is hidden, and shown again", async () => {
    // Patches of 2 × 2 px of the fake's picture, of which the object takes the left 5 px.
    const models = ready.models.map((model) => ({ ...model, name: "coarse", patchGrid: 5, defaults: coarseDefaults }));
    const world = await show({ connection: { ...ready, models, defaultModel: "coarse" } });
    const hidden = () => Object.values(world.panel.state().hiddenPatches)[0];
    const covered = Array.from({ length: 25 }, (_, patch) => patch).filter((patch) => patch % 5 < 3);
    await doing(() => world.panel.editors.openPatches());
    await click("Select object");
    await press(".patch-grid", " ");
    expect(hidden()).toEqual(covered);
    await click("Undo");
    expect(hidden()).toEqual([]);
    await doing(() => world.panel.dispatch({ type: "patches_hidden", hidden: [0, 4] }));
    await press(".patch-grid", "Delete");
    expect(hidden()).toEqual([4]);
  });
});

describe("describing the reference", () => {
  it("fills the prompt", async () => {
    const world = await show();
    await click("Describe the reference");
    expect(world.panel.state().form.prompt).toBe("a jar on a table");
  });

  it("says what to install where no helper can", async () => {
    const world = await show({ connection: { ...ready, helpers: noHelpers } });
    await click("Describe the reference");
    expect(document.body.textContent).toContain("it is not installed");
    expect(world.toServer.filter(([name]) => name === "describe")).toEqual([]);
  });
});
