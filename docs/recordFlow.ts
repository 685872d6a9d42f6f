import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import type { PlaygroundWindow } from "../test/browser/playgroundWindow.ts";
import { Studio } from "../test/browser/studio.ts";

// Makes docs/flow.webp: a first run in the playground, as a person does it, with the real server and the embedded model.
// `npm run record-flow`; it needs Chromium, as the browser tests do.

const out = fileURLToPath(new URL("../docs/flow.webp", import.meta.url));
const widthPx = 960;
const frameMs = 350;

interface Frame {
  readonly jpeg: Buffer;
  readonly atMs: number;
}

const studio = await Studio.open();
try {
  const playground = await studio.playground({ form: { steps: 30, prompt: "", seed: 3, isSeedLocked: true } });
  const camera = film(playground);
  await act(playground, studio.server.pairingCode);
  await write(await camera.stop());
  console.log(out);
} finally {
  await studio.close();
}

async function act(playground: PlaygroundWindow, pairingCode: string): Promise<void> {
  const { page, panel } = playground;
  await sleep(1_500);
  await panel.getByLabel("Pairing code").pressSequentially(pairingCode, { delay: 150 });
  await playground.generateButton.waitFor();
  await sleep(1_500);
  await playground.use("Reference / table", "Style reference");
  await sleep(1_000);
  await panel.getByLabel("Prompt").pressSequentially("a wooden table in warm evening light", { delay: 40 });
  await sleep(800);
  await playground.generate();
  await playground.result();
  await sleep(3_000);

  await panel.getByRole("tab", { name: "Create" }).click();
  await panel.getByRole("button", { name: "Edit visibility" }).last().click();
  const grid = panel.getByRole("grid");
  await grid.waitFor();
  await sleep(1_000);
  const box = await grid.boundingBox();
  if (box === null) throw new Error("the patches are not shown");
  await panel.getByRole("radio", { name: "5" }).check();
  await page.mouse.move(box.x + box.width * 0.42, box.y + box.height * 0.32);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.42, box.y + box.height * 0.62, { steps: 12 });
  await page.mouse.up();
  await sleep(1_500);
  await panel.getByRole("button", { name: "Done" }).click();
  await sleep(1_000);
  await playground.generate();
  await playground.result();
  await sleep(4_000);
}

/** Takes pictures of the window until it is stopped. */
function film({ page }: PlaygroundWindow): { stop(): Promise<readonly Frame[]> } {
  const frames: Frame[] = [];
  let isOn = true;
  const filming = (async () => {
    while (isOn) {
      const atMs = performance.now();
      frames.push({ jpeg: await page.screenshot({ type: "jpeg", quality: 85 }), atMs });
      await sleep(Math.max(0, frameMs - (performance.now() - atMs)));
    }
  })();
  return {
    async stop() {
      isOn = false;
      await filming;
      return frames;
    },
  };
}

async function write(frames: readonly Frame[]): Promise<void> {
  const pictures = await Promise.all(frames.map(({ jpeg }) => sharp(jpeg).resize(widthPx).png().toBuffer()));
  const delay = frames.map(({ atMs }, i) => Math.round((frames[i + 1]?.atMs ?? atMs + 2_000) - atMs));
  await sharp(pictures, { join: { animated: true } })
    .webp({ quality: 55, effort: 4, delay, loop: 0 })
    .toFile(out);
}
