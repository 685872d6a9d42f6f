#!/usr/bin/env node
import { createInterface } from "node:readline/promises";
import { runCli } from "./run.ts";

const interrupt = new AbortController();
process.on("SIGINT", () => {
  // A second Ctrl+C does not wait for loading, encoding or writing to end (a running graph blocks signals as well).
  if (interrupt.signal.aborted) process.exit(130);
  interrupt.abort();
});
process.on("SIGTERM", () => interrupt.abort());
// The reader of a pipe may leave early (`… --json | head`): like an interruption, not a failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    interrupt.abort();
  });
}

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
  ...(process.stdin.isTTY && process.stderr.isTTY && { ask }),
  signal: interrupt.signal,
});

async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // While it reads, Ctrl+C comes to it and to nobody else.
  lines.on("SIGINT", () => interrupt.abort());
  try {
    return await lines.question(question, { signal: interrupt.signal });
  } finally {
    lines.close();
  }
}
