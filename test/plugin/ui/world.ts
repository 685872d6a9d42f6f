import type { Slot, SlotState, ToMain, ToUi } from "../../../plugin/messages.ts";
import type { Clock } from "../../../plugin/ui/browserClock.ts";
import type {
  Connection,
  ConnectionListener,
  ConnectionState,
  Preview,
} from "../../../plugin/ui/connection/connection.ts";
import { createHost } from "../../../plugin/ui/host.ts";
import { createPanel, type Panel } from "../../../plugin/ui/panel.ts";
import type { Pixels } from "../../../plugin/ui/pixels/pixels.ts";
import { BackdropError } from "../../../shared/errors.ts";
import { noHelpers } from "../../../shared/protocol/helpers.ts";
import type { InventoryInfo } from "../../../shared/protocol/inventory.ts";
import type { FinishedVariant, JobEnd, JobEvent, JobParams, JobSummary } from "../../../shared/protocol/jobs.ts";
import { settingsSchema } from "../../../shared/settings.ts";

/** A panel in a world without Figma, server, canvas or time: everything it says is kept, and a test says the rest. */
export interface FakeWorld {
  readonly panel: Panel;
  /** what the panel said to main, the latest last */
  readonly toMain: readonly ToMain[];
  /** what it asked of the server: `[name, …arguments]` */
  readonly toServer: readonly (readonly unknown[])[];
  /** main says something */
  say(message: ToUi): void;
  /** how main answers; the last one that is given for a type holds. null: not at all */
  answerWith(type: ToMain["type"], answer: ((request: never) => ToUi) | null): void;
  connect(state: ConnectionState): void;
  inventory(changed: InventoryInfo): void;
  event(jobId: string, event: JobEvent): void;
  /** the variants of the end, and then the end */
  finish(jobId: string, end: DoneEnd): void;
  preview(preview: Omit<Preview, "jpeg">): void;
  refuse(jobId: string, code: "prompt_invalid" | "queue_full", message: string, pointer?: string): void;
  /** what `history` answers from now on; a page holds 24 */
  setHistory(jobs: readonly JobSummary[]): void;
  /** whether mask layers have the reference's shape; as from the beginning, they do */
  setMaskFits(fits: boolean): void;
  setFile(name: string, content: string): void;
  /** pictures that are shown from now on wait until it is called */
  holdPictures(): () => void;
  advance(ms: number): Promise<void>;
}

interface WorldOptions {
  readonly slots?: Partial<Record<Slot, SlotState>>;
  readonly stored?: unknown;
  readonly opened?: Partial<Extract<ToUi, { type: "opened" }>>;
  readonly history?: readonly JobSummary[];
  readonly connection?: ConnectionState;
}

export const ready: Extract<ConnectionState, { type: "ready" }> = {
  type: "ready",
  serverId: "0192d3a4-5b6c-4d7e-8f90-a1b2c3d4e5f6",
  serverVersion: "0.1.0",
  defaultModel: "mini",
  models: [
    {
      name: "mini",
      title: "Mini",
      purpose: "Small.",
      pixelArea: 256 ** 2,
      layoutPixelArea: 512 ** 2,
      sideMultiple: 32,
      refines: false,
      promptTokens: 40,
      patchGrid: 16,
      defaults: { fusion: "query", strength: 0.5, sampler: "ddim", steps: 30, guidance: 3 },
    },
    {
      name: "fine",
      title: "Fine",
      purpose: null,
      pixelArea: 1024 ** 2,
      layoutPixelArea: 1024 ** 2,
      sideMultiple: 64,
      refines: false,
      promptTokens: 77,
      patchGrid: 32,
      defaults: { fusion: "global", strength: 1, sampler: "ddim", steps: 30, guidance: 7.5 },
    },
  ],
  helpers: { ...noHelpers, describe: "captioner" },
  packages: [],
};

export function slotOf(id: string): SlotState {
  const layer = { id, name: `layer ${id}`, type: "FRAME", size: { width: 100, height: 100 } };
  return { type: "set", layer, isAutomatic: false };
}

const empty: SlotState = { type: "empty" };
export const filled = { product: slotOf("1:2"), reference: slotOf("1:3"), referenceMask: empty, area: slotOf("1:1") };

export function jobId(number: number): string {
  return `0192d3a4-5b6c-7d7e-8f90-${String(number).padStart(12, "0")}`;
}

export function paramsOf(settings: object = {}): JobParams {
  const inputs = { product: "a".repeat(64), reference: "b".repeat(64) };
  return {
    settings: settingsSchema.parse({ prompt: "oak", seed: 7, ...settings }),
    model: "mini",
    inputs,
    previews: true,
  };
}

export type DoneEnd = Extract<JobEnd, { type: "done" }>;

