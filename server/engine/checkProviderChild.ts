import { type Provider, providers } from "../../shared/providers.ts";
import { checkProvider } from "./checkProvider.ts";

// A program of its own for `doctor`, because a driver may take its process down: argument 1 is the provider; prints the checks as JSON.

const isProvider = (name: string | undefined): name is Provider =>
  name !== "auto" && providers.some((known) => known === name);

const provider = process.argv[2];
if (!isProvider(provider)) throw new Error("expected a provider");
process.stdout.write(JSON.stringify(await checkProvider(provider)));
