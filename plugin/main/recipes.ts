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

/** `Background / a wooden table in the … #42` */
export function resultName(recipe: Recipe): string {
  const seed = recipe.settings.seed;
  return seed === undefined ? runName(recipe) : `${runName(recipe)} #${seed}`;
}

/** `Background / a wooden table in the …` */
export function runName({ settings }: Recipe): string {
  const prompt = (settings.prompt ?? "").trim().replace(/\s+/g, " ");
  return prompt === "" ? "Background" : `Background / ${shortened(prompt)}`;
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
  return (
    value.version === recipeVersion &&
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
