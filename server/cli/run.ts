import { Command, CommanderError, Option } from "commander";
import { BackdropError } from "../../shared/errors.ts";
import { defaultPort, fallbackPorts } from "../../shared/protocol/limits.ts";
import { precisions, providers } from "../../shared/providers.ts";
import { fusions, samplers, settingsSchema } from "../../shared/settings.ts";
import { version } from "../../shared/version.ts";
import type { DoctorOptions } from "./doctor.ts";
import type { EvaluateOptions } from "./evaluate.ts";
import type { GenerateOptions } from "./generate.ts";
import type { InstallCommandOptions, RemoveCommandOptions } from "./installModel.ts";
import { exitCodes, type Io, reportFailure } from "./io.ts";
import type { ModelsOptions } from "./models.ts";
import type { RateOptions } from "./rate.ts";
import type { StartOptions } from "./start.ts";

const logLevels = ["error", "warn", "info", "debug"] as const;

/** Runs one command line and gives the exit code. Commands load what they need only when they run: `--help` is instant. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  let exitCode: number = exitCodes.done;
  const program = createProgram(io, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return exitCodes.done;
    return reportFailure(io, argv.includes("--json"), thrown instanceof CommanderError ? misuse(thrown) : thrown);
  }
}

function createProgram(io: Io, exit: (code: number) => void): Command {
  const program = new Command("backdrop")
    .description("Puts a generated background behind a product; the product stays exactly as it is.")
    .version(version)
    .exitOverride()
    // failures are reported in one place, as text or JSON
    .configureOutput({ writeOut: io.stdout, writeErr: () => {} });

  const command = (name: string, description: string) =>
    program.command(name).description(description).exitOverride().copyInheritedSettings(program);
  const provider = () => new Option("--provider <name>", "what runs the model").choices(providers).default("auto");
  const precision = () =>
    new Option("--precision <kind>", "how the denoiser computes: fp16 on GPUs, int8 on the CPU (docs/providers.md)")
      .choices(precisions)
      .default("fp32");
  const json = () => new Option("--json", "print one JSON object a line");

  const defaults = settingsSchema.parse({});
  command("generate", "paint a background behind a product picture")
    .requiredOption("--product <file>", "the product: PNG, JPEG or WebP, transparent around it or with --product-mask")
    .requiredOption("--reference <file>", "the picture whose style the background follows")
    .requiredOption("--out <folder>", "where result.png, background.png and recipe.json go")
    .option("--product-mask <file>", "white = product")
    .option("--reference-mask <file>", "white = keep, black = hide from the model")
    .option("--prompt <text>", "what the background shows", defaults.prompt)
    .option("--negative <text>", "what it must not show", defaults.negative)
    .option("--size <WxH>", "the output frame, px (default: the product picture's size)")
    .option("--place <x,y,w,h>", "the box in the frame that the product picture is fitted into, px")
    .option("--model <name>", "a name from `backdrop models list`, or a package's folder", "mini")
    .addOption(new Option("--fusion <kind>", `${fusions.join(", ")} (default: the model's own)`))
    .option("--visibility <on|off>", "hide the reference's dropped patches from the model", defaults.visibility)
    .option(
      "--visibility-threshold <0..1>",
      "part of a patch that may be dropped",
      String(defaults.visibilityThreshold),
    )
    .option("--image-scale <0..2>", "how much the reference counts", String(defaults.imageScale))
    .option("--depth-scale <0..2>", "how much the depth layout counts", String(defaults.depthScale))
    .option("--strength <0..1>", "1 paints anew, lower keeps the reference's layout (default: the model's own)")
    .option("--contact-shadow <on|off>", "cast a shadow at the product's foot", defaults.contactShadow)
    .option("--control-start <0..1>", "the depth counts from this part of the steps", String(defaults.controlStart))
    .option("--control-end <0..1>", "to this one", String(defaults.controlEnd))
    .addOption(new Option("--sampler <name>", `${samplers.join(", ")} (default: the model's own)`))
    .option("--steps <1..150>", "denoising steps (default: the model's own)")
    .option("--guidance <1..30>", "how strictly the prompts are followed (default: the model's own)")
    .option("--guidance-start <0..1>", "guidance counts from this part of the steps", String(defaults.guidanceStart))
    .option("--guidance-end <0..1>", "to this one; steps without it are faster", String(defaults.guidanceEnd))
    .option("--seed <number>", "same seed, same picture (default: random)")
    .option("--variants <1..4>", "pictures to make, from consecutive seeds", String(defaults.variants))
    .option("--previews", "also write preview-NN.jpg after every step")
    .addOption(provider())
    .addOption(precision())
    .addOption(json())
    .action(async (options: GenerateOptions) => {
      const { generateCommand } = await import("./generate.ts");
      exit(await generateCommand(options, io));
    });

  command("eval", "paint held-out scenes in every way and measure the pictures (docs/evaluation.md)")
    .option("--data <folder>", "rendered scenes with their masks")
    .option("--out <folder>", "where pictures, report.md and report.json go; an interrupted run goes on there")
    .option("--rows <names>", "which rows, comma-separated (default: all)")
    .option("--count <number>", "how many scenes", "100")
    .addOption(
      new Option("--split <name>", "test: held out, for figures; train: for choosing settings")
        .choices(["test", "train"])
        .default("test"),
    )
    .option("--seeds <numbers>", "a picture for each, comma-separated", "0")
    .option("--rate <folder>", "instead: let a person score the pictures of an --out folder, blind, on a local page")
    .option("--rater <name>", "whose scores these are", "1")
    .option("--steps <1..150>", "denoising steps (default: the model's own)")
    .option("--guidance <1..30>", "how strictly the prompts are followed (default: the model's own)")
    .option(
      "--strength <0..1>",
      "1 paints every row anew (default: the model's own, below 1 from the reference's layout)",
    )
    .option(
      "--enlarge <1..8>",
      "paint frames whose sides are so many times a render's; measured at the render's size",
      "1",
    )
    .option("--model <name>", "a name from `backdrop models list`, or a package's folder", "mini")
    .addOption(provider())
    .addOption(json())
    .action(async ({ rate, rater, ...options }: EvaluateOptions & Omit<RateOptions, "rate"> & { rate?: string }) => {
      if (rate !== undefined) {
        const { rateCommand } = await import("./rate.ts");
        exit(await rateCommand({ ...options, rate, rater }, io));
        return;
      }
      const { evaluateCommand } = await import("./evaluate.ts");
      exit(await evaluateCommand(options, io));
    });

  const models = command("models", "list, install, check and prepare models");
  const modelsCommand = (name: string, description: string) =>
    models.command(name).description(description).exitOverride().copyInheritedSettings(program);
  modelsCommand("list", "the models that are here, and those that can be installed")
    .addOption(json())
    .action(async (options: ModelsOptions) => exit(await (await import("./models.ts")).listModels(options, io)));
  modelsCommand("verify", "check every file of a model against its sha256")
    .argument("<name>")
    .addOption(json())
    .action(async (name: string, options: ModelsOptions) =>
      exit(await (await import("./models.ts")).verifyModel(name, options, io)),
    );
  modelsCommand("compile", "write a model's graphs now, instead of when first used")
    .argument("<folder>", "a package's folder or name")
    .option("--size <WxH>", "the picture size to compile for, px (default: a square)")
    .addOption(json())
    .action(async (folder: string, options: ModelsOptions & { size?: string }) =>
      exit(await (await import("./models.ts")).compileModel(folder, options, io)),
    );
  modelsCommand("install", "download a model, or take its files from a folder; goes on where it was stopped")
    .argument("<name>", "a name that `backdrop models list` offers")
    .option("--from <folder>", "a folder that holds the files, instead of the network")
    .option("--accept-licence", "you have read the model's licences and accept them")
    .addOption(json())
    .action(async (name: string, options: InstallCommandOptions) =>
      exit(await (await import("./installModel.ts")).installModel(name, options, io)),
    );
  modelsCommand("remove", "delete a model that was installed")
    .argument("<name>")
    .option("--yes", "do not ask")
    .addOption(json())
    .action(async (name: string, options: RemoveCommandOptions) =>
      exit(await (await import("./installModel.ts")).removeModel(name, options, io)),
    );

  command("doctor", "what this machine can run, what is missing, and the command that fixes it")
    .addOption(
      new Option("--provider <name>", "compare only this one with the CPU; cpu: none, which is quick")
        .choices(providers)
        .default("auto", "all that are here"),
    )
    .addOption(json())
    .action(async (options: DoctorOptions) => exit(await (await import("./doctor.ts")).doctorCommand(options, io)));

  command("start", "start the server that the Figma panel talks to, on this computer only")
    .option(
      "--port <number>",
      `the port on 127.0.0.1 and ::1 (default: ${[defaultPort, ...fallbackPorts].join(" or ")})`,
    )
    .option("--model <name>", "a name from `backdrop models list`", "mini")
    .addOption(provider())
    .addOption(precision())
    .addOption(new Option("--log <level>", "how much is logged to stderr").choices(logLevels).default("warn"))
    .addOption(json())
    .action(async (options: StartOptions) => exit(await (await import("./start.ts")).startCommand(options, io)));
  return program;
}

function misuse({ code, message }: CommanderError): BackdropError {
  // What commander throws where only a group of commands was named.
  const what = code === "commander.help" ? "expected a command" : message.replace(/^error: /, "");
  return new BackdropError("invalid_params", `${what}; see backdrop --help`);
}
