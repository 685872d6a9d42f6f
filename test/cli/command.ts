import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "../../server/cli/run.ts";
import { disc, gradient, png } from "../image/makePictures.ts";

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout's lines as JSON */
  events(): readonly Record<string, unknown>[];
}

/** Runs a command line in this process. */
export async function command(argv: readonly string[], signal = new AbortController().signal): Promise<Outcome> {
  const written = { stdout: "", stderr: "" };
  const exitCode = await runCli(argv, {
    stdout: (text) => {
      written.stdout += text;
    },
    stderr: (text) => {
      written.stderr += text;
    },
    isTerminal: false,
    signal,
  });
  const lines = () => written.stdout.split("\n").filter((line) => line !== "");
  return { exitCode, ...written, events: () => lines().map((line) => JSON.parse(line)) };
}

/** A temporary folder with a good product and reference in it. */
export async function workspace() {
  const dir = await mkdtemp(join(tmpdir(), "backdrop-test-"));
  const write = async (name: string, content: Uint8Array | string) => {
    await writeFile(join(dir, name), content);
    return join(dir, name);
  };
  return {
    dir,
    write,
    product: await write("product.png", await png(disc(96, 80))),
    reference: await write("reference.png", await png(gradient(60, 40))),
    out: join(dir, "out"),
    list: () => readdir(dir),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
