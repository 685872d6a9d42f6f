import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseSettings } from "../../shared/settings.ts";
import { version } from "../../shared/version.ts";

test("defaults are those of the paper and the command line", () => {
  expect(parseSettings({})).toEqual({
    prompt: "",
    negative: "",
    visibility: "on",
    visibilityThreshold: 0.1,
    imageScale: 1,
    depthScale: 1,
    contactShadow: "on",
    controlStart: 0,
    controlEnd: 1,
    guidanceStart: 0,
    guidanceEnd: 1,
    variants: 1,
  });
});

test("values at both ends of every range are taken; zero is a value", () => {
  const low = { imageScale: 0, depthScale: 0, strength: 1e-6, steps: 1, guidance: 1, seed: 0, visibilityThreshold: 0 };
  const high = { imageScale: 2, depthScale: 2, strength: 1, steps: 150, guidance: 30, seed: 0xffffffff, variants: 4 };
  expect(parseSettings(low)).toMatchObject(low);
  expect(parseSettings({ ...high, width: 4096, height: 64 })).toMatchObject(high);
});

test("an interval that ends before it starts is refused, whichever end was given", () => {
  expect(() => parseSettings({ controlStart: 0.8, controlEnd: 0.2 })).toThrow(
    "controlStart: expected at most controlEnd",
  );
  expect(() => parseSettings({ guidanceStart: 0.8, guidanceEnd: 0.2 })).toThrow("at most guidanceEnd");
  expect(parseSettings({ guidanceEnd: 0 })).toMatchObject({ guidanceStart: 0, guidanceEnd: 0 });
});

test.each([
  ["steps", 0, "1 to 150"],
  ["steps", 2.5, "1 to 150"],
  ["steps", 1e9, "1 to 150"],
  ["steps", Number.NaN, "1 to 150"],
  ["steps", "thirty", "1 to 150"],
  ["guidance", 0, "1 to 30"],
  ["guidance", Number.POSITIVE_INFINITY, "1 to 30"],
  ["strength", 0, "more than 0, up to 1"],
  ["strength", -1, "more than 0, up to 1"],
  ["imageScale", 2.1, "0 to 2"],
  ["depthScale", Number.NaN, "0 to 2"],
  ["visibilityThreshold", 1.5, "0 to 1"],
  ["seed", -1, "0 to 4294967295"],
  ["seed", 2 ** 32, "0 to 4294967295"],
  ["variants", 5, "1 to 4"],
  ["controlStart", 1.1, "0 to 1"],
  ["guidanceEnd", -0.1, "0 to 1"],
  ["sampler", "heun", "ddim, euler, dpmpp_2m, lcm"],
  ["fusion", "both", "query, output, global, image, text"],
  ["visibility", "maybe", "on, off"],
  ["placement", { x: 0, y: 0, width: 0, height: 5 }, "1 to 4096"],
  ["stepz", 3, "unknown setting stepz"],
])("%s %s is refused with what is accepted", (name, value, accepted) => {
  expect(() => parseSettings({ [name]: value })).toThrow(
    expect.objectContaining({ code: "invalid_params", message: expect.stringContaining(accepted) }),
  );
});

test("one side of a frame alone is refused", () => {
  expect(() => parseSettings({ width: 100 })).toThrow(expect.objectContaining({ code: "invalid_params" }));
});

test.each([
  ["x".repeat(2001), "got 2001"],
  ["a\0b", "NUL"],
  ["a\ud800b", "surrogate"],
])("a prompt that cannot be used is refused", (prompt, message) => {
  for (const name of ["prompt", "negative"]) {
    expect(() => parseSettings({ [name]: prompt })).toThrow(
      expect.objectContaining({ code: "prompt_invalid", message: expect.stringContaining(message) }),
    );
  }
});

test("prompts in any script, with emoji, are fine", () => {
  expect(parseSettings({ prompt: "木のテーブル 🪵 Häuser" }).prompt).toBe("木のテーブル 🪵 Häuser");
});

test("the version is that of package.json", () => {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  );
  expect(version).toBe(manifest.version);
});
