import { expect, test } from "vitest";
import { fitsTogether, inTurnBytes, memoryInsufficient, roomForSessions } from "../../server/engine/memoryPlan.ts";

const gb = 1e9;
/** Sessions that hold so many GB, and need half as much again while they load. */
const sessions = (...held: readonly number[]) =>
  held.map((size) => ({ heldBytes: size * gb, loadingBytes: 0.5 * size * gb }));
const small = { width: 500, height: 400 };
const large = { width: 4000, height: 2500 };

test("what is missing has to fit beside the pictures", () => {
  expect(fitsTogether(small, sessions(1, 2), 4.1 * gb)).toBe(true);
  expect(fitsTogether(large, sessions(1, 2), 4.1 * gb)).toBe(false);
  expect(fitsTogether(small, sessions(1, 2), 3.9 * gb)).toBe(false);
  expect(fitsTogether(small, [], 0.1 * gb)).toBe(true);
});

test("in turn, half of every other session counts as not given back", () => {
  expect(inTurnBytes(sessions(1, 4, 3))).toBe(8 * gb);
});

test("what is open now can be closed, but gives half of it back", () => {
  const pictures = 24 * small.width * small.height;
  expect(roomForSessions(small, 2 * gb, 3 * gb)).toBe(3.5 * gb - pictures);
});

test("a refusal names the largest frame of the shape that fits, and it does fit", () => {
  const needs = sessions(1, 2);
  const availableBytes = 3.6 * gb;
  const room = roomForSessions(large, availableBytes, 0);
  expect(inTurnBytes(needs)).toBeGreaterThan(room);
  const error = memoryInsufficient("sdxl", large, needs, room);
  expect(error.code).toBe("memory_insufficient");
  const [, width, height] = /fits is (\d+)×(\d+)/.exec(error.message) ?? [];
  const fitting = { width: Number(width), height: Number(height) };
  expect(fitting).toEqual({ width: 2581, height: 1613 });
  expect(inTurnBytes(needs)).toBeLessThanOrEqual(roomForSessions(fitting, availableBytes, 0));
});

test("where the model alone is too large, no size is named", () => {
  const error = memoryInsufficient("sdxl", small, sessions(20, 2), roomForSessions(small, 8 * gb, 0));
  expect(error.message).toMatch(/needs 31\.00 GB.*got 8\.00 GB free; no size fits/);
});
