import { afterAll, beforeAll, expect, it } from "vitest";
import { describeInBrowser } from "./chromium.ts";
import type { PlaygroundWindow } from "./playgroundWindow.ts";
import { Studio } from "./studio.ts";

describeInBrowser("variants", () => {
  let studio: Studio;
  beforeAll(async () => {
    studio = await Studio.openPaired();
  });
  afterAll(async () => {
    await studio.close();
  });

  it.each(["light", "dark"] as const)(
    "a finished one is seen while the next is painted, also when the panel is opened again; a cancel keeps it, and it can be inserted (%s)",
    async (theme) => {
      const playground = await studio.playground({ form: { steps: 12, variants: 4 }, theme });
      const { panel } = playground;
      await playground.use("Reference / table", "Style reference");
      const before = await playground.layer("Instagram post");
      await playground.generate();
      await playground.variant(1).waitFor({ timeout: 100_000 });
      await panel.getByRole("button", { name: "Variant 2, being painted" }).locator("img").waitFor();
      await playground.screenshot(`variants-painting-${theme}`);
      await playground.variant(1).click();
      await largePicture(playground);
      await playground.screenshot(`variants-looked-at-${theme}`);
      expect(await playground.layer("Instagram post")).toEqual(before);

      await playground.page.getByRole("button", { name: "Restart the plugin" }).click();
      await playground.variant(1).waitFor();
      await playground.cancelButton.click();
      await panel.getByText(/^Cancelled. [123] of 4 variants w/).waitFor();
      await largePicture(playground);
      expect(await playground.layer("Instagram post")).toEqual(before);
      await panel.getByRole("button", { name: "Insert beneath product" }).click();
      await playground.result();
      await playground.screenshot(`variants-kept-${theme}`);
      const { children } = await playground.layer("Instagram post");
      expect(children.map(({ name }) => name)[0]).toMatch(/^Background 1 #/);
      await playground.close();
    },
  );
});

/** Until a finished picture is shown large. */
async function largePicture({ panel }: PlaygroundWindow): Promise<void> {
  await panel.locator(".stage img.picture").waitFor();
}
