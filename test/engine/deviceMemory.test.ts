import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import { chosenGpu, freeDeviceMemory, type Gpu, parseGpus, readGpus } from "../../server/engine/deviceMemory.ts";

// What a GPU's memory holds is asked of the driver's own program. Whatever that does, a job only loses its plan for the device.

const mib = 2 ** 20;
const h100: Gpu = { name: "NVIDIA H100 80GB HBM3", totalBytes: 81_559 * mib, freeBytes: 80_994 * mib };
const line = "81559, 80994, Disabled, NVIDIA H100 80GB HBM3\n";

describe("what the program prints", () => {
  it("is a line a GPU", () => {
    expect(parseGpus(line)).toEqual([h100]);
    expect(parseGpus(`${line}8192, 0, [N/A], NVIDIA GeForce RTX 3070, Laptop\r\n`)).toEqual([
      h100,
      { name: "NVIDIA GeForce RTX 3070, Laptop", totalBytes: 8192 * mib, freeBytes: 0 },
    ]);
  });

  it("is the same of a GPU that cannot be parted, in older words", () => {
    expect(parseGpus(line.replace("Disabled", "[Not Supported]"))).toEqual([h100]);
  });

  it.each([
    "",
    "\n",
    "No devices were found\n",
    "[N/A], [N/A], [N/A], NVIDIA GB10\n",
    "81559 MiB, 80994 MiB, [N/A], NVIDIA H100\n",
    "80994, 81559, [N/A], more free than there is\n",
    "0, 0, [N/A], NVIDIA H100\n",
    "-1, 5, [N/A], NVIDIA H100\n",
    "1e5, 5, [N/A], NVIDIA H100\n",
    "81559, 80994, NVIDIA H100\n",
    "81559, 80994, Enabled, NVIDIA H100 in parts\n",
    "81559, 80994, Disabled, \u001b[31mred\n",
    `${line}[N/A], [N/A], Enabled, NVIDIA H100 MIG\n`,
    `warning\n${line}`,
  ])("is unknown where it is %j", (text) => expect(parseGpus(text)).toEqual([]));
});

describe("the GPU that the runtime takes", () => {
  const second = { ...h100, freeBytes: 5 * mib };
  const old = { name: "NVIDIA Quadro P400", totalBytes: 2048 * mib, freeBytes: 2000 * mib };

  it("is the first, or the first that CUDA may see", () => {
    expect(chosenGpu([h100, second], "webgpu", {})).toBe(h100);
    expect(chosenGpu([h100, second], "cuda", {})).toBe(h100);
    expect(chosenGpu([h100, second], "cuda", { CUDA_VISIBLE_DEVICES: "1,0" })).toBe(second);
    expect(chosenGpu([h100, second], "dml", { CUDA_VISIBLE_DEVICES: "1" })).toBe(h100);
    expect(chosenGpu([], "cuda", {})).toBeUndefined();
  });

  it("is unknown where CUDA names it in another way, or sees none", () => {
    for (const visible of ["", "-1", "7", "GPU-8f2c", "1x", "NoDevFiles"]) {
      expect(chosenGpu([h100, second], "cuda", { CUDA_VISIBLE_DEVICES: visible })).toBeUndefined();
    }
  });

  it("is unknown of different ones, unless CUDA counts slots as the program does", () => {
    expect(chosenGpu([old, h100], "webgpu", {})).toBeUndefined();
    expect(chosenGpu([old, h100], "cuda", {})).toBeUndefined();
    expect(chosenGpu([old, h100], "cuda", { CUDA_DEVICE_ORDER: "PCI_BUS_ID" })).toBe(old);
  });
});

// On Windows the program is taken from the system's folder, where none can be put.
describe.skipIf(process.platform === "win32")("a program on PATH", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "backdrop-gpu-"));
    vi.stubEnv("PATH", `${dir}${delimiter}${process.env.PATH}`);
    vi.stubEnv("CUDA_VISIBLE_DEVICES", undefined);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(dir, { recursive: true, force: true });
  });

  async function driver(script: string): Promise<void> {
    const path = join(dir, "nvidia-smi");
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
  }

  test("is asked with fixed arguments, and its figures are free memory", async () => {
    await driver(`
[ "$*" = "--query-gpu=memory.total,memory.free,mig.mode.current,name --format=csv,noheader,nounits" ] || exit 9
echo "81559, 80994, Disabled, NVIDIA H100 80GB HBM3"`);
    expect(await readGpus()).toEqual([h100]);
    expect(await freeDeviceMemory("cuda")).toBe(h100.freeBytes);
    expect(await freeDeviceMemory("webgpu")).toBe(h100.freeBytes);
  });

  test("is not asked for what lies in main memory", async () => {
    await driver(`touch "${dir}/asked"; echo "81559, 80994, Disabled, NVIDIA H100 80GB HBM3"`);
    expect(await freeDeviceMemory("cpu")).toBe(Number.POSITIVE_INFINITY);
    expect(await freeDeviceMemory("coreml")).toBe(Number.POSITIVE_INFINITY);
    await expect(rm(join(dir, "asked"))).rejects.toThrow("ENOENT");
  });

  test("with two GPUs tells the first's", async () => {
    await driver(
      'echo "24564, 1000, [N/A], NVIDIA GeForce RTX 4090"; echo "24564, 24000, [N/A], NVIDIA GeForce RTX 4090"',
    );
    expect(await freeDeviceMemory("cuda")).toBe(1000 * mib);
    vi.stubEnv("CUDA_VISIBLE_DEVICES", "1");
    expect(await freeDeviceMemory("cuda")).toBe(24_000 * mib);
  });

  test.each([
    ["fails", `printf "${line}"; exit 9`],
    ["prints garbage", "head -c 5000 /dev/urandom"],
    ["prints without end", "yes 1, 1, [N/A], x"],
    ["is killed", "kill -9 $$"],
  ])("that %s says nothing", async (_, script) => {
    await driver(script);
    expect(await readGpus()).toEqual([]);
    expect(await freeDeviceMemory("cuda")).toBe(Number.POSITIVE_INFINITY);
  });

  test("that cannot be run says nothing", async () => {
    await writeFile(join(dir, "nvidia-smi"), line, { mode: 0o644 });
    vi.stubEnv("PATH", dir);
    expect(await readGpus()).toEqual([]);
  });

  test("that is absent says nothing", async () => {
    vi.stubEnv("PATH", dir);
    expect(await readGpus()).toEqual([]);
  });

  test("that hangs is waited for three seconds, also where a process of its own holds on", async () => {
    await driver(`printf "${line}"; sleep 30`);
    const begin = performance.now();
    expect(await readGpus()).toEqual([]);
    expect(performance.now() - begin).toBeLessThan(8_000);
  });
});
