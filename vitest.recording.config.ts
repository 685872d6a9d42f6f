import { defineConfig } from "vitest/config";

/** Not a test: films the flow for the README (`npm run recording`), with what the browser tests are made of. */
export default defineConfig({
  test: { include: ["docs/recordFlow.ts"], testTimeout: 300_000, hookTimeout: 60_000, pool: "forks" },
});