export function doneEnd(seed = 7, variants = 1): DoneEnd {
  const outputs = finishedVariants(seed, variants).flatMap((finished) => finished.outputs);
  return { type: "done", outputs, seed, timingsMs: {}, productPixelsChanged: 0 };
}

export function finishedVariants(seed: number, count: number): FinishedVariant[] {
  return Array.from({ length: count }, (_, index) => {
    const variant = index + 1;
    const name = `result-${variant}.png`;
    const output = { name, role: "result" as const, variant, sizeBytes: 1, sha256: "c".repeat(64) };
    return { variant, seed: seed + index, outputs: [output], productPixelsChanged: 0 };
  });
}

function variantsOf({ outputs, seed, productPixelsChanged }: DoneEnd): FinishedVariant[] {
  const numbers = [...new Set(outputs.map(({ variant }) => variant))];
  return numbers.map((variant) => ({
    variant,
    seed: seed + variant - 1,
    outputs: outputs.filter((output) => output.variant === variant),
    productPixelsChanged,
  }));
}

/** Left out, the variants are those that the end lists. */
export function summaryOf(
  number: number,
  end: JobEnd | null,
  params = paramsOf(),
  variants = end?.type === "done" ? variantsOf(end) : [],
): JobSummary {
  const state = end === null ? "running" : end.type;
  return { jobId: jobId(number), createdAt: "2026-11-25T09:12:00.000Z", state, params, lastSeq: 3, variants, end };
}

/** Opens a panel, connected unless said otherwise; all that starts at once has happened. */
export async function openPanel(options: WorldOptions = {}): Promise<FakeWorld> {
  const main = fakeMain();
  const server = fakeServer(options.connection ?? ready, options.history ?? []);
  const clock = fakeClock();
  const host = createHost(main.window);
  const { pixels, holdPictures, setMaskFits } = fakePixels();
  const world = { host, connection: server.connection, pixels, clock };
  const panel = createPanel(world, {
    type: "opened",
    command: "open",
    recipe: null,
    stored: { panel: options.stored },
    documentId: "this document",
    slots: { ...filled, ...options.slots },
    selection: [],
    results: [],
    ...options.opened,
  });
  await settled();
  return { ...main, ...server, panel, holdPictures, setMaskFits, advance: clock.advance };
}

