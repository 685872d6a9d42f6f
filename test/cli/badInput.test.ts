import { mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { disc, encoder, gradient, headerOnlyPng, paint, png } from "../image/makePictures.ts";
import { examplePackage } from "../pipeline/arithmeticModel.ts";
import { command, workspace } from "./command.ts";

let place: Awaited<ReturnType<typeof workspace>>;
beforeAll(async () => {
  place = await workspace();
});
afterAll(async () => {
  await place.remove();
});

/** Exit 2, one `failed` line with this code, a message that says what to do, nothing written. */
async function expectRefused(options: readonly string[], code: string, says: string): Promise<void> {
  const before = await place.list();
  const given = (name: string) => options.includes(name);
  const { exitCode, stderr, events } = await command([
    "generate",
    ...(given("--product") ? [] : ["--product", place.product]),
    ...(given("--reference") ? [] : ["--reference", place.reference]),
    ...(given("--out") ? [] : ["--out", place.out]),
    "--json",
    ...options,
  ]);
  expect(events()).toEqual([{ type: "failed", code, message: expect.stringContaining(says) }]);
  expect(stderr).toBe("");
  expect(exitCode).toBe(2);
  expect(await place.list()).toEqual(before);
}

test.each(["product", "reference", "product-mask", "reference-mask"])(
  "--%s: a file that is not there",
  async (role) => {
    await expectRefused([`--${role}`, join(place.dir, "nowhere.png")], "image_missing", role);
  },
);

test("a folder instead of a picture", async () => {
  await expectRefused(["--product", place.dir], "image_missing", "cannot be read");
});

test("an empty path is refused, not taken for none", async () => {
  await expectRefused(["--product-mask", ""], "image_missing", "product-mask");
  await expectRefused(["--reference-mask", ""], "image_missing", "reference-mask");
});

test("a file too large to be a picture is refused before it is read", async () => {
  const file = await place.write("vast.png", "");
  await truncate(file, 2 ** 31); // more than Node reads at once
  await expectRefused(["--product", file], "image_too_large", "got 2147483648");
});

test("what is no picture, a cut-off one, a damaged one", async () => {
  const whole = await png(gradient(64, 64));
  const flipped = Buffer.from(whole);
  flipped[whole.length >> 1] = (flipped[whole.length >> 1] ?? 0) ^ 16;
  const cases = {
    "text.png": [Buffer.from("not a picture\n"), "a text file"],
    "empty.png": [Buffer.alloc(0), "an empty file"],
    "cut.png": [firstHalf(whole), "damaged"],
    "flipped.png": [flipped, "damaged"],
    "cut.jpg": [firstHalf(await encoder(gradient(64, 64)).jpeg().toBuffer()), "damaged"],
    "cut.webp": [firstHalf(await encoder(gradient(64, 64)).webp().toBuffer()), "damaged"],
  } as const;
  for (const [name, [bytes, says]] of Object.entries(cases)) {
    const file = await place.write(name, bytes);
    await expectRefused(["--product", file], "image_corrupt", says);
    await expectRefused(["--reference", file], "image_corrupt", says);
    await expectRefused(["--reference-mask", file], "image_corrupt", says);
  }
});

test("formats that are not accepted, whatever their name", async () => {
  const svg = await place.write("svg.png", '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
  await expectRefused(["--product", svg], "image_unsupported", "an SVG; export it as PNG, JPEG or WebP");
  const gif = await place.write(
    "picture.gif",
    Buffer.from("R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw==", "base64"),
  );
  await expectRefused(["--reference", gif], "image_unsupported", "a GIF");
});

test("a picture of 40000 × 40000", async () => {
  const file = await place.write("huge.png", headerOnlyPng(40_000, 40_000));
  await expectRefused(["--product", file], "image_too_large", "40000×40000");
});

test("a product with nothing in it", async () => {
  const clear = await place.write("clear.png", await png(paint(50, 50, () => [255, 0, 0, 0])));
  await expectRefused(["--product", clear], "product_empty", "no pixel");
  const black = await place.write("black.png", await png(paint(96, 80, () => [0, 0, 0, 255])));
  await expectRefused(["--product-mask", black], "product_empty", "no pixel");
});

test("a mask of another shape than its picture", async () => {
  const tall = await place.write("tall.png", await png(gradient(40, 80)));
  await expectRefused(["--product-mask", tall], "mask_mismatch", "within 1 %");
  await expectRefused(["--reference-mask", tall], "mask_mismatch", "60×40");
});

test.each([
  [["--steps", "NaN"], "1 to 150"],
  [["--steps", "0"], "1 to 150"],
  [["--steps", "-5"], "1 to 150"],
  [["--steps", "1e9"], "1 to 150"],
  [["--steps", "12abc"], '"12abc"'],
  [["--steps", ""], "1 to 150"],
  [["--guidance", "Infinity"], "1 to 30"],
  [["--strength", "0"], "more than 0"],
  [["--image-scale", "-0.1"], "0 to 2"],
  [["--depth-scale", "99"], "0 to 2"],
  [["--visibility-threshold", "2"], "0 to 1"],
  [["--visibility", "perhaps"], "on, off"],
  [["--fusion", "magic"], "query, output"],
  [["--seed", "1.5"], "0 to 4294967295"],
  [["--variants", "5"], "1 to 4"],
  [["--size", "huge"], "1080x1350"],
  [["--size", "100000x100000"], "64 to 4096"],
  [["--place", "1,2,3"], "x,y,width,height"],
  [["--place", "0,0,0,0"], "1 to 4096"],
  [["--provider", "abacus"], "Allowed choices"],
  [["--provider", process.platform === "darwin" ? "dml" : "coreml"], "expected one that this machine has"],
  [["--provider", "dml", "--precision", "int8"], "expected fp32 or fp16 on the provider dml, got int8"],
  [["--unknown"], "unknown option"],
] as const)("%j", async (options, says) => {
  await expectRefused(options, "invalid_params", says);
});

test("prompts that cannot be used", async () => {
  await expectRefused(["--prompt", "x".repeat(1024 * 1024)], "prompt_invalid", "up to 2000 characters");
  await expectRefused(["--prompt", "a\0b"], "prompt_invalid", "NUL");
  await expectRefused(["--negative", "a\udc00b"], "prompt_invalid", "surrogate");
});

test("an output folder that cannot be made", async () => {
  await expectRefused(["--out", join(place.product, "below")], "output_unwritable", "choose another folder");
  if (process.platform === "win32") return; // where this would be a folder like any other
  await expectRefused(["--out", "/proc/nowhere/out"], "output_unwritable", "choose another folder");
});

test("models that are not there, or not whole", async () => {
  await expectRefused(["--model", "nonesuch"], "model_unknown", "backdrop models list");
  await expectRefused(["--model", join(place.dir, "no-folder")], "model_unknown", "backdrop models list");

  const dir = join(place.dir, "package");
  const { dir: _, scheduler, sha256, ...description } = examplePackage;
  await mkdir(join(dir, "scheduler"), { recursive: true });
  await mkdir(join(dir, "unet"));
  await writeFile(join(dir, "scheduler/scheduler_config.json"), JSON.stringify(scheduler));
  await writeFile(join(dir, "backdrop.json"), JSON.stringify(description));
  await expectRefused(["--model", dir], "model_corrupt", "unet/config.json: is missing");
  const compiling = await command(["models", "compile", dir, "--json"]);
  expect(compiling.events()).toEqual([
    expect.objectContaining({ code: "model_corrupt", message: expect.stringContaining("unet/config.json") }),
  ]);
  expect(compiling.exitCode).toBe(2);
  await writeFile(join(dir, "unet/config.json"), "{}");
  await expectRefused(["--model", dir], "model_corrupt", "expected 1 bytes, got 2");
  await writeFile(join(dir, "unet/config.json"), "x");
  const { exitCode, events } = await command(["models", "verify", dir, "--json"]);
  expect(events()).toEqual([
    expect.objectContaining({ code: "model_corrupt", message: expect.stringContaining("sha256") }),
  ]);
  expect(exitCode).toBe(2);
  expect(sha256).toHaveLength(64);

  await writeFile(
    join(dir, "backdrop.json"),
    JSON.stringify({ ...description, files: [{ ...description.files[0], path: "../x" }] }),
  );
  await expectRefused(["--model", dir], "model_corrupt", "inside the package");
  await writeFile(join(dir, "backdrop.json"), "{");
  await expectRefused(["--model", dir], "model_corrupt", "not JSON");
});

test("without --json the message goes to stderr", async () => {
  const { exitCode, stdout, stderr } = await command(["generate", "--product", "nowhere.png"]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr).toMatch(/^invalid_params: required option '--reference <file>' not specified/);
});

test("inputs are left as they were", async () => {
  expect(await readFile(place.product)).toEqual(await png(disc(96, 80)));
});

function firstHalf(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length >> 1);
}
