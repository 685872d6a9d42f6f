import { randomInt, timingSafeEqual } from "node:crypto";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { pairingAlphabet } from "../../shared/protocol/fields.ts";
import { pairingTries, pairingWindowMs } from "../../shared/protocol/limits.ts";

const maxWindows = 5;
const maxWindowsPerSeconds = 600;
const codeLength = 6;

/** The code that a person reads off the server's terminal: one window at a time, one use, few tries. */
export class Pairing {
  private readonly show: (code: string) => void;
  private readonly windowMs: number;
  private readonly limiter = new RateLimiterMemory({ points: maxWindows, duration: maxWindowsPerSeconds });
  private window: { readonly code: string; readonly endsMs: number; triesLeft: number } | undefined;

  constructor(show: (code: string) => void, windowMs = pairingWindowMs) {
    this.show = show;
    this.windowMs = windowMs;
  }

  /** Opens a window and shows its code, or joins the open one. Gives the ms left, or undefined when it is asked too often. */
  async begin(): Promise<number | undefined> {
    const open = this.openWindow();
    if (open) return open.endsMs - Date.now();
    const isAllowed = await this.limiter.consume("all").then(
      () => true,
      () => false,
    );
    if (!isAllowed) return undefined;
    const code = Array.from({ length: codeLength }, () => pairingAlphabet[randomInt(pairingAlphabet.length)]).join("");
    this.window = { code, endsMs: Date.now() + this.windowMs, triesLeft: pairingTries };
    this.show(code);
    return this.windowMs;
  }

  /** Whether this is the code. A right one is used up; so is the window after too many wrong ones. */
  tryCode(given: string): boolean {
    const open = this.openWindow();
    if (open === undefined) return false;
    const [a, b] = [Buffer.from(given), Buffer.from(open.code)];
    const isRight = a.length === b.length && timingSafeEqual(a, b);
    open.triesLeft--;
    if (isRight || open.triesLeft === 0) this.window = undefined;
    return isRight;
  }

  private openWindow() {
    if (this.window !== undefined && this.window.endsMs <= Date.now()) this.window = undefined;
    return this.window;
  }
}
