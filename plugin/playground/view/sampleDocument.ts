import { type LayerValues, setValues } from "../document/edits.ts";
import type { Box } from "../document/matrix.ts";
import { type ImagePaint, type NodeType, newNode, type Rgb, type SolidPaint } from "../document/node.ts";
import { settle } from "../document/settle.ts";
import { addNode, emptyTree, firstPageId, rootId, type Tree } from "../document/tree.ts";
import type { Picture } from "../messages.ts";
import type { KeptDocument } from "./persistence.ts";

/** Products and the box of their alpha in their pictures, px. */
const products = {
  bottle: { x: 293, y: 183, width: 182, height: 432 },
  box: { x: 228, y: 183, width: 311, height: 430 },
  jar: { x: 218, y: 183, width: 332, height: 433 },
  sneaker: { x: 107, y: 363, width: 554, height: 247 },
} as const satisfies Readonly<Record<string, Box>>;
const productPictureSide = 768;

const references = ["table", "podium", "beach", "bokeh"] as const;
const firstReference = "podium";
const referenceSide = 500;
const gap = 40;
const maskSide = (referenceSide - gap) / 2;
/** left of the first artboard */
const referencesX = -(2 * referenceSide + gap + 160);

const semiBold = { family: "Inter", style: "Semi Bold" };

/**
 * What the playground opens with: artboards with a product each, and style references beside them. The first product is selected, and the
 * document remembers a reference with its mask as if it had been used before, so that Generate works at once.
 */
export async function sampleDocument(): Promise<KeptDocument> {
  const files = [
    ...Object.keys(products).map((name) => `${name}.png`),
    ...references.flatMap((name) => [`reference-${name}.jpg`, `reference-${name}.mask.png`]),
  ];
  const pictures = await Promise.all(files.map((file) => fetchPicture(`/samples/${file}`)));
  const hashes = new Map(files.map((file, index) => [file, pictures[index]?.hash ?? null]));
  const builder = new Builder((file) => hashes.get(file) ?? null);
  const reference = addReferences(builder);
  builder.set(rootId, { pluginData: { reference: JSON.stringify(reference) } });
  const bottle = addArtboards(builder);
  return { document: { tree: settle(builder.tree), selection: [bottle], nextId: builder.nextId }, pictures };
}

/** The first comes last, so that it is at the top of the layers list. Gives the one to begin with, as the plugin's main half remembers it. */
function addReferences(builder: Builder): { readonly reference: string; readonly referenceMask: string } {
  builder.add("TEXT", firstPageId, {
    ...{ name: "Style references", characters: "Style references", fontSize: 36, fontName: semiBold },
    ...{ x: referencesX, y: -76, width: 600, height: 44 },
    fills: [solid({ r: 0.45, g: 0.45, b: 0.45 })],
  });
  const lastFirst = [...references.entries()].toReversed();
  const remembered = { reference: "", referenceMask: "" };
  for (const [index, name] of lastFirst) {
    const mask = builder.add("RECTANGLE", firstPageId, {
      name: `Keep mask / ${name}`,
      ...{ x: referencesX + index * (maskSide + gap), y: 2 * (referenceSide + gap) },
      ...{ width: maskSide, height: maskSide },
      fills: [builder.image(`reference-${name}.mask.png`)],
    });
    if (name === firstReference) remembered.referenceMask = mask;
  }
  for (const [index, name] of lastFirst) {
    const reference = builder.add("RECTANGLE", firstPageId, {
      name: `Reference / ${name}`,
      x: referencesX + (index % 2) * (referenceSide + gap),
      y: Math.floor(index / 2) * (referenceSide + gap),
      ...{ width: referenceSide, height: referenceSide },
      fills: [builder.image(`reference-${name}.jpg`)],
    });
    if (name === firstReference) remembered.reference = reference;
  }
  return remembered;
}

