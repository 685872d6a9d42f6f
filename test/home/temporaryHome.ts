import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, vi } from "vitest";

/** Every test of the file has a home folder of its own; gives the one of the test that runs. */
export function temporaryHome(): () => string {
  let home = "";
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "backdrop-home-"));
    vi.stubEnv("BACKDROP_HOME", home);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(home, { recursive: true, force: true });
  });
  return () => home;
}