/** Whatever the panel has begun and can finish by itself is finished. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await Promise.resolve();
}

function fakeMain() {
  const toMain: ToMain[] = [];
  const answers = new Map<string, ((request: never) => ToUi) | null>();
  const frame = new EventTarget();
  const parent = {
    postMessage({ pluginMessage: message }: { pluginMessage: ToMain }) {
      toMain.push(message);
      const answer = answers.has(message.type) ? answers.get(message.type) : usualAnswer;
      const answered = answer?.(message as never);
      if (answered !== undefined) queueMicrotask(() => say(answered));
    },
  };
  function say(message: ToUi): void {
    frame.dispatchEvent(Object.assign(new Event("message"), { source: parent, data: { pluginMessage: message } }));
  }
  return {
    toMain,
    say,
    window: Object.assign(frame, { parent }) as unknown as Window,
    answerWith: (type: ToMain["type"], answer: ((request: never) => ToUi) | null) => void answers.set(type, answer),
  };
}

let nodes = 0;

function usualAnswer(message: ToMain): ToUi | undefined {
  const picture = { bytes: bytesOf(message.type), sizePx: { width: 1024, height: 512 } };
  switch (message.type) {
    case "begin_run": {
      const { requestId, runId, scale } = message;
      const placement = { x: 10, y: 20, width: 30, height: 40 };
      const frozen = { frame: { width: 800 * scale, height: 600 * scale }, placement, scale };
      return { type: "run_begun", requestId, runId, frozen, product: picture };
    }
    case "export_picture":
      return { type: "picture", requestId: message.requestId, slot: message.slot, picture };
    case "insert_result": {
      const { requestId, runId, recipe } = message;
      const { variant } = recipe;
      return { type: "inserted", requestId, runId, nodeId: `9:${++nodes}`, variant, isNew: true };
    }
    case "remove_result":
      return { type: "result_removed", requestId: message.requestId, nodeId: message.nodeId };
    default:
      return undefined;
  }
}

function fakeServer(first: ConnectionState, jobs: readonly JobSummary[]) {
  const toServer: (readonly unknown[])[] = [];
  const listeners = new Set<ConnectionListener>();
  const files = new Map<string, string>();
  let state = first;
  const note = (...call: readonly unknown[]) => void toServer.push(call);
  const connection: Connection = {
    get state() {
      return state;
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    pair: (code) => note("pair", code),
    forget: () => note("forget"),
    retry: () => note("retry"),
    close: () => note("close"),
    submit: (id, params) => note("submit", id, params),
    follow: (id) => note("follow", id),
    cancel: (id) => note("cancel", id),
    async upload(bytes, signal) {
      signal?.throwIfAborted();
      note("upload", new TextDecoder().decode(bytes));
      return String(toServer.length).padStart(64, "0");
    },
    async segment(picture, points, signal) {
      signal?.throwIfAborted();
      note("segment", picture, points);
      return bytesOf(`mask of ${points.length}`);
    },
    async describe(picture, signal) {
      signal?.throwIfAborted();
      note("describe", picture);
      return "a jar on a table";
    },
    async history(limit, before) {
      note("history", limit, before);
      const rest = before === undefined ? jobs : jobs.filter((job) => job.jobId < before);
      return { jobs: rest.slice(0, limit), more: rest.length > limit };
    },
    install: (name, licencesAccepted) => note("install", name, licencesAccepted),
    stopInstalling: (name) => note("stopInstalling", name),
    async remove(id) {
      note("remove", id);
      jobs = jobs.filter((job) => job.jobId !== id);
    },
    async fetchUpload(sha256) {
      note("fetchUpload", sha256);
      if (!files.has(sha256)) throw new BackdropError("not_found", "this picture is not kept any more; send it again");
      return bytesOf(files.get(sha256) ?? "");
    },
    async fetchResult(id, name) {
      note("fetchResult", id, name);
      if (state.type !== "ready") throw new BackdropError("engine_crashed", "the server is not there");
      return bytesOf(files.get(name) ?? name);
    },
  };
  function event(id: string, told: JobEvent): void {
    for (const listener of listeners) listener.onJobEvent?.(id, told);
  }
  return {
    connection,
    toServer,
    connect(changed: ConnectionState) {
      state = changed;
      for (const listener of listeners) listener.onState?.(changed);
    },
    inventory(changed: InventoryInfo) {
      for (const listener of listeners) listener.onInventory?.(changed);
    },
    event,
    finish(id: string, end: DoneEnd) {
      for (const finished of variantsOf(end)) event(id, { type: "variant_done", ...finished });
      event(id, end);
    },
    preview(preview: Omit<Preview, "jpeg">) {
      const jpeg = bytesOf(`step ${preview.step}`);
      for (const listener of listeners) listener.onPreview?.({ ...preview, jpeg });
    },
    refuse(id: string, code: "prompt_invalid" | "queue_full", message: string, pointer?: string) {
      for (const listener of listeners) listener.onRefused?.(id, { code, message, pointer });
    },
    setHistory(changed: readonly JobSummary[]) {
      jobs = changed;
    },
    setFile: (name: string, content: string) => void files.set(name, content),
  };
}

function fakeClock(): Clock & { advance(ms: number): Promise<void> } {
  let nowMs = 1_000_000;
  let ids = 0;
  const timers = new Set<{ readonly atMs: number; readonly call: () => void }>();
  return {
    now: () => nowMs,
    newJobId: () => jobId(900 + ids++),
    newSeed: () => 42 + ids,
    after(delayMs, call) {
      const timer = { atMs: nowMs + delayMs, call };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(ms) {
      nowMs += ms;
      for (const timer of [...timers].filter(({ atMs }) => atMs <= nowMs)) {
        timers.delete(timer);
        timer.call();
      }
      await settled();
    },
  };
}

/** The URL of a picture tells its bytes, so that a test sees which one is shown. */
function fakePixels() {
  let held: Promise<void> = Promise.resolve();
  let fits = true;
  const pixels: Pixels = {
    async show(bytes) {
      await held;
      return { url: `blob:${new TextDecoder().decode(bytes)}`, sizePx: { width: 10, height: 10 } };
    },
    openReference: async (file) => ({
      name: file.name,
      bytes: bytesOf(file.name),
      sizePx: { width: 640, height: 480 },
      downscaledFrom: null,
    }),
    leavesProduct: async (_, { data }) => data.some((value) => value >= 128),
    productMask: async () => bytesOf("product mask"),
    // The object is the left half.
    readMask: async (_, sizePx) => ({
      sizePx,
      data: Uint8Array.from({ length: sizePx.width * sizePx.height }, (_, i) =>
        i % sizePx.width < sizePx.width / 2 ? 255 : 0,
      ),
    }),
    openMask: async (png) => ({ sizePx: { width: png.length, height: 1 }, data: png }),
    referenceMask: async ({ grid, hidden }) => bytesOf(`mask ${grid}: ${hidden.join(",")}`),
    async droppedParts(_, maskLayer) {
      if (maskLayer === null) return null;
      if (!fits) throw new BackdropError("mask_mismatch", "The mask layer is wide; choose another");
      return [0.5];
    },
    shrinkJpeg: async (jpeg) => jpeg,
  };
  return {
    pixels,
    setMaskFits(changed: boolean) {
      fits = changed;
    },
    holdPictures() {
      let release = () => {};
      held = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
  };
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
