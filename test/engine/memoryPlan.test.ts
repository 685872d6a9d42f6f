import { expect, test } from "vitest";
import { fitsTogether, inTurnBytes, memoryInsufficient, roomForSessions } from "../../server/engine/memoryPlan.ts";

const gb = 1e9;
const small = { width: 500, height: 400 };
const large = { width: 4000, height: 2500 };

test("what is missing has to fit beside the pictures", () => {
  expect(fitsTogether(small, [1 * gb, 2 * gb], 3.1 * gb)).toBe(true);
  expect(fitsTogether(large, [1 * gb, 2 * gb], 3.1 * gb)).toBe(false);
  expect(fitsTogether(small, [1 * gb, 2 * gb], 2.9 * gb)).toBe(false);
  expect(fitsTogether(small, [], 0.1 * gb)).toBe(true);
});

test("in turn, half of every other session counts as not given back", () => {
  expect(inTurnBytes([1 * gb, 4 * gb, 3 * gb])).toBe(6 * gb);
});

test("what is open now can be closed, but gives half of it back", () => {
  const pictures = 24 * small.width * small.height;
  expect(roomForSessions(small, 2 * gb, 3 * gb)).toBe(3.5 * gb - pictures);
});

test("a refusal names the largest frame of the shape that fits, and it does fit", () => {
  const sessions = [1 * gb, 2 * gb];
  const availableBytes = 2.6 * gb;
  const room = roomForSessions(large, availableBytes, 0);
  expect(inTurnBytes(sessions)).toBeGreaterThan(room);
  const error = memoryInsufficient("sdxl", large, sessions, room);
  expect(error.code).toBe("memory_insufficient");
  const [, width, height] = /fits is (\d+)×(\d+)/.exec(error.message) ?? [];
  const fitting = { width: Number(width), height: Number(height) };
  expect(fitting).toEqual({ width: 2581, height: 1613 });
  expect(inTurnBytes(sessions)).toBeLessThanOrEqual(roomForSessions(fitting, availableBytes, 0));
});

test("where the model alone is too large, no size is named", () => {
  const error = memoryInsufficient("sdxl", small, [20 * gb, 2 * gb], roomForSessions(small, 8 * gb, 0));
  expect(error.message).toMatch(/needs 21\.00 GB.*got 8\.00 GB free; no size fits/);
});
