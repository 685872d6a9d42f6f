import { isDeepStrictEqual } from "node:util";
import { BackdropError } from "../../shared/errors.ts";
import type { InventoryInfo, PackageState } from "../../shared/protocol/inventory.ts";
import type { Installed } from "../engine/installed.ts";
import type { CatalogueEntry } from "../install/catalogue/entry.ts";
import { type Installation, type InstallationOptions, startInstallation } from "../install/installation.ts";

export interface InventoryOptions extends Pick<InstallationOptions, "childPath" | "modelsDir" | "log"> {
  readonly catalogue: readonly CatalogueEntry[];
  readonly readInstalled: () => Promise<Installed>;
}

/** What is installed, and what can be and is being. Installing goes on without the client that asked for it. */
export class Inventory {
  /** called after every change */
  readonly listeners = new Set<() => void>();
  private readonly options: InventoryOptions;
  private installed: Installed;
  /** of packages that are being installed or could not be */
  private readonly states = new Map<string, PackageState>();
  private readonly running = new Map<string, Installation>();
  private reading: Promise<void> = Promise.resolve();

  private constructor(options: InventoryOptions, installed: Installed) {
    this.options = options;
    this.installed = installed;
  }

  static async open(options: InventoryOptions): Promise<Inventory> {
    return new Inventory(options, await options.readInstalled());
  }

  get modelNames(): readonly string[] {
    return this.installed.models.map(({ name }) => name);
  }

  /** As clients are told. */
  get info(): InventoryInfo {
    const { models, helpers } = this.installed;
    const here = new Set([...this.modelNames, helpers.segment, helpers.describe]);
    const packages = this.options.catalogue.map(({ description, purpose, approximateBytes, repositories }) => {
      const { name, title } = description;
      const state = this.states.get(name) ?? ({ type: here.has(name) ? "installed" : "absent" } as const);
      const licences = repositories.map((part) => ({ part: part.name, licence: part.licence, url: part.licenceUrl }));
      const task = "task" in description ? description.task : null;
      return { name, title, purpose, task, approximateBytes, licences, state };
    });
    return { models: [...models], helpers, packages };
  }

  /** Looks again at what is on disk: packages are installed and removed by the command line too. */
  async refresh(): Promise<void> {
    const read = async () => {
      const installed = await this.options.readInstalled();
      if (isDeepStrictEqual(installed, this.installed)) return;
      this.installed = installed;
      this.tell();
    };
    // One after the other, so that the last to look is the one that counts.
    this.reading = this.reading.then(read, read);
    await this.reading;
  }

  /** Begins it; how it comes on and ends is told to the listeners. One that is being installed already goes on. */
  install(name: string, licencesAccepted: boolean): void {
    const entry = this.options.catalogue.find(({ description }) => description.name === name);
    if (entry === undefined) {
      const known = this.options.catalogue.map(({ description }) => description.name).join(", ");
      throw new BackdropError("model_unknown", `package: expected one of ${known}, got ${name}`, {
        pointer: "/package",
      });
    }
    if (this.running.has(name)) return;
    const { childPath, modelsDir, log } = this.options;
    const installation = startInstallation({ entry, licencesAccepted, childPath, modelsDir, log }, (progress) =>
      this.setState(name, progress),
    );
    this.running.set(name, installation);
    this.setState(name, { type: "starting" });
    void installation.ended.then(async (end) => {
      this.running.delete(name);
      if (end.type === "installed") await this.refresh();
      this.setState(name, end.type === "failed" ? end : undefined);
    });
  }

  stopInstalling(name: string): void {
    this.running.get(name)?.stop();
  }

  /** Ends every installation; what has arrived stays. */
  async stop(): Promise<void> {
    for (const installation of this.running.values()) installation.stop();
    await Promise.all([...this.running.values()].map(({ ended }) => ended));
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
