import { build } from "esbuild";
import { getQuickJS } from "quickjs-emscripten";
import { onTestFinished } from "vitest";
import type { ToMain, ToUi } from "../../../plugin/messages.ts";
import { revived, withBytes } from "./bytes.ts";
import type { Hooks, Opening } from "./fakeFigma.ts";

/** Bundles the plugin's main half as build.mjs does: the test runs what Figma would run. */
export async function bundleMain(): Promise<{ readonly code: string; readonly inputs: readonly string[] }> {
  const { outputFiles, metafile } = await build({
    entryPoints: { code: "plugin/main/main.ts" },
    outdir: "dist/plugin",
    write: false,
    metafile: true,
    bundle: true,
    platform: "neutral",
    format: "iife",
    target: "es2020",
    logLevel: "warning",
  });
  return { code: outputFiles[0]?.text ?? "", inputs: Object.keys(metafile.inputs) };
}

/** The emulated document with the plugin running in it, in an engine that has nothing but the language. */
export interface Sandbox {
  call<Name extends keyof Hooks>(name: Name, ...args: Parameters<Hooks[Name]>): ReturnType<Hooks[Name]>;
  /** what the plugin answers, until nothing is left to do */
  send(...messages: readonly ToMain[]): readonly ToUi[];
}

let scripts: Promise<{ readonly host: string; readonly plugin: string }> | undefined;

export async function openPlugin(opening: Opening): Promise<Sandbox> {
  scripts ??= Promise.all([bundleHost(), bundleMain()]).then(([host, { code }]) => ({ host, plugin: code }));
  const [{ host, plugin }, quickJs] = await Promise.all([scripts, getQuickJS()]);
  const vm = quickJs.newContext();
  onTestFinished(() => vm.dispose());

  const evaluate = (code: string): unknown => {
    const handle = vm.unwrapResult(vm.evalCode(code));
    const value: unknown = vm.dump(handle);
    handle.dispose();
    return value;
  };
  const settle = () => {
    do vm.runtime.executePendingJobs().dispose();
    while (evaluate("fake.reportChanges()") === true || vm.runtime.hasPendingJob());
  };
  const call: Sandbox["call"] = (name, ...args) => {
    const given = JSON.stringify(JSON.stringify(args, withBytes));
    const text = evaluate(
      `JSON.stringify(hooks.${name}(...JSON.parse(${given}, fake.revived)) ?? null, fake.withBytes)`,
    );
    settle();
    return JSON.parse(String(text), revived);
  };

  evaluate(host);
  evaluate(`globalThis.hooks = fake.openFigma(${JSON.stringify(opening)}); undefined`);
  evaluate(plugin);
  settle();
  return {
    call,
    send(...messages) {
      call("sent");
      call("send", ...messages);
      return call("sent") as readonly ToUi[];
    },
  };
}

async function bundleHost(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: 'export * from "./fakeFigma.ts"; export { revived, withBytes } from "./bytes.ts";',
      resolveDir: import.meta.dirname,
    },
    write: false,
    bundle: true,
    format: "iife",
    globalName: "fake",
    target: "es2022",
  });
  return outputFiles[0]?.text ?? "";
}
