import type { FontName } from "../document/node.ts";
import type { Tree } from "../document/tree.ts";
import type { FromSandbox } from "../messages.ts";
import type { Desk } from "./desk.ts";
import type { Pictures } from "./pictures.ts";

/** What the parts of one plugin's `figma` share while it runs. */
export class PluginScope {
  readonly desk: Desk;
  readonly pictures: Pictures;
  readonly post: (message: FromSandbox) => void;
  /** for what a plugin's listeners throw */
  readonly onError: (thrown: unknown) => void;
  isClosed = false;
  private readonly loadedFonts = new Set<string>();

  constructor(
    desk: Desk,
    pictures: Pictures,
    post: (message: FromSandbox) => void,
    onError: (thrown: unknown) => void,
  ) {
    this.desk = desk;
    this.pictures = pictures;
    this.post = post;
    this.onError = onError;
  }

  /** A closed plugin can still have promises on their way; what they write comes too late. */
  write(change: (tree: Tree) => Tree): void {
    if (this.isClosed) throw new Error("The plugin was closed");
    this.desk.write(change);
  }

  loadFont({ family, style }: FontName): void {
    this.loadedFonts.add(`${family} ${style}`);
  }

  expectLoaded({ family, style }: FontName, method: string): void {
    if (this.loadedFonts.has(`${family} ${style}`)) return;
    throw new Error(
      `in ${method}: Cannot write to node with unloaded font "${family} ${style}". Please call figma.loadFontAsync({ family: "${family}", style: "${style}" }) and await the returned promise first.`,
    );
  }
}
