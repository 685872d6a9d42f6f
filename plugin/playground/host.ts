import { h, render } from "preact";
import "./host.css";
import { App } from "./view/app.tsx";
import type { Theme } from "./view/figmaColors.ts";
import { createHooks } from "./view/hooks.ts";
import { readManifest } from "./view/manifest.ts";
import { type KeptDocument, loadDocument, savePicture } from "./view/persistence.ts";
import { Playground } from "./view/playground.ts";
import { sampleDocument } from "./view/sampleDocument.ts";

/** The playground's page: loads the plugin as it was built and the document as it was left, and runs the one on the other. */

const root = document.getElementById("root");

try {
  await start();
} catch (error) {
  if (root !== null)
    root.textContent = `The playground did not start. ${error instanceof Error ? error.message : error}`;
  throw error;
}

async function start(): Promise<void> {
  const [code, html, manifestText, kept] = await Promise.all([
    fetchText("/plugin/code.js"),
    fetchText("/plugin/ui.html"),
    fetchText("/plugin/manifest.json"),
    openDocument(),
  ]);
  const manifest = readManifest(manifestText);
  const playground = new Playground({ code, html, pluginId: manifest.id }, kept, chosenTheme());
  window.playground = createHooks(playground);
  await playground.run("");
  if (root !== null) render(h(App, { playground, manifest, openingView: openingView(kept) }), root);
}

async function openDocument(): Promise<KeptDocument> {
  const known = await loadDocument().catch(() => null);
  if (known !== null) return known;
  const sample = await sampleDocument();
  for (const picture of sample.pictures) void savePicture(picture);
  return sample;
}

/** What the selected layers lie in, with the references beside them: what a first run is about. */
function openingView({ document: { tree, selection } }: KeptDocument): readonly string[] {
  const holders = selection.map((id) => tree.nodes[id]?.parentId ?? id);
  const references = Object.values(tree.nodes).filter(({ name }) => name.startsWith("Reference / "));
  return [...holders, ...references.map(({ id }) => id)];
}

function chosenTheme(): Theme {
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

async function fetchText(path: string): Promise<string> {
  const response = await fetch(path);
  if (response.ok) return await response.text();
  throw new Error(`${path}: the server answered ${response.status}; run npm run build`);
}
