import { afterAll, beforeAll, expect, it } from "vitest";
import { describeInBrowser } from "./chromium.ts";
import { visiblyDifferent } from "./pixels.ts";
import { Studio } from "./studio.ts";

describeInBrowser("tweaks", () => {
  let studio: Studio;
  beforeAll(async () => {
    studio = await Studio.openPaired();
  });
  afterAll(async () => {
    await studio.close();
  });

  it("a hidden part of the reference changes the picture of the same seed", async () => {
    const playground = await studio.playground({ form: { seed: 7, isSeedLocked: true } });
    const { panel, page } = playground;
    await playground.use("Reference / podium", "Style reference");
    await playground.generate();
    await playground.result();
    const whole = await studio.server.latestOutput("background-1.png");

    await panel.getByRole("tab", { name: "Create" }).click();
    await panel.getByRole("button", { name: "Edit visibility" }).last().click();
    const grid = panel.getByRole("grid");
    await grid.waitFor();
    const box = await grid.boundingBox();
    if (box === null) throw new Error("the patches are not shown");
    await panel.getByRole("radio", { name: "5" }).check();
    await page.mouse.move(box.x + box.width * 0.2, box.y + box.height * 0.8);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.9, box.y + box.height * 0.8, { steps: 12 });
    await page.mouse.up();
    await playground.screenshot("patches");
    await panel.getByText(/^\d+ of \d+ visible/).waitFor();
    await panel.getByRole("button", { name: "Done" }).click();
    await playground.generate();
    await playground.result();
    const partly = await studio.server.latestOutput("background-1.png");
    expect(await visiblyDifferent(whole, partly)).toBeGreaterThan(1000);
    await playground.close();
  });

  it("all of it works from the keyboard", async () => {
    const playground = await studio.playground({ form: { prompt: "" } });
    const { page, panel } = playground;
    const tabTo = async (isThere: () => Promise<boolean>) => {
      for (let presses = 0; presses < 80; presses++) {
        if (await isThere()) return;
        await page.keyboard.press("Tab");
      }
      throw new Error("the focus does not get there");
    };
    const isFocused = (selector: string) => async () => (await panel.locator(`${selector}:focus`).count()) > 0;
    await playground.generateButton.waitFor();
    await tabTo(async () => (await page.locator("[role=treeitem]:focus").count()) > 0);
    while ((await page.locator('[role=treeitem]:focus:has-text("Reference / beach")').count()) === 0) {
      await page.keyboard.press("ArrowDown");
    }
    await page.keyboard.press("Enter");
    await tabTo(isFocused('button[aria-label="Clear Style reference"]'));
    await page.keyboard.press("Enter");
    await tabTo(isFocused('button[aria-label="Use selection: Style reference"]'));
    await page.keyboard.press("Enter");
    await panel.getByRole("region", { name: "Style reference" }).getByText("Reference / beach").waitFor();
    await tabTo(isFocused("textarea"));
    await page.keyboard.type("sand in the morning");
    await playground.screenshot("keyboard");
    await page.keyboard.press("Control+Enter");
    await playground.result();
    const [background] = (await playground.layer("Instagram post")).children;
    expect(background?.name).toMatch(/^Background 1 #\d+ \/ sand in the morning$/);
    await playground.close();
  });

  it.each(["light", "dark"] as const)("the %s theme reaches the panel, and changes while it is open", async (theme) => {
    const playground = await studio.playground({ theme });
    const other = theme === "light" ? "dark" : "light";
    const colors = { light: "#ffffff", dark: "#2c2c2c" };
    await playground.generateButton.waitFor();
    const look = () =>
      playground.panel.locator("html").evaluate((html) => ({
        className: html.className,
        background: getComputedStyle(html).getPropertyValue("--figma-color-bg").trim(),
      }));
    expect(await look()).toEqual({ className: `figma-${theme}`, background: colors[theme] });
    await playground.screenshot(`theme-${theme}`);
    await playground.page.getByRole("button", { name: `Use the ${other} theme` }).click();
    await expect.poll(look).toEqual({ className: `figma-${other}`, background: colors[other] });
    await playground.close();
  });
});
