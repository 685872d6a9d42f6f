import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildControlEmbedding } from "../../server/networks/denoiser.ts";
import { Graph } from "../../server/onnx/graph.ts";
import { Scope } from "../../server/onnx/scope.ts";
import {
  expectClose,
  floats,
  openGraph,
  pick,
  runGraph,
  type TestSession,
  type TestTensor,
  worstElement,
} from "./support.ts";
import { denoiserGraph, inputsOf, latent, load, type Model } from "./unetFixtures.ts";

// Expected values come from diffusers: test/fixtures/networks/unet/make.py.

const tolerance = 1e-4;

describe.each(["sd15", "sdxl", "mini"])("denoiser %s", (name) => {
  let model: Model;
  let session: TestSession;

  beforeAll(async () => {
    model = await load(name);
    session = await openGraph(denoiserGraph(model), model.folder);
  }, 60_000);
  afterAll(() => session?.close());

  const predict = async (inputs: Map<string, TestTensor>) => pick(await session.run(inputs), "noise_prediction");

  it.each(["text", "control", "global", "ip_adapter_mask"])("predicts what diffusers predicts: %s", async (which) => {
    const prediction = await predict(inputsOf(model, which));
    expectClose(prediction, model.cases.get(`${which}.noise_prediction`), tolerance);
  });

  it("embeds the control picture as diffusers does", async () => {
    const graph = new Graph("control");
    const scope = new Scope(graph, model.controlNetWeights, "controlnet");
    buildControlEmbedding(scope, model.controlNet, { height: 8 * latent.height, width: 8 * latent.width });
    const inputs = { control_image: pick(model.cases, "control_image") };
    const outputs = await runGraph(graph, model.folder, inputs);
    expectClose(outputs.get("control_embedding"), model.cases.get("control_embedding"), tolerance);
  });

  it("depends on every input", async () => {
    const inputs = inputsOf(model, "global");
    inputs.set("fusion", floats([3], [1, 0.5, 0.5]));
    const before = await predict(inputs);
    for (const [input, tensor] of inputs) {
      // Reversed: another value everywhere, of the same kind. Single numbers are halved instead.
      const values = [...tensor.data].map(Number).reverse();
      const changed = floats(tensor.shape, values.length === 1 ? values.map((x) => x / 2) : values);
      const after = await predict(new Map([...inputs, [input, changed]]));
      expect(worstElement(after, before).error, input).toBeGreaterThan(1e-3);
    }
  });

  it("computes the ControlNet only where it counts", async () => {
    const inputs = inputsOf(model, "control");
    const picture = pick(inputs, "control_embedding");
    // What is not a number spreads through everything that is computed from it, whatever it is multiplied with.
    inputs.set("control_embedding", floats(picture.shape, new Float32Array(picture.data.length).fill(Number.NaN)));
    const finite = async (scale: number) => {
      const { data } = await predict(new Map([...inputs, ["control_scale", floats([1], [scale])]]));
      return [...data].every((value) => Number.isFinite(Number(value)));
    };
    expect(await finite(0)).toBe(true);
    expect(await finite(0.1)).toBe(false);
  });

  it("treats the entries of a batch alone", async () => {
    const inputs = inputsOf(model, "ip_adapter_mask");
    const whole = await predict(inputs);
    const first = (t: TestTensor): TestTensor =>
      t.shape[0] === 2 ? { data: t.data.slice(0, t.data.length / 2), shape: [1, ...t.shape.slice(1)] } : t;
    const alone = await predict(new Map([...inputs].map(([key, t]) => [key, first(t)])));
    expectClose(alone, first(whole), 1e-5);
  });
});

describe("a checkpoint that does not fit", () => {
  let model: Model;
  beforeAll(async () => {
    model = await load("mini");
  });

  it("is refused when its configuration leaves tensors unused", () => {
    const [first, ...rest] = model.unet.down;
    if (!first) throw new Error("no blocks");
    const deeper = { ...model.unet, mid: { ...model.unet.mid, attention: undefined } };
    expect(() => denoiserGraph({ ...model, unet: deeper })).toThrow(
      /unet\/mid_block\.attentions\.0.*: not part of the configured network/,
    );
    const wider = { ...model.unet, down: [{ ...first, attention: { numHeads: 2, layers: 1 } }, ...rest] };
    expect(() => denoiserGraph({ ...model, unet: wider })).toThrow(
      /unet\/down_blocks\.0\.attentions\.0\.norm\.weight: expected \[16\], but the checkpoint has no such tensor/,
    );
  });

  it("is refused when the adapter has more attentions than the UNet", () => {
    const [[, tensor] = []] = model.adapterWeights;
    if (!tensor) throw new Error("no weights");
    const adapterWeights = new Map([...model.adapterWeights, ["ip_adapter.99.to_k_ip.weight", tensor]]);
    expect(() => denoiserGraph({ ...model, adapterWeights })).toThrow(/ip_adapter\/ip_adapter\.99\.to_k_ip\.weight/);
  });

  it("is refused when the ControlNet is made for another UNet", async () => {
    const { controlNet } = await load("sd15");
    expect(() => denoiserGraph({ ...model, controlNet })).toThrow(/install a ControlNet made for this model/);
  });

  it("refuses latent sizes that cannot be halved at every level", () => {
    expect(() => denoiserGraph(model, { height: 16, width: 10 })).toThrow(/10×16: expected multiples of 4/);
  });
});

it("encodes the same graph to the same bytes", async () => {
  const model = await load("mini");
  expect(Buffer.compare(denoiserGraph(model).encode(), denoiserGraph(model).encode())).toBe(0);
});
