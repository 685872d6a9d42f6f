import { defineConfig } from "vitest/config";

/** Hundreds of killed engines, a thousand lost connections: tens of minutes, by hand (`npm run test:soak`). */
export default defineConfig({
  test: {
    include: ["test/soak/**/*.test.ts"],
    testTimeout: 1_800_000,
    hookTimeout: 300_000,
    pool: "forks",
    fileParallelism: false,
  },
});
