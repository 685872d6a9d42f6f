import type { Browser, BrowserContextOptions } from "playwright-core";
import { launchBrowser } from "./chromium.ts";
import { PlaygroundWindow } from "./playgroundWindow.ts";
import { ServerProcess } from "./serverProcess.ts";

type StorageState = Exclude<BrowserContextOptions["storageState"], string | undefined>;

export interface WindowOptions {
  /** of the panel's form, as it keeps it; few steps by default, and all of them run */
  readonly form?: {
    readonly steps?: number;
    readonly variants?: number;
    readonly strength?: number | null;
    readonly seed?: number;
    readonly isSeedLocked?: boolean;
    readonly canvasPreviews?: boolean;
    readonly prompt?: string;
  };
  readonly theme?: "light" | "dark";
  /** served in place of what the server has, by path */
  readonly replaced?: Readonly<Record<string, string>>;
}

/** A server, and a browser that can be paired with it. */
export class Studio {
  readonly server: ServerProcess;
  private readonly browser: Browser;
  private storage: StorageState | undefined;

  private constructor(server: ServerProcess, browser: Browser) {
    this.server = server;
    this.browser = browser;
  }

  static async open(): Promise<Studio> {
    return new Studio(await ServerProcess.start(), await launchBrowser());
  }

  /** Every window of it is paired. */
  static async openPaired(): Promise<Studio> {
    const studio = await Studio.open();
    await studio.pair();
    return studio;
  }

  /** The playground in a window of its own with the sample document; paired as soon as `pair` was called once. */
  async playground({ form = {}, theme = "light", replaced = {} }: WindowOptions = {}): Promise<PlaygroundWindow> {
    const context = await this.browser.newContext({
      viewport: { width: 1440, height: 900 },
      colorScheme: theme,
      ...(this.storage === undefined ? {} : { storageState: this.storage }),
    });
    const kept = JSON.stringify({
      version: 1,
      form: { steps: 10, strength: 1, prompt: "a warm wooden table", ...form },
    });
    await context.addInitScript((text) => {
      // The panel's own frame has no storage.
      if (window.origin !== "null") localStorage.setItem("clientStorage/panel", text);
    }, kept);
    for (const [path, body] of Object.entries(replaced)) {
      await context.route(new URL(path, this.server.url).href, (route) => route.fulfill({ body }));
    }
    const playground = new PlaygroundWindow(await context.newPage());
    await playground.open(this.server.url);
    return playground;
  }

  /** Types the code that the server shows, and keeps what the panel stores of it for all later windows. */
  async pair(): Promise<void> {
    const playground = await this.playground();
    await playground.panel.getByLabel("Pairing code").fill(this.server.pairingCode);
    await playground.generateButton.waitFor();
    this.storage = await playground.page.context().storageState();
    await playground.close();
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.remove();
  }
}
