import type { Progress } from "../pipeline/generate.ts";
import type { Io } from "./io.ts";

const width = 30;

/** A bar that is redrawn in place on a terminal; elsewhere, and beside JSON, nothing. */
export function createProgressBar(io: Io, json: boolean) {
  const visible = io.isTerminal && !json;
  return {
    show({ variant, step, steps }: Progress): void {
      if (!visible) return;
      const filled = Math.round((width * step) / steps);
      const bar = "█".repeat(filled) + "░".repeat(width - filled);
      io.stderr(`\r\x1b[K${bar} step ${step}/${steps}${variant > 1 ? `, variant ${variant}` : ""}`);
    },
    clear(): void {
      if (visible) io.stderr("\r\x1b[K");
    },
  };
}
