import { expect, test } from "vitest";
import {
  besideDriver,
  fitsInstead,
  fitsInTurn,
  fitsTogether,
  frameWithLessPictures,
  type GraphNeed,
  graphNeed,
  inTurnBytes,
  leftBeside,
  memoryInsufficient,
  roomForSessions,
  shortMemories,
  takenBytes,
  togetherBytes,
} from "../../server/engine/memoryPlan.ts";

const gb = 1e9;
const nothing = { heldBytes: 0, loadingBytes: 0 };
/** Sessions of the CPU that hold so many GB, and need half as much again while they load. */
const onCpu = (...held: readonly number[]): GraphNeed[] =>
  held.map((size) => ({ main: { heldBytes: size * gb, loadingBytes: 0.5 * size * gb }, device: nothing }));
/** Sessions of a GPU that hold so many GB there, and need half as much here while they load. */
const onGpu = (...held: readonly number[]): GraphNeed[] =>
  held.map((size) => ({
    main: { heldBytes: 0, loadingBytes: 0.5 * size * gb },
    device: { heldBytes: size * gb, loadingBytes: 0 },
  }));
/** GB; nothing is known of a device unless given */
const free = (main: number, device = Number.POSITIVE_INFINITY) => ({ main: main * gb, device: device * gb });
const main = (needs: readonly GraphNeed[]) => needs.map((need) => need.main);
const small = { width: 500, height: 400 };
const large = { width: 4000, height: 2500 };

test("what is missing has to fit beside the pictures", () => {
  expect(fitsTogether(small, onCpu(1, 2), free(4.1))).toBe(true);
  expect(fitsTogether(large, onCpu(1, 2), free(4.1))).toBe(false);
  expect(fitsTogether(small, onCpu(1, 2), free(3.9))).toBe(false);
  expect(fitsTogether(small, [], free(0.1))).toBe(true);
});

test("in turn, half of every other session counts as not given back", () => {
  expect(inTurnBytes(main(onCpu(1, 4, 3)))).toBe(8 * gb);
});

test("what sessions have of main memory, open ones and half of those that were closed, is theirs to take again", () => {
  const [available, needs] = [7, onCpu(1, 4, 3)];
  const [first, ...others] = needs;
  const taken = takenBytes("main", first ? [first] : [], others);
  expect(taken).toBe(4.5 * gb);
  const again = roomForSessions(small, free(available - 4.5), taken);
  expect(again).toEqual(roomForSessions(small, free(available), 0));
  expect(again.main).toBe(available * gb - 24 * small.width * small.height);
});

test("a refusal names the largest frame of the shape that fits, and it does fit", () => {
  const needs = onCpu(1, 2);
  const room = roomForSessions(large, free(3.6), 0);
  expect(fitsInTurn(needs, room)).toBe(false);
  const fitting = frameWithLessPictures({ frame: large, sessions: needs }, room);
  expect(fitting).toEqual({ width: 2581, height: 1613 });
  expect(fitsInTurn(needs, roomForSessions(fitting ?? large, free(3.6), 0))).toBe(true);
  const error = memoryInsufficient("sdxl", { frame: large, sessions: needs }, room, fitting);
  expect(error.code).toBe("memory_insufficient");
  expect(error.message).toContain("the largest size of this shape that fits is 2581×1613");
});

test("where the model alone is too large, no size is named", () => {
  const room = roomForSessions(small, free(8), 0);
  const error = memoryInsufficient("sdxl", { frame: small, sessions: onCpu(20, 2) }, room, undefined);
  expect(error.message).toMatch(/needs 31\.00 GB of memory.*got 8\.00 GB free for it; no size fits/);
});

test.each(["cuda", "dml", "webgpu"] as const)("a graph of %s lies on the device and is loaded through here", (name) => {
  const { main, device } = graphNeed({ weightsBytes: 1000e6, activationsBytes: 100e6 }, name);
  expect(device).toEqual({ heldBytes: 1.2 * 1000e6 + 2 * 100e6 + 32e6, loadingBytes: 0 });
  expect(main).toEqual({ heldBytes: 32e6, loadingBytes: 1000e6 + 0.55 * 1000e6 });
});

test.each(["cpu", "coreml"] as const)("a graph of %s lies in main memory", (name) => {
  const { main, device } = graphNeed({ weightsBytes: 900e6, activationsBytes: 100e6 }, name);
  expect([main.heldBytes, device]).toEqual([1.2 * 900e6 + 2 * 100e6 + 32e6, nothing]);
});

