import { readFile } from "node:fs/promises";
import { freemem, totalmem } from "node:os";
import { posix } from "node:path";

/** Bytes that this process can still take without the system swapping or killing: what is free, and what its group is left. */
export async function availableMemory(): Promise<number> {
  return Math.min(freeBytes(), ...(await groupRooms()));
}

/** macOS counts as free only what nothing has ever used, and compresses or drops the rest when it is asked for. */
function freeBytes(): number {
  return process.platform === "darwin" ? Math.max(freemem(), totalmem() / 2) : freemem();
}

/** What each control group that this process is in has left: containers are limited by them. Nothing outside Linux. */
async function groupRooms(): Promise<number[]> {
  if (process.platform !== "linux") return [];
  const groups = await readText("/proc/self/cgroup");
  const rooms = await Promise.all(memoryGroups(groups ?? "").map(readRoom));
  return rooms.flatMap((room) => (room === undefined ? [] : [room]));
}

/** Where a control group says how much memory it may use and uses; the two versions call their files differently. */
interface MemoryGroup {
  readonly dir: string;
  readonly version: 1 | 2;
}

/** The groups of `/proc/self/cgroup` that limit memory, with all above them. In a container the top is its own. */
export function memoryGroups(text: string): MemoryGroup[] {
  return text.split("\n").flatMap((line): MemoryGroup[] => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined || controllers === undefined) return [];
    if (controllers === "") return upwards("/sys/fs/cgroup", path).map((dir) => ({ dir, version: 2 }));
    if (!controllers.split(",").includes("memory")) return [];
    return upwards("/sys/fs/cgroup/memory", path).map((dir) => ({ dir, version: 1 }));
  });
}

function upwards(mount: string, path: string): string[] {
  return path === "/" ? [mount] : [posix.join(mount, path), ...upwards(mount, posix.dirname(path))];
}

async function readRoom({ dir, version }: MemoryGroup): Promise<number | undefined> {
  const names = version === 2 ? ["memory.max", "memory.current"] : ["memory.limit_in_bytes", "memory.usage_in_bytes"];
  const [limit, used, statistics] = await Promise.all(
    [...names, "memory.stat"].map((name) => readText(`${dir}/${name}`)),
  );
  return limit === undefined || used === undefined ? undefined : roomInGroup(limit, used, statistics ?? "");
}

/** Limit less use; files that are only cached count as used but are given up when memory is asked for. */
export function roomInGroup(limit: string, used: string, statistics: string): number | undefined {
  const limitBytes = Number(limit);
  if (!Number.isFinite(limitBytes)) return undefined; // "max"
  const cached = /^(?:total_)?inactive_file (\d+)$/m.exec(statistics)?.[1] ?? "0";
  return Math.max(0, limitBytes - Number(used) + Number(cached));
}

async function readText(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch(() => undefined);
}
