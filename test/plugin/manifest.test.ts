import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { defaultPort, fallbackPorts } from "../../shared/protocol/limits.ts";
import { answer, artboard, beginRun, insert, openWith, recipe, treeOf } from "./main/documents.ts";
import { openPlugin } from "./main/sandbox.ts";

// Protects manifest.json: Figma refuses to load a plugin that breaks these rules, or loads it and blocks its network.

interface Manifest {
  readonly name: string;
  readonly id: string;
  readonly api: string;
  readonly main: string;
  readonly ui: string;
  readonly editorType: readonly string[];
  readonly documentAccess: string;
  readonly networkAccess: { readonly allowedDomains: readonly string[]; readonly reasoning: string };
  readonly relaunchButtons: readonly { readonly command: string; readonly name: string }[];
}

const manifest: Manifest = JSON.parse(await readFile("manifest.json", "utf8"));
const { allowedDomains, reasoning } = manifest.networkAccess;

it("has what Figma needs to keep data and to open large files", () => {
  expect(manifest).toMatchObject({
    name: "Backdrop",
    api: "1.0.0",
    documentAccess: "dynamic-page",
    editorType: ["figma"],
  });
  expect(manifest.id).toMatch(/^[\w-]+$/);
});

it.each(["main", "ui"] as const)("names as %s a file below its own folder that the build writes", async (part) => {
  expect(manifest[part]).toMatch(/^(?!.*\.\.)[\w/]+\.(js|html)$/);
  const buildScript = await readFile("build.mjs", "utf8");
  const written = {
    main: /entryPoints: \{ code: "plugin\/main\/main\.ts" \},\s*outdir: "dist\/plugin"/,
    ui: /writeFile\("dist\/plugin\/ui\.html"/,
  };
  expect(buildScript).toMatch(written[part]);
  expect(manifest[part]).toBe(`dist/plugin/${part === "main" ? "code.js" : "ui.html"}`);
});

describe("the network", () => {
  it("is the server's ports on this computer, and nothing else", () => {
    const ports = [defaultPort, ...fallbackPorts];
    expect(fallbackPorts.length).toBeLessThanOrEqual(2);
    expect([...allowedDomains].sort()).toEqual(
      ports.flatMap((port) => [`http://localhost:${port}`, `ws://localhost:${port}`]).sort(),
    );
  });

  it.each([...allowedDomains])("allows %s in a form that Figma takes", (domain) => {
    const [, host = "", port] = /^(?:https?|wss?):\/\/([^/:]+):(\d+)$/.exec(domain) ?? [];
    expect(Number(port), "a scheme, a host and one port").toBeGreaterThan(0);
    expect(host, "no address").not.toMatch(/^[\d.]+$|\[/);
  });

  it("is listed without duplicates, and explained in up to 1000 characters", () => {
    expect(allowedDomains.length).toBeGreaterThan(0);
    expect(new Set(allowedDomains).size).toBe(allowedDomains.length);
    expect(reasoning.length).toBeGreaterThan(0);
    expect(reasoning.length).toBeLessThanOrEqual(1000);
  });
});

describe("the buttons of a result", () => {
  const commands = manifest.relaunchButtons.map(({ command }) => command);

  it("are those that the plugin gives its results", async () => {
    const sandbox = await openWith([artboard], "1:3");
    beginRun(sandbox);
    const { data } = treeOf(sandbox, insert(sandbox));
    expect(commands).toEqual(Object.keys(JSON.parse(data.relaunch ?? "{}")));
  });

  it.each(commands)("start the plugin with a command that it knows: %s", async (command) => {
    const result = { id: "3:1", type: "RECTANGLE", pluginData: { backdrop: JSON.stringify(recipe) } };
    const pages = [{ id: "0:1", type: "PAGE", children: [artboard, result] }];
    const sandbox = await openPlugin({ pages, selection: ["3:1"], command });
    expect(answer(sandbox.send({ type: "ui_ready" }), "opened").command).toBe(command);
  });
});
