import { h, render } from "preact";
import { act } from "preact/test-utils";
import { App } from "../../../plugin/ui/views/App.tsx";
import { type FakeWorld, openPanel, settled } from "./world.ts";

/** Runs what changes the panel, and everything that the views do about it. */
export async function doing(change: () => unknown): Promise<void> {
  await act(async () => {
    change();
    await settled();
  });
  // What was loaded by what this rendered.
  await act(settled);
}

/** The panel, rendered into the page. */
export async function show(options: Parameters<typeof openPanel>[0] = {}): Promise<FakeWorld> {
  const world = await openPanel(options);
  await doing(() => render(h(App, { panel: world.panel }), document.body));
  return world;
}
