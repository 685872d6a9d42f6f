import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FrameLocator, Page } from "playwright-core";
import type { LayerValues } from "../../plugin/playground/document/edits.ts";
import type { Hooks } from "../../plugin/playground/view/hooks.ts";

/** A layer of the playground's tree. */
export type Layer = Awaited<ReturnType<Hooks["tree"]>>[number];

/** Of a run of few steps on a busy machine. */
const runTimeoutMs = 100_000;

const screenshotsDir = fileURLToPath(new URL("./screenshots", import.meta.url));

/** One window with the playground, and what a person does in it. */
export class PlaygroundWindow {
  readonly page: Page;
  readonly panel: FrameLocator;
  /** what the browser complained about */
  readonly complaints: string[] = [];

  constructor(page: Page) {
    this.page = page;
    this.panel = page.frameLocator(".plugin-window iframe");
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(message.text());
    });
  }

  get generateButton() {
    return this.panel.getByRole("button", { name: "Generate background" });
  }

  get cancelButton() {
    return this.panel.getByRole("button", { name: "Cancel", exact: true });
  }

  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.loaded();
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.loaded();
  }

  /** The layers of the page, back to front. */
  async tree(): Promise<readonly Layer[]> {
    return (await this.page.evaluate(() => window.playground?.tree())) ?? [];
  }

  async layer(name: string): Promise<Layer> {
    const all = (layers: readonly Layer[]): Layer[] => layers.flatMap((layer) => [layer, ...all(layer.children)]);
    const found = all(await this.tree()).find((layer) => layer.name === name);
    if (found === undefined) throw new Error(`no layer ${name}`);
    return found;
  }

  /** Makes this layer the product, or the style reference, as a person does: what was there goes, then "Use selection". */
  async use(name: string, as: "Product" | "Style reference"): Promise<void> {
    // The panel takes what is selected when it opens for the product.
    await this.generateButton.waitFor();
    const slot = this.panel.getByRole("region", { name: as });
    const clear = slot.getByRole("button", { name: `Clear ${as}` });
    if ((await clear.count()) > 0) await clear.click();
    const { id } = await this.layer(name);
    await this.page.evaluate((layerId) => window.playground?.select(layerId), id);
    // Its title says what is selected, once the panel knows it.
    await this.panel
      .getByTitle(name)
      .and(this.panel.getByRole("button", { name: `Use selection: ${as}` }))
      .click();
    await slot.getByText(name, { exact: true }).waitFor();
  }

  async set(id: string, values: LayerValues): Promise<void> {
    await this.page.evaluate(([layerId, patch]) => window.playground?.setProps(layerId, patch), [id, values] as const);
  }

  /** Gives the id of a new layer. */
  async add(parentId: string, type: "FRAME" | "RECTANGLE", values: LayerValues): Promise<string> {
    const id = await this.page.evaluate(
      ([parent, nodeType, patch]) => window.playground?.addNode(parent, nodeType, patch),
      [parentId, type, values] as const,
    );
    return id ?? "";
  }

  async delete(id: string): Promise<void> {
    await this.page.evaluate((layerId) => window.playground?.deleteNode(layerId), id);
  }

  async undo(): Promise<void> {
    await this.page.evaluate(() => window.playground?.undo());
  }

  async png(id: string): Promise<Buffer> {
    const base64 = await this.page.evaluate((layerId) => window.playground?.png(layerId), id);
    return Buffer.from(base64 ?? "", "base64");
  }

  async imageCount(): Promise<number> {
    return (await this.page.evaluate(() => window.playground?.imageCount())) ?? 0;
  }

  /** The middle of a layer, px of the window. */
  async middleOf(name: string): Promise<readonly [number, number]> {
    const { id } = await this.layer(name);
    const place = await this.page.evaluate((layerId) => window.playground?.screenPlace(layerId), id);
    if (place === undefined) throw new Error(`${name} is not shown`);
    return [place.x + place.width / 2, place.y + place.height / 2];
  }

  async generate(): Promise<void> {
    await this.generateButton.click();
    await this.cancelButton.waitFor();
  }

  /** Until `step`, below 10, of the run under way was painted. */
  async step(step: number): Promise<void> {
    const pattern = new RegExp(`Step (${step}|[${step + 1}-9]|[1-9]\\d) of`);
    await this.panel.getByText(pattern).waitFor({ timeout: runTimeoutMs });
  }

  /** One that is finished, to be chosen. */
  variant(variant: number) {
    return this.panel.getByRole("button", { name: new RegExp(`^Variant ${variant}(, in the canvas)?$`) });
  }

  /** Until the result lies in the document. */
  async result(): Promise<void> {
    await this.panel.getByRole("button", { name: "Remove from canvas" }).waitFor({ timeout: runTimeoutMs });
    await this.panel.getByText("Product unchanged").waitFor();
  }

  async screenshot(name: string): Promise<void> {
    await mkdir(screenshotsDir, { recursive: true });
    await this.page.screenshot({ path: join(screenshotsDir, `${name}.png`) });
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  private async loaded(): Promise<void> {
    await this.page.waitForFunction(() => window.playground !== undefined);
  }
}
