import { freemem, totalmem } from "node:os";
import { expect, test } from "vitest";
import { availableMemory, memoryGroups, roomInGroup } from "../../server/runtime/availableMemory.ts";

test("is something, and no more than the machine has", async () => {
  const bytes = await availableMemory();
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(Math.max(freemem() * 1.5, totalmem()));
});

test("the groups of a process, of both versions, with all above them", () => {
  expect(memoryGroups("4:cpu,memory:/docker/ab\n3:cpuset:/\n0::/user.slice/app\n")).toEqual([
    { dir: "/sys/fs/cgroup/memory/docker/ab", version: 1 },
    { dir: "/sys/fs/cgroup/memory/docker", version: 1 },
    { dir: "/sys/fs/cgroup/memory", version: 1 },
    { dir: "/sys/fs/cgroup/user.slice/app", version: 2 },
    { dir: "/sys/fs/cgroup/user.slice", version: 2 },
    { dir: "/sys/fs/cgroup", version: 2 },
  ]);
});

test("a group's room is its limit less its use, cached files not counted", () => {
  expect(roomInGroup("1000\n", "900\n", "anon 500\ninactive_file 300\nactive_file 50\n")).toBe(400);
  expect(roomInGroup("1000", "900", "inactive_file 1\ntotal_inactive_file 300\n")).toBe(101);
  expect(roomInGroup("100", "900", "")).toBe(0);
  expect(roomInGroup("max\n", "900", "")).toBeUndefined();
});
