import type { HelperPackage } from "./helperPackage.ts";

interface Disposable {
  dispose(): Promise<void>;
}

/** Keeps a helper open between two questions, and gives its memory back when none has come for a while. */
export class HeldHelper<Opened extends Disposable> {
  private readonly open: (helper: HelperPackage) => Promise<Opened>;
  private readonly idleMs: number;
  private held: { readonly dir: string; readonly opened: Opened } | undefined;
  private idle: NodeJS.Timeout | undefined;

  constructor(open: (helper: HelperPackage) => Promise<Opened>, idleMs: number) {
    this.open = open;
    this.idleMs = idleMs;
  }

  /** One question at a time. */
  async use<Answer>(helper: HelperPackage, ask: (opened: Opened) => Promise<Answer>): Promise<Answer> {
    clearTimeout(this.idle);
    try {
      return await ask(await this.get(helper));
    } finally {
      this.idle = setTimeout(() => void this.release(), this.idleMs);
      this.idle.unref();
    }
  }

  private async get(helper: HelperPackage): Promise<Opened> {
    if (this.held?.dir !== helper.dir) {
      await this.release();
      this.held = { dir: helper.dir, opened: await this.open(helper) };
    }
    return this.held.opened;
  }

  private async release(): Promise<void> {
    const { held } = this;
    this.held = undefined;
    await held?.opened.dispose();
  }
}
