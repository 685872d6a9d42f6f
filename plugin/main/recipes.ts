import type { PlacedResult } from "../messages.ts";
import { type Recipe, recipeVersion } from "../recipe.ts";

const recipeKey = "backdrop";
/** What Figma starts the plugin with from a result's button; also in manifest.json. */
export const regenerateCommand = "regenerate";
const maxPromptInName = 40;

/** Marks the layer as ours, with all that is needed to make it again, and gives it its button. */
export function writeRecipe(layer: SceneNode, recipe: Recipe): void {
  layer.setPluginData(recipeKey, JSON.stringify(recipe));
  layer.setRelaunchData({ [regenerateCommand]: "" });
}

/** The recipe of a layer of ours; null when it has none or one of a version that we do not know. */
export function readRecipe(layer: SceneNode): Recipe | null {
  const text = layer.getPluginData(recipeKey);
  if (text === "") return null;
  try {
    const value: unknown = JSON.parse(text);
    return isRecipe(value) ? value : null;
  } catch {
    return null;
  }
}

export function isOurs(layer: SceneNode): boolean {
  return layer.getPluginData(recipeKey) !== "";
}

/** The results anywhere in it, the lowest first. Figma looks them up by their data, without a walk through the document. */
export function resultsIn(parent: ChildrenMixin): readonly SceneNode[] {
  return parent.findAllWithCriteria({ types: ["RECTANGLE"], pluginData: { keys: [recipeKey] } });
}

/** Null for a layer that is no result, and for one whose recipe cannot be read. */
export function placedResult(layer: SceneNode): PlacedResult | null {
  const recipe = readRecipe(layer);
  return recipe && { nodeId: layer.id, jobId: recipe.jobId, variant: recipe.variant };
}

/** `Background 2 #42 / a wooden table in the …`: a list of layers cuts names at their end, so what tells variants apart comes first. */
export function resultName(recipe: Recipe): string {
  const { variant, settings } = recipe;
  return named(
    settings.seed === undefined ? `Background ${variant}` : `Background ${variant} #${settings.seed}`,
    recipe,
  );
}

/** `Background / a wooden table in the …` */
export function runName(recipe: Recipe): string {
  return named("Background", recipe);
}

function named(what: string, { settings }: Recipe): string {
  const prompt = (settings.prompt ?? "").trim().replace(/\s+/g, " ");
  return prompt === "" ? what : `${what} / ${shortened(prompt)}`;
}

/** Cut between words where that leaves enough, and never inside a character. */
function shortened(prompt: string): string {
  const characters = [...prompt];
  if (characters.length <= maxPromptInName) return prompt;
  const cut = characters.slice(0, maxPromptInName).join("");
  const lastSpace = cut.lastIndexOf(" ");
  return `${lastSpace > cut.length / 2 ? cut.slice(0, lastSpace) : cut}…`;
}

function isRecipe(value: unknown): value is Recipe {
  if (!isRecord(value) || !isRecord(value.settings) || !isRecord(value.layers)) return false;
  const { product, reference, referenceMask, area } = value.layers;
  const { productMask = null } = value;
  return (
    value.version === recipeVersion &&
    isTextOrNull(productMask) &&
    typeof value.jobId === "string" &&
    typeof value.variant === "number" &&
    typeof value.model === "string" &&
    typeof value.scale === "number" &&
    typeof product === "string" &&
    typeof reference === "string" &&
    isTextOrNull(referenceMask) &&
    isTextOrNull(area) &&
    Array.isArray(value.hiddenPatches) &&
    value.hiddenPatches.every((index) => Number.isInteger(index))
  );
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
