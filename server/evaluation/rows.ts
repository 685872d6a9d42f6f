import { BackdropError } from "../../shared/errors.ts";
import type { Settings } from "../../shared/settings.ts";

/** One way to paint the same scene: a row of Table 1 or of an ablation (4.3). */
export interface Row {
  readonly name: string;
  /** as the report calls it */
  readonly title: string;
  readonly fusion: NonNullable<Settings["fusion"]>;
  readonly visibility: Settings["visibility"];
  readonly withPrompt: boolean;
  /** painted once more with the reference's hidden product in negative, to see what the picture has from the product itself */
  readonly counterfactual: boolean;
}

/**
 * What of Table 1 this architecture can express: text only; IP-Adapter's fusion, which is global (Eq. 4) and sees the whole
 * reference; and ours (PFV and Eq. 6). Then the ablations: ours without PFV, and with PFV each other fusion.
 */
export const rows: readonly Row[] = [
  row("text", "text only", "text", "on", true),
  row("adapter-image", "image, IP-Adapter-style (global, no PFV)", "image", "off", false),
  twice(row("adapter", "text+image, IP-Adapter-style (global, no PFV)", "global", "off", true)),
  row("ours-image", "image, **ours** (PFV, Eq. 6, no words)", "query", "on", false),
  twice(row("ours", "text+image, **ours** (PFV, Eq. 6)", "query", "on", true)),
  twice(row("ours-without-pfv", "ablation: ours without PFV", "query", "off", true)),
  row("ours-global", "ablation: PFV, fusion `global` (Eq. 4)", "global", "on", true),
  row("ours-i-prompt", "ablation: PFV, fusion `image` (I-prompt)", "image", "on", false),
  row("ours-output", "ablation: PFV, fusion `output`", "output", "on", true),
];

/** The rows of a comma-separated list of names, in the table's order; all without one. */
export function chooseRows(names: string | undefined): readonly Row[] {
  if (names === undefined) return rows;
  const wanted = names.split(",").map((name) => name.trim());
  const unknown = wanted.find((name) => !rows.some((known) => known.name === name));
  if (unknown === undefined) return rows.filter(({ name }) => wanted.includes(name));
  const known = rows.map(({ name }) => name).join(", ");
  throw new BackdropError(
    "invalid_params",
    `rows: expected some of ${known}, got ${JSON.stringify(unknown.slice(0, 40))}`,
  );
}

function row(
  name: string,
  title: string,
  fusion: Row["fusion"],
  visibility: Row["visibility"],
  withPrompt: boolean,
): Row {
  return { name, title, fusion, visibility, withPrompt, counterfactual: false };
}

/** Of ours with PFV it is a check: nothing can differ. */
function twice(once: Row): Row {
  return { ...once, counterfactual: true };
}
