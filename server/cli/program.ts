import { existsSync } from "node:fs";
import { join } from "node:path";
import { BackdropError } from "../../shared/errors.ts";
import { programDir } from "../engine/packages.ts";

/** A program of the bundle, for a process of its own. */
export function program(name: string): string {
  const path = join(programDir(), "dist", name);
  if (existsSync(path)) return path;
  throw new BackdropError("internal", `the program ${name} is missing; run npm run build`);
}
