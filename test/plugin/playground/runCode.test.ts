import { expect, test } from "vitest";
import { runCode } from "../../../plugin/playground/sandbox/runCode.ts";

function evaluate(expression: string): unknown {
  const figma = { result: undefined as unknown };
  runCode(`figma.result = ${expression};`, figma, "<p>panel</p>");
  return figma.result;
}

test("a plugin sees figma, its panel's page and the language", () => {
  expect(evaluate("[typeof figma, __html__, typeof Map, typeof setTimeout, typeof console.log]")).toEqual([
    "object",
    "<p>panel</p>",
    "function",
    "function",
    "function",
  ]);
  expect(evaluate("[new Uint8Array(2).length, Math.max(1, 2), undefined]")).toEqual([2, 2, undefined]);
});

const absent = ["URL", "TextEncoder", "atob", "structuredClone", "AbortController", "crypto", "WebSocket", "process"];
test.each(absent)("a plugin does not see %s, which Figma's sandbox does not have", (name) => {
  expect(evaluate(`typeof ${name}`)).toBe("undefined");
  expect(evaluate(`typeof globalThis.${name}`)).toBe("undefined");
});

test("what a script throws while it starts comes out", () => {
  expect(() => runCode("throw new Error('at start')", {}, "")).toThrow("at start");
  expect(() => runCode("missing()", {}, "")).toThrow("missing is not defined");
});
