import { operatorKinds, type Provider, precisions, providers } from "../../shared/providers.ts";
import { checkProvider, tryProvider } from "./checkProvider.ts";

// A program of its own, because a driver may take its process down. Argument 1 is a provider. Where argument 2 is a kind of operators, prints how
// the provider compares with the CPU in those, for `doctor`; where it is a precision, whether it runs at all in that, for `start`: as JSON.

const isProvider = (name: string | undefined): name is Provider =>
  name !== "auto" && providers.some((known) => known === name);

const [provider, kind] = process.argv.slice(2);
if (!isProvider(provider)) throw new Error("expected a provider");
process.stdout.write(JSON.stringify(await find(provider)));

async function find(provider: Provider) {
  const operators = operatorKinds.find((known) => known === kind);
  if (operators !== undefined) return await checkProvider(provider, operators);
  const precision = precisions.find((known) => known === kind);
  if (precision !== undefined) return await tryProvider({ provider, precision });
  throw new Error("expected a kind of operators or a precision");
}
