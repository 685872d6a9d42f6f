import { defineConfig } from "vitest/config";

/** A suite runs its files one after the other where each of them wants the whole machine. */
const suite = (name: string, include: string, seconds: number) => ({
  test: {
    name,
    include: [include],
    testTimeout: seconds * 1000,
    hookTimeout: 300_000,
    pool: "forks" as const,
    fileParallelism: false,
  },
});

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "fast",
          include: ["test/**/*.test.ts"],
          exclude: ["test/slow/**", "test/soak/**", "test/browser/**", "**/node_modules/**"],
          testTimeout: 30_000,
          pool: "forks",
        },
      },
      // The embedded model itself, run for real.
      suite("slow", "test/slow/**/*.test.ts", 300),
      // Two hundred killed engines, a thousand lost connections.
      suite("soak", "test/soak/**/*.test.ts", 1800),
      // The real server, the embedded model and the built plugin in a browser; skipped where there is none.
      suite("browser", "test/browser/**/*.test.ts", 120),
      // No test: films the flow for the README, with what the browser tests are made of.
      suite("recording", "docs/recordFlow.ts", 300),
    ],
  },
});
