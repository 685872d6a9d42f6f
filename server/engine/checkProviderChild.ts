import { type Provider, precisions, providers } from "../../shared/providers.ts";
import { checkProvider, tryProvider } from "./checkProvider.ts";

// A program of its own, because a driver may take its process down. Argument 1 is a provider. Prints how it compares with the CPU, for `doctor`, or,
// where argument 2 is a precision, whether it runs at all in that, for `start`: as JSON.

const isProvider = (name: string | undefined): name is Provider =>
  name !== "auto" && providers.some((known) => known === name);

const [provider, precisionName] = process.argv.slice(2);
if (!isProvider(provider)) throw new Error("expected a provider");
const precision = precisions.find((known) => known === precisionName);
const found = precision === undefined ? await checkProvider(provider) : await tryProvider({ provider, precision });
process.stdout.write(JSON.stringify(found));
