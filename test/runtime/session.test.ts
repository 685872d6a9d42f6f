import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Graph } from "../../server/onnx/graph.ts";
import { relu } from "../../server/onnx/ops.ts";
import { listProviders } from "../../server/runtime/providers.ts";
import { openSession } from "../../server/runtime/session.ts";

let dir: string;
let file: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "backdrop-session-"));
  file = join(dir, "relu.onnx");
  const graph = new Graph("relu");
  graph.output("y", relu(graph.input("x", "float32", [4])));
  await writeFile(file, graph.encode());
});
afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

test("the runtime refuses nodes on the CPU where we forbid it, so that no provider falls back in silence", async () => {
  const options = {
    executionProviders: ["cpu"],
    extra: { session: { disable_cpu_ep_fallback: "1" } },
    logSeverityLevel: 4,
  } as const;
  await expect(ort.InferenceSession.create(file, options)).rejects.toThrow(
    /fallback to CPU EP has been explicitly disabled/,
  );
  const session = await openSession(file, { provider: "cpu", weightsBytes: 0 });
  await session.dispose();
});

// A machine that has such a GPU with its libraries can load the graph; everywhere else it has to be this error.
test.each(["cuda", "webgpu"] as const)("%s without a device is a clear error, not the CPU", async (provider) => {
  if (!listProviders().some(({ name }) => name === provider)) return;
  const opened = await openSession(file, { provider, weightsBytes: 0 }).catch((error: unknown) => error);
  if (opened instanceof Error) {
    expect(opened).toMatchObject({
      code: "invalid_params",
      message: expect.stringContaining(`provider ${provider}: cannot run relu.onnx here; choose cpu or auto`),
    });
  }
});
