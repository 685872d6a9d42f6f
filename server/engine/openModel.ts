import type { ProviderChoice } from "../../shared/providers.ts";
import { compileGraphs } from "../checkpoint/compile.ts";
import { type GraphRequest, graphFile, graphsForSize } from "../checkpoint/graphRequest.ts";
import { readModelPackage } from "../checkpoint/modelPackage.ts";
import { checkFileSizes } from "../checkpoint/verifyPackage.ts";
import type { Model } from "../pipeline/model.ts";
import { chooseProvider } from "../runtime/providers.ts";
import { openSession, type Session } from "../runtime/session.ts";
import { findPackage } from "./packages.ts";
import { openTokenizer } from "./tokenizer.ts";

/** A model ready to run; `dispose` gives its sessions' memory back. */
export interface OpenModel extends Model {
  dispose(): Promise<void>;
}

/** Opens a model package: files checked, tokenizer read. Graphs are compiled and loaded when a picture size is known. */
export async function openModel(nameOrDir: string, options: { readonly provider: ProviderChoice }): Promise<OpenModel> {
  const provider = chooseProvider(options.provider);
  const modelPackage = await readModelPackage(await findPackage(nameOrDir));
  await checkFileSizes(modelPackage);
  const tokenize = await openTokenizer(modelPackage);
  const sessions = new Map<string, Promise<Session>>();

  /** Compiles what is out of date, all at once, and loads what is not loaded yet. */
  async function load(requests: readonly GraphRequest[]): Promise<void> {
    const missing = requests.filter((request) => !sessions.has(graphFile(request)));
    if (missing.length > 0) {
      const compiled = compileGraphs(modelPackage.dir, missing);
      missing.forEach((request, i) => {
        const key = graphFile(request);
        // Noted before it is there, so that a second caller waits for it instead of loading it again.
        const session = compiled.then((graphs) => openSession(graphs[i]?.file ?? key, { provider }));
        sessions.set(key, session);
        session.catch(() => sessions.delete(key));
      });
    }
    await Promise.all(requests.map((request) => sessions.get(graphFile(request))));
  }

  return {
    package: modelPackage,
    tokenize,
    prepare: (work) => load(graphsForSize(work.width, work.height)),
    async run(request, inputs) {
      await load([request]);
      const session = await sessions.get(graphFile(request));
      if (session === undefined) throw new Error(`openModel: ${request.graph} was not compiled`);
      return await session.run(inputs);
    },
    async dispose() {
      const open = [...sessions.values()];
      sessions.clear();
      await Promise.all(open.map(async (session) => (await session).dispose()));
    },
  };
}