/** Gives the id of the first product. */
function addArtboards(builder: Builder): string {
  const banner = builder.artboard("Banner 16:9", { x: 0, y: 1510, width: 1920, height: 1080 }, "#edf0f7");
  builder.product(banner, "sneaker", "Sneaker", { x: 806.5, y: 470.25, width: 886.4, height: 395.2, rotation: 8 });
  builder.headline(banner, "Lace up.\nLight up.", { x: 128, y: 128, fontSize: 120 }, "#1c3073");

  const story = builder.artboard("Story 9:16", { x: 2480, y: 0, width: 1080, height: 1920 }, "#e8f5f2");
  builder.product(story, "box", "Box", { x: 230, y: 720, width: 622, height: 860 });
  builder.headline(story, "Say halo.", { x: 96, y: 200, fontSize: 150 }, "#085c54");

  const portrait = builder.artboard("Portrait 4:5", { x: 1240, y: 0, width: 1080, height: 1350 }, "#faf0e6");
  builder.product(portrait, "jar", "Jar", { x: 285.5, y: 480.75, width: 498, height: 649.5, rotation: 4 });
  builder.headline(portrait, "pura", { x: 96, y: 96, fontSize: 140 }, "#1a5445");

  const post = builder.artboard("Instagram post", { x: 0, y: 0, width: 1080, height: 1080 }, "#f5f2eb");
  const bottle = builder.product(post, "bottle", "Bottle", { x: 600, y: 225, width: 300, height: 712 });
  builder.headline(post, "Soft hands,\nbold days.", { x: 88, y: 88, fontSize: 84 }, "#174a38");
  return bottle;
}

class Builder {
  tree: Tree = emptyTree();
  nextId = 1;
  private readonly hashOf: (file: string) => string | null;

  constructor(hashOf: (file: string) => string | null) {
    this.hashOf = hashOf;
  }

  add(type: NodeType, parentId: string, values: LayerValues): string {
    this.nextId += 1;
    const id = `1:${this.nextId}`;
    this.tree = setValues(addNode(this.tree, parentId, newNode(type, id)), id, values);
    return id;
  }

  set(id: string, values: LayerValues): void {
    this.tree = setValues(this.tree, id, values);
  }

  artboard(name: string, box: Box, colour: string): string {
    return this.add("FRAME", firstPageId, { name, ...box, fills: [solid(parseColour(colour))] });
  }

  /** The part of the picture that the product fills. */
  product(parentId: string, product: keyof typeof products, name: string, values: LayerValues): string {
    const { x, y, width, height } = products[product];
    const imageTransform = [
      [width / productPictureSide, 0, x / productPictureSide],
      [0, height / productPictureSide, y / productPictureSide],
    ] as const;
    const imageHash = this.hashOf(`${product}.png`);
    const fill: ImagePaint = { type: "IMAGE", scaleMode: "CROP", imageHash, imageTransform };
    return this.add("RECTANGLE", parentId, { name, ...values, fills: [fill] });
  }

  headline(
    parentId: string,
    characters: string,
    place: { readonly x: number; readonly y: number; readonly fontSize: number },
    colour: string,
  ): void {
    const lines = characters.split("\n");
    const longest = Math.max(...lines.map(({ length }) => length));
    this.add("TEXT", parentId, {
      ...{ name: lines.join(" "), characters, fontName: semiBold, ...place },
      width: Math.ceil(longest * place.fontSize * 0.6),
      height: Math.ceil(lines.length * place.fontSize * 1.21),
      fills: [solid(parseColour(colour))],
    });
  }

  image(file: string): ImagePaint {
    return { type: "IMAGE", scaleMode: "FILL", imageHash: this.hashOf(file) };
  }
}

function solid(color: Rgb): SolidPaint {
  return { type: "SOLID", color };
}

/** "#rrggbb" */
function parseColour(colour: string): Rgb {
  const part = (start: number) => Number.parseInt(colour.slice(start, start + 2), 16) / 255;
  return { r: part(1), g: part(3), b: part(5) };
}

/** With the hash that the worker would give it. */
async function fetchPicture(url: string): Promise<Picture> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: the server answered ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-1", bytes));
  const hash = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { hash, bytes };
}
