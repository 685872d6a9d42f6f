import { join } from "node:path";
import { serve } from "../server/cli/serve.ts";
import { programDir } from "../server/engine/packages.ts";
import { homeAt } from "../server/home/paths.ts";
import { createLog } from "../server/log/log.ts";
import { noHelpers } from "../shared/protocol/helpers.ts";

// The real server with the tests' stub for its engine, for bench/server.ts: argument 1 is its home. Prints its port.

const installed = { models: [], helpers: noHelpers, damaged: {} };
const server = await serve({
  home: homeAt(process.argv[2] ?? ""),
  port: 0,
  engine: { childPath: join(programDir(), "test", "server", "stubEngine.mjs") },
  installed,
  readInstalled: async () => installed,
  install: { childPath: "", catalogue: [] },
  defaultModel: "mini",
  target: { provider: "cpu", precision: "fp32" },
  log: createLog({ write() {} }, "error"),
  onPairingCode() {},
});
process.once("SIGTERM", () => void server.stop());
console.log(JSON.stringify({ type: "listening", port: server.port }));