test("large weights are not rearranged on the CPU", () => {
  const { main, device } = graphNeed({ weightsBytes: 5000e6, activationsBytes: 100e6 }, "cpu");
  expect(main).toEqual({ heldBytes: 1.1 * 5000e6 + 2 * 100e6 + 32e6, loadingBytes: 0.1 * 5000e6 });
  expect(device).toEqual(nothing);
});

test("graphs of a GPU fit together by what it has free, and are loaded by what is free here", () => {
  expect(fitsTogether(small, onGpu(1, 2), free(1.1, 3))).toBe(true);
  expect(fitsTogether(small, onGpu(1, 2), free(1.1, 2.9))).toBe(false);
  expect(fitsTogether(small, onGpu(1, 2), free(0.9, 3))).toBe(false);
  expect(fitsTogether(large, onGpu(1, 2), free(1.1, 3))).toBe(false);
  // What is open is there, however little it has left.
  expect(fitsTogether(small, [], free(1.1, 0))).toBe(true);
  // Of an unknown device nothing is planned.
  expect(fitsTogether(small, onGpu(1000), free(501))).toBe(true);
});

test("the first session on a device brings half a GB along", () => {
  expect(besideDriver(free(2, 3))).toEqual(free(2, 2.5));
  expect(besideDriver(free(2, 0.4))).toEqual(free(2, 0));
  expect(besideDriver(free(2))).toEqual(free(2));
});

test("what sessions leave is what they do not hold", () => {
  expect(leftBeside([...onGpu(1, 2), ...onCpu(1)], free(4, 8))).toEqual(free(3, 5));
});

test("in turn, a device has the largest alone, so that tiles help where that is the autoencoder", () => {
  const needs = [...onGpu(1, 4, 3), ...onCpu(0.5)];
  const room = (device: number) => roomForSessions(small, free(10, device), 0);
  expect([fitsInTurn(needs, room(4)), fitsInTurn(needs, room(3.9))]).toEqual([true, false]);
  const tiled = [...onGpu(1, 2, 3), ...onCpu(0.5)];
  expect([fitsInTurn(tiled, room(3)), fitsInTurn(tiled, room(2.9))]).toEqual([true, false]);
});

test("room is made in the memory that is short", () => {
  const room = { main: 4 * gb, device: 4 * gb };
  const wanted = { main: nothing, device: { heldBytes: 2 * gb, loadingBytes: 0 } };
  const closed = [...onCpu(1), ...onGpu(9)];
  expect(shortMemories(wanted, [...onGpu(2), ...onCpu(2)], closed, room)).toEqual([]);
  expect(shortMemories(wanted, [...onGpu(3), ...onCpu(2)], closed, room)).toEqual(["device"]);
  expect(shortMemories(wanted, [...onGpu(2), ...onCpu(4)], closed, room)).toEqual(["main"]);
});

test("a refusal for want of GPU memory says so, and that no size helps", () => {
  const room = roomForSessions(large, free(64, 8), 0);
  const need = { frame: large, sessions: onGpu(10, 2) };
  expect(frameWithLessPictures(need, room)).toBeUndefined();
  expect(memoryInsufficient("sdxl", need, room, undefined)).toMatchObject({
    code: "memory_insufficient",
    message: expect.stringMatching(
      /needs 10\.00 GB of GPU memory.*got 8\.00 GB free for it; no size fits.*--precision fp16/,
    ),
  });
});

test.each([
  ["GPU memory", onGpu, free(64, 8)],
  ["memory", onCpu, free(8)],
] as const)("a frame for which fewer pixels are painted fits by its own %s", (_, on, available) => {
  const room = roomForSessions(large, available, 0);
  expect(fitsInstead({ frame: small, sessions: on(5) }, large, room)).toBe(true);
  expect(fitsInstead({ frame: small, sessions: on(9) }, large, room)).toBe(false);
});

test("where a GPU has room and main memory has not, it is main memory's size that is named", () => {
  const need = { frame: large, sessions: onGpu(4) };
  const room = roomForSessions(large, free(2.1, 8), 0);
  expect(fitsInTurn(need.sessions, room)).toBe(false);
  const fitting = frameWithLessPictures(need, room);
  expect(fitting).toEqual({ width: 2581, height: 1613 });
  expect(memoryInsufficient("sdxl", need, room, fitting).message).toContain(" of memory even");
  expect(togetherBytes(main(need.sessions))).toBe(2 * gb);
});
