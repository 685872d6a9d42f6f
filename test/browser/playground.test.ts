import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeInBrowser } from "./chromium.ts";
import { readPixels } from "./pixels.ts";
import { Studio } from "./studio.ts";

/** A plugin of a few lines in place of the built one. */
function withPlugin(code: string, html = "<p>panel</p>") {
  return { replaced: { "/plugin/code.js": code, "/plugin/ui.html": html } };
}

const [red, green, blue] = [
  [255, 0, 0, 255],
  [0, 255, 0, 255],
  [0, 0, 255, 255],
];

describeInBrowser("the emulated host", () => {
  let studio: Studio;
  beforeAll(async () => {
    studio = await Studio.open();
  });
  afterAll(async () => {
    await studio.close();
  });

  it("exports what a layer looks like: pictures, rotation, opacity and rounded corners", async () => {
    const playground = await studio.playground();
    const left = await sharp({ create: { width: 20, height: 20, channels: 3, background: "#f00" } })
      .png()
      .toBuffer();
    const halves = sharp({ create: { width: 40, height: 20, channels: 3, background: "#00f" } });
    const picture = await halves
      .composite([{ input: left, left: 0, top: 0 }])
      .png()
      .toBuffer();
    const id = await playground.page.evaluate(
      async (base64) => (await window.playground?.addImage(base64, "halves", -5000, -5000)) ?? "",
      picture.toString("base64"),
    );
    const upright = await readPixels(await playground.png(id));
    expect([upright.size, upright.at(5, 5), upright.at(35, 15)]).toEqual([[40, 20], red, blue]);

    await playground.set(id, { rotation: 90 });
    const turned = await readPixels(await playground.png(id));
    expect([turned.size, turned.at(10, 35), turned.at(10, 5)]).toEqual([[20, 40], red, blue]);

    await playground.set(id, { rotation: 0, opacity: 0.5, cornerRadius: 8 });
    const round = await readPixels(await playground.png(id));
    expect([round.at(0, 0)[3], round.at(10, 10)[3]]).toEqual([0, 128]);
    await playground.close();
  });

  it("exports frames with what they clip", async () => {
    const playground = await studio.playground();
    const frame = await playground.add("0:1", "FRAME", { x: -4000, y: -4000, width: 30, height: 30, fills: [] });
    const fills = [{ type: "SOLID", color: { r: 0, g: 1, b: 0 } }] as const;
    await playground.add(frame, "RECTANGLE", { x: 20, y: 20, width: 100, height: 100, fills });
    const clipped = await readPixels(await playground.png(frame));
    expect([clipped.size, clipped.at(10, 10)[3], clipped.at(25, 25)]).toEqual([[30, 30], 0, green]);
    await playground.set(frame, { clipsContent: false });
    expect((await readPixels(await playground.png(frame))).size).toEqual([120, 120]);
    await playground.close();
  });

  it("keeps the document across a reload, and starts over when told to", async () => {
    const playground = await studio.playground();
    const { id } = await playground.layer("Bottle");
    await playground.set(id, { name: "Kept bottle" });
    const savedText = () =>
      playground.page.evaluate(async () => {
        const opening = indexedDB.open("backdrop-playground");
        await new Promise((resolve) => {
          opening.onsuccess = resolve;
        });
        const get = opening.result.transaction("documents").objectStore("documents").get("current");
        await new Promise((resolve) => {
          get.onsuccess = resolve;
        });
        return JSON.stringify(get.result ?? null);
      });
    await expect.poll(savedText).toContain("Kept bottle");
    await playground.reload();
    expect((await playground.layer("Kept bottle")).id).toBe(id);
    await playground.page.evaluate(() => window.playground?.reset());
    expect((await playground.layer("Bottle")).id).toBe(id);
    await playground.close();
  });

  it("moves layers with the pointer, by whole pixels, in one undo step", async () => {
    const playground = await studio.playground();
    // It takes the focus when it opens.
    await playground.panel.getByLabel("Pairing code").waitFor();
    const before = await playground.layer("Bottle");
    const [x, y] = await playground.middleOf("Bottle");
    await playground.page.mouse.move(x, y);
    await playground.page.mouse.down();
    await playground.page.mouse.move(x - 30, y + 20, { steps: 5 });
    await playground.screenshot("dragging");
    await playground.page.mouse.up();
    const place = async () => (await playground.layer("Bottle")).transform.map(([, , shift]) => shift);
    await expect.poll(place).not.toEqual([600, 225]);
    for (const shift of await place()) expect(shift).toBe(Math.round(shift));
    await playground.page.keyboard.press("Control+z");
    await expect.poll(() => playground.layer("Bottle")).toEqual(before);
    await playground.close();
  });

  it("shows the plugin's own button on layers that carry relaunch data, and runs its command", async () => {
    const code = `
      figma.showUI(__html__);
      figma.notify(figma.command === "" ? "opened" : "command " + figma.command);
      figma.currentPage.selection[0].setRelaunchData({ regenerate: "Made with the sample plugin" });`;
    const playground = await studio.playground(withPlugin(code));
    await playground.page.getByText("opened", { exact: true }).waitFor();
    await playground.page.getByRole("button", { name: "Regenerate background" }).click();
    await playground.page.getByText("command regenerate").waitFor();
    await playground.screenshot("relaunch");
    await playground.close();
  });

  it("says what a plugin threw, and goes on", async () => {
    const playground = await studio.playground(withPlugin('throw new Error("broken on purpose")'));
    const alert = playground.page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.innerText()).toContain("The plugin did not start. broken on purpose");
    await playground.page.getByRole("button", { name: "Run Backdrop" }).waitFor();
    await playground.screenshot("plugin-error");
    expect((await playground.layer("Bottle")).name).toBe("Bottle");
    await playground.close();
  });

  it("stops a plugin that hangs, and keeps the document", async () => {
    const code = "figma.showUI(__html__); figma.ui.onmessage = () => { for (;;); };";
    const html = `<script>parent.postMessage({ pluginMessage: "hang" }, "*")</script>`;
    const playground = await studio.playground(withPlugin(code, html));
    await playground.page.locator(".plugin-window").waitFor();
    await playground.page.getByRole("button", { name: "Stop Backdrop" }).click();
    await playground.page.getByRole("button", { name: "Run Backdrop" }).waitFor();
    expect((await playground.layer("Bottle")).name).toBe("Bottle");
    await playground.close();
  });

  it("lets a panel reach the manifest's domains only, and nothing of the page around it", async () => {
    const html = `<script>
      const tries = {
        own: () => fetch("http://localhost:${studio.server.port}/health").then((response) => response.ok),
        other: () => fetch("http://localhost:9/").then(() => true),
        parent: async () => parent.document.title,
        storage: async () => localStorage.length,
        origin: async () => origin,
      };
      (async () => {
        const results = {};
        for (const [name, run] of Object.entries(tries)) results[name] = await run().catch((error) => error.name);
        parent.postMessage({ pluginMessage: results }, "*");
      })();
    </script>`;
    const code = "figma.showUI(__html__); figma.ui.onmessage = (results) => figma.notify(JSON.stringify(results));";
    const playground = await studio.playground(withPlugin(code, html));
    const toast = playground.page.locator(".toast");
    await toast.waitFor();
    expect(JSON.parse((await toast.innerText()).trim())).toEqual({
      own: true,
      other: "TypeError",
      parent: "SecurityError",
      storage: "SecurityError",
      origin: "null",
    });
    expect(playground.complaints).toContainEqual(expect.stringContaining("Content Security Policy"));
    await playground.close();
  });
});
