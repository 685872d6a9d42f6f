import { isDeepStrictEqual } from "node:util";
import { BackdropError } from "../../shared/errors.ts";
import { type InventoryInfo, isInstalling, type PackageState } from "../../shared/protocol/inventory.ts";
import type { Installed } from "../engine/installed.ts";
import type { CatalogueEntry } from "../install/catalogue/entry.ts";
import {
  type Installation,
  type InstallationEnd,
  type InstallationOptions,
  startInstallation,
} from "../install/installation.ts";

export interface InventoryOptions extends Pick<InstallationOptions, "childPath" | "modelsDir" | "log"> {
  readonly catalogue: readonly CatalogueEntry[];
  /** when the server starts */
  readonly installed: Installed;
  readonly readInstalled: () => Promise<Installed>;
}

interface Wanted {
  readonly entry: CatalogueEntry;
  readonly licencesAccepted: boolean;
}

/** What is installed, and what can be and is being, one at a time. Installing goes on without the client that asked for it. */
export class Inventory {
  /** called after every change */
  readonly listeners = new Set<() => void>();
  private readonly options: InventoryOptions;
  private installed: Installed;
  /** of packages that are being installed or could not be */
  private readonly states = new Map<string, PackageState>();
  private readonly waiting: Wanted[] = [];
  private running: { readonly name: string; readonly installation: Installation; isStopped: boolean } | undefined;
  private reading: Promise<void> = Promise.resolve();
  private isStopping = false;

  constructor(options: InventoryOptions) {
    this.options = options;
    this.installed = options.installed;
  }

  get modelNames(): readonly string[] {
    return this.installed.models.map(({ name }) => name);
  }

  /** As clients are told. */
  get info(): InventoryInfo {
    const { models, helpers } = this.installed;
    const packages = this.options.catalogue.map(({ description, purpose, approximateBytes, repositories }) => {
      const { name, title } = description;
      const licences = repositories.map((part) => ({ part: part.name, licence: part.licence, url: part.licenceUrl }));
      const task = "task" in description ? description.task : null;
      return { name, title, purpose, task, approximateBytes, licences, state: this.stateOf(name) };
    });
    return { models: [...models], helpers, packages };
  }

  /** Looks again at what is on disk: packages are installed and removed by the command line too. */
  async refresh(): Promise<void> {
    // One after the other, so that the last to look is the one that counts.
    this.reading = this.reading.then(() => this.read());
    await this.reading;
  }

  /** Begins it, or has it wait for its turn; how it comes on and ends is told to the listeners. One that is under way goes on. */
  install(name: string, licencesAccepted: boolean): void {
    const entry = this.options.catalogue.find(({ description }) => description.name === name);
    if (entry === undefined) {
      const known = this.options.catalogue.map(({ description }) => description.name).join(", ");
      throw new BackdropError("model_unknown", `package: expected one of ${known}, got ${name}`, {
        pointer: "/package",
      });
    }
    if (this.isStopping) {
      throw new BackdropError("shutting_down", "the server is stopping; install it when it is back");
    }
    // One that is just being stopped begins again after that.
    const isEnding = this.running?.name === name && this.running.isStopped && !this.isWaiting(name);
    if (isInstalling(this.stateOf(name)) && !isEnding) return;
    // Those of a package that is here were accepted when it was installed; whether they are the same is looked up in it.
    if (!licencesAccepted && this.installed.damaged[name] === undefined) {
      throw new BackdropError("licence_not_accepted", `package ${name}: its licences have to be accepted first`, {
        pointer: "/licencesAccepted",
      });
    }
    this.waiting.push({ entry, licencesAccepted });
    this.setState(name, { type: "waiting" });
    this.startNext();
  }

  stopInstalling(name: string): void {
    const at = this.waiting.findIndex(({ entry }) => entry.description.name === name);
    if (at >= 0) {
      this.waiting.splice(at, 1);
      this.setState(name, undefined);
    }
    if (this.running?.name !== name) return;
    this.running.isStopped = true;
    this.running.installation.stop();
  }

  /** Ends what is under way; what has arrived stays. */
  async stop(): Promise<void> {
    this.isStopping = true;
    this.waiting.length = 0;
    this.running?.installation.stop();
    await this.running?.installation.ended;
  }

  private startNext(): void {
    const wanted = this.running === undefined && !this.isStopping ? this.waiting.shift() : undefined;
    if (wanted === undefined) return;
    const { name } = wanted.entry.description;
    const { childPath, modelsDir, log } = this.options;
    const installation = startInstallation({ ...wanted, childPath, modelsDir, log }, (progress) => {
      // A package that is being mended is out of its place until it is whole.
      if (this.states.get(name)?.type === "starting") void this.refresh();
      this.setState(name, progress);
    });
    this.running = { name, installation, isStopped: false };
    this.setState(name, { type: "starting" });
    void installation.ended.then((end) => this.ended(name, end));
  }

  private async ended(name: string, end: InstallationEnd): Promise<void> {
    // Also after a failure: a process that was killed may have finished its work.
    await this.refresh();
    this.running = undefined;
    if (!this.isWaiting(name)) this.setState(name, end.type === "failed" ? end : undefined);
    this.startNext();
  }

  private isWaiting(name: string): boolean {
    return this.waiting.some(({ entry }) => entry.description.name === name);
  }

  /** What is on disk says more than how an earlier installation ended. */
  private stateOf(name: string): PackageState {
    const state = this.states.get(name);
    if (state !== undefined && isInstalling(state)) return state;
    const message = this.installed.damaged[name];
    // Why it could not be mended says more than that it has to be.
    if (message !== undefined) return state ?? { type: "damaged", message };
    return this.isHere(name) ? { type: "installed" } : (state ?? { type: "absent" });
  }

  private isHere(name: string): boolean {
    return [...this.modelNames, ...Object.values(this.installed.helpers)].includes(name);
  }

  /** How the installation of a package ended that is here and whole now, however it came: it would hide what happens to it later. */
  private forgetEnds(): void {
    for (const [name, state] of this.states) {
      const isWhole = this.isHere(name) && this.installed.damaged[name] === undefined;
      if (isWhole && !isInstalling(state)) this.states.delete(name);
    }
  }

  private async read(): Promise<void> {
    try {
      const installed = await this.options.readInstalled();
      if (isDeepStrictEqual(installed, this.installed)) return;
      this.installed = installed;
      this.forgetEnds();
      this.tell();
    } catch (err) {
      this.options.log.error({ err }, "the models' folders cannot be read");
    }
  }

  /** undefined: what is on disk says it. */
  private setState(name: string, state: PackageState | undefined): void {
    if (state === undefined) this.states.delete(name);
    else this.states.set(name, state);
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
