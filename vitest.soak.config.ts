import { defineConfig } from "vitest/config";

/** Two hundred killed engines, a thousand lost connections: over a minute (`npm run test:soak`). */
export default defineConfig({
  test: {
    include: ["test/soak/**/*.test.ts"],
    testTimeout: 1_800_000,
    hookTimeout: 300_000,
    pool: "forks",
    fileParallelism: false,
  },
});
