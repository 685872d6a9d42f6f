import { describe, expect, it } from "vitest";
import { HostError } from "../../../plugin/ui/host.ts";
import { checkForm, defaultForm } from "../../../plugin/ui/state/form.ts";
import { problemOf } from "../../../plugin/ui/state/problem.ts";
import { BackdropError } from "../../../shared/errors.ts";

// Protects that a problem is read where it can be put right, as a sentence, with what to do.

describe("the place of a problem", () => {
  it.each([
    ["/params/settings/prompt", "prompt"],
    ["/params/settings/negative", "negative"],
    ["/params/settings/steps", "settings"],
    ["/params/settings/placement/x", "area"],
    ["/params/inputs/product", "product"],
    ["/params/inputs/productMask", "product"],
    ["/params/inputs/reference", "reference"],
    ["/params/inputs/referenceMask", "referenceMask"],
    ["/params/model", "model"],
  ])("that points to %s is %s", (pointer, place) => {
    expect(problemOf(new BackdropError("invalid_params", "no", { pointer })).place).toBe(place);
  });

  it("is the slot that main names, or what the code says, or where it happened", () => {
    expect(problemOf(new HostError("export_failed", "no", "reference")).place).toBe("reference");
    expect(problemOf(new BackdropError("product_empty", "no")).place).toBe("product");
    expect(problemOf(new BackdropError("engine_crashed", "no")).place).toBe("run");
    expect(problemOf(new TypeError("x is undefined"), "results")).toMatchObject({ code: "internal", place: "results" });
  });
});

it("a problem is a sentence, and only the server's get a fix of ours", () => {
  expect(problemOf(new BackdropError("storage_failed", "the disk is full"))).toMatchObject({
    message: "The disk is full.",
    fix: "Free some space on the disk, then try again.",
  });
  expect(problemOf(new HostError("storage_failed", "Figma kept nothing."))).toMatchObject({
    message: "Figma kept nothing.",
    fix: null,
  });
});

describe("a form", () => {
  it.each([
    [{ prompt: "x".repeat(2001) }, "prompt", "expected up to 2000 characters, got 2001"],
    [{ negative: "a\0b" }, "negative", "NUL"],
    [{ steps: 0 }, "settings", "Steps: expected a whole number 1 to 150, got 0."],
    [{ strength: 0 }, "settings", "more than 0, up to 1, got 0"],
  ])("with %o is refused beside the field", (change, place, message) => {
    let problem = null;
    try {
      checkForm({ ...defaultForm, ...change });
    } catch (thrown) {
      problem = problemOf(thrown);
    }
    expect(problem).toMatchObject({ place, message: expect.stringContaining(message) });
  });

  it("as it is at first is accepted", () => {
    expect(() => checkForm(defaultForm)).not.toThrow();
  });
});
