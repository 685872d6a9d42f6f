import { afterAll, beforeAll, expect, it } from "vitest";
import { describeInBrowser } from "./chromium.ts";
import { visiblyDifferent } from "./pixels.ts";
import { Studio } from "./studio.ts";

describeInBrowser("a first run", () => {
  let studio: Studio;
  beforeAll(async () => {
    studio = await Studio.open();
  });
  afterAll(async () => {
    await studio.close();
  });

  it("begins with the server's code: a wrong one is refused, the right one pairs", async () => {
    const playground = await studio.playground();
    const code = playground.panel.getByLabel("Pairing code");
    await code.fill(studio.server.pairingCode === "AAAAAA" ? "BBBBBB" : "AAAAAA");
    await playground.panel.getByText("That is not the code").waitFor();
    await playground.screenshot("pairing-wrong-code");
    expect([await code.inputValue(), await playground.generateButton.count()]).toEqual(["", 0]);
    await playground.close();
    await studio.pair();
  });

  it("the sample document is ready: one click makes a background", async () => {
    const playground = await studio.playground({ form: { prompt: "" } });
    await playground.panel.getByRole("region", { name: "Product" }).getByText("Bottle").waitFor();
    await playground.panel.getByRole("region", { name: "Style reference" }).getByText("Reference / podium").waitFor();
    await playground.screenshot("sample");
    await playground.generate();
    await playground.result();
    expect((await playground.layer("Instagram post")).children.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^Background 1 #\d+$/),
      "Bottle",
      "Soft hands, bold days.",
    ]);
    await playground.close();
  });

  it("shows sharpening previews, and puts the result beneath the product, in one undo step", async () => {
    const playground = await studio.playground({ form: { steps: 60 } });
    await playground.use("Reference / podium", "Style reference");
    const before = await playground.layer("Instagram post");
    await playground.generate();
    const looks = new Set<string>();
    const preview = playground.panel.getByAltText(/^Preview/);
    while (looks.size < 3) looks.add((await preview.getAttribute("src")) ?? "");
    await playground.screenshot("previews");
    await playground.result();
    await playground.screenshot("result");

    const { children } = await playground.layer("Instagram post");
    expect(children.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^Background 1 #\d+ \/ a warm wooden table$/),
      "Bottle",
      "Soft hands, bold days.",
    ]);
    const transform = [
      [1, 0, 0],
      [0, 1, 0],
    ];
    expect(children[0]).toMatchObject({ width: 1080, height: 1080, transform });
    expect(await playground.imageCount()).toBe(1);
    await playground.undo();
    expect(await playground.layer("Instagram post")).toEqual(before);
    expect(playground.complaints).toEqual([]);
    await playground.close();
  });

  it("puts the background behind a turned product between pixels exactly where the server painted it", async () => {
    const playground = await studio.playground();
    await playground.use("Reference / table", "Style reference");
    await playground.use("Jar", "Product");
    const { id: headline } = await playground.layer("pura");
    await playground.set(headline, { visible: false });
    await playground.generate();
    await playground.result();
    const shown = await playground.png((await playground.layer("Portrait 4:5")).id);
    const painted = await studio.server.latestOutput("result-1.png");
    expect(await visiblyDifferent(shown, painted)).toBeLessThan(100);
    expect(await visiblyDifferent(shown, painted, 1), "one pixel off would be seen").toBeGreaterThan(1000);
    await playground.close();
  });
});
