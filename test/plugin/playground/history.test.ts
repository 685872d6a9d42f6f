import { expect, test } from "vitest";
import { commit, redo, startHistory, undo } from "../../../plugin/playground/document/history.ts";
import { emptyTree, firstPageId, patchNode } from "../../../plugin/playground/document/tree.ts";

const named = (name: string) => patchNode(emptyTree(), firstPageId, { name });
const [zero, one, two, three] = [named("0"), named("1"), named("2"), named("3")];

test("all writes between two commits are one step", () => {
  const history = commit(commit(startHistory(zero), one), two);
  const first = undo(history, two);
  expect(first.committed).toBe(one);
  const second = undo(first, one);
  expect(second.committed).toBe(zero);
  expect(undo(second, zero)).toEqual(second);
});

test("a commit without writes is no step", () => {
  const history = commit(commit(startHistory(zero), one), one);
  expect(undo(history, one).committed).toBe(zero);
});

test("undo swallows what was not committed, and nothing more", () => {
  const history = commit(startHistory(zero), one);
  expect(undo(history, two).committed).toBe(one);
});

test("redo brings back step by step, until something else is written", () => {
  const history = commit(commit(startHistory(zero), one), two);
  const back = undo(undo(history, two), one);
  const again = redo(back, zero);
  expect(again.committed).toBe(one);
  expect(redo(again, one).committed).toBe(two);
  const written = commit(again, three);
  expect(redo(written, three)).toEqual(written);
});

test("what was written and taken back is no step, and nothing to undo", () => {
  const history = commit(startHistory(zero), one);
  const again = patchNode(patchNode(one, firstPageId, { name: "2" }), firstPageId, { name: "1" });
  expect(commit(history, again)).toBe(history);
  expect(undo(history, again).committed).toBe(zero);
});
