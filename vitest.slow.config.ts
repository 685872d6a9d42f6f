import { defineConfig } from "vitest/config";

/** The embedded model itself, run for real: seconds to minutes, in CI on every change. */
export default defineConfig({
  test: {
    include: ["test/slow/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: "forks",
    fileParallelism: false,
  },
});
