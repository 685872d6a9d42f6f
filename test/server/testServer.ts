import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type RunningServer, type ServeOptions, serve } from "../../server/cli/serve.ts";
import { type Home, homeAt } from "../../server/home/paths.ts";
import { createLog } from "../../server/log/log.ts";
import { noHelpers } from "../../shared/protocol/helpers.ts";
import { type JobParams, jobParamsSchema } from "../../shared/protocol/jobs.ts";
import type { ModelInfo } from "../../shared/protocol/models.ts";
import type { SettingsInput } from "../../shared/settings.ts";
import { RawClient } from "./rawClient.ts";

export const miniInfo: ModelInfo = {
  name: "mini",
  title: "Mini",
  purpose: null,
  pixelArea: 256 ** 2,
  layoutPixelArea: 512 ** 2,
  sideMultiple: 32,
  refines: false,
  promptTokens: 40,
  patchGrid: 16,
  defaults: { fusion: "query", strength: 0.5, sampler: "ddim", steps: 30, guidance: 3 },
};

export const stubEngine = fileURLToPath(new URL("./stubEngine.mjs", import.meta.url));

export interface TestServer extends RunningServer {
  readonly home: Home;
  readonly secret: string;
  readonly logLines: readonly string[];
  readonly pairingCodes: readonly string[];
  client(clientId?: string): Promise<RawClient>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** Stops it and deletes its files. */
  remove(): Promise<void>;
}

/** The real server with a stub for its engine, on any free port, in a folder of its own. */
export async function startTestServer(
  options: Partial<Omit<ServeOptions, "engine">> & { readonly engine?: Partial<ServeOptions["engine"]> } = {},
): Promise<TestServer> {
  const dir = options.home ? undefined : await mkdtemp(join(tmpdir(), "backdrop-server-"));
  const logLines: string[] = [];
  const pairingCodes: string[] = [];
  const home = options.home ?? homeAt(join(dir ?? "", "home"));
  const readInstalled =
    options.readInstalled ?? (async () => ({ models: [miniInfo], helpers: noHelpers, damaged: {} }));
  const server = await serve({
    port: 0,
    installed: await readInstalled(),
    readInstalled,
    install: { childPath: "", catalogue: [] },
    defaultModel: "mini",
    target: { provider: "cpu", precision: "fp32" },
    log: createLog({ write: (line) => logLines.push(line) }, "debug"),
    onPairingCode: (code) => pairingCodes.push(code),
    ...options,
    home,
    engine: { childPath: stubEngine, ...options.engine },
  });
  const secret = server.identity.revealSecret();
  return {
    ...server,
    home,
    secret,
    logLines,
    pairingCodes,
    client: (clientId) => RawClient.proven(server.port, secret, clientId),
    get: (path, headers = {}) => fetch(`http://127.0.0.1:${server.port}${path}`, { headers }),
    async remove() {
      await server.stop();
      if (dir) await rm(dir, { recursive: true, force: true });
    },
  };
}

export const pictures = {
  product: Buffer.from("the product's bytes"),
  reference: Buffer.from("the reference's bytes"),
};

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** How the stub is to behave; it travels as the prompt. */
export interface Directive {
  readonly stepMs?: number;
  readonly previewBytes?: number;
  readonly crashAt?: number;
  readonly crashAlways?: boolean;
  readonly hangAt?: number;
  readonly inVariant?: number;
  readonly fail?: string;
  readonly resultBytes?: number;
  readonly dieUntold?: boolean;
}

export function stubParams(directive: Directive = {}, settings: SettingsInput = {}): JobParams {
  return jobParamsSchema.parse({
    settings: { steps: 4, seed: 7, prompt: JSON.stringify(directive), ...settings },
    inputs: { product: sha256Of(pictures.product), reference: sha256Of(pictures.reference) },
  });
}

export async function uploadPictures(client: RawClient): Promise<void> {
  for (const bytes of Object.values(pictures)) await client.upload(bytes, sha256Of(bytes));
}
