import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { describe } from "vitest";

const places = [
  process.env.CHROMIUM_PATH ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const executablePath = places.find((place) => place !== "" && existsSync(place));

if (executablePath === undefined && process.env.CI !== undefined) {
  throw new Error("the browser tests need Chromium; install it, or set CHROMIUM_PATH to where it is");
}

/** A suite that needs a browser. Without one it is skipped, and says so; in CI that is a failure. */
export function describeInBrowser(name: string, suite: () => void): void {
  if (executablePath !== undefined) describe(name, suite);
  else describe.skip(`${name} (skipped: no Chromium here; set CHROMIUM_PATH)`, suite);
}

export async function launchBrowser(): Promise<Browser> {
  const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];
  return await chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", ...quiet],
  });
}
