import { defineConfig } from "vitest/config";

/** The real server, the embedded model and the built plugin in a browser; skipped where there is none (`npm run test:browser`). */
export default defineConfig({
  test: {
    include: ["test/browser/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    pool: "forks",
    fileParallelism: false,
  },
});
