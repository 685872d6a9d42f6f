import type { Plan } from "./cells.ts";
import type { FamilyProbe } from "./familyProbe.ts";
import type { Row } from "./rows.ts";
import { bootstrapMean, type Estimate } from "./spread.ts";
import { leakRatio, pairedDifference, type RowSummary, type SceneFigures, summarise } from "./summarise.ts";

export interface MeasuredRow {
  readonly row: Row;
  readonly scenes: readonly SceneFigures[];
}

/** A claim of the paper as this run sees it: a difference whose sign the paper foretells. */
export interface Claim {
  readonly text: string;
  /** below 0 where the paper is right */
  readonly difference: Estimate;
  readonly verdict: "holds" | "does not hold" | "undecided";
}

export interface Report {
  readonly schemaVersion: 1;
  readonly plan: Plan;
  readonly scenes: number;
  readonly seeds: readonly number[];
  readonly featureSpace: string;
  readonly probe: (Pick<FamilyProbe, "heldOutAccuracy" | "heldOutScenes"> & { readonly families: number }) | undefined;
  readonly rows: readonly (RowSummary & {
    readonly name: string;
    readonly title: string;
    readonly leakRatio: Estimate | undefined;
  })[];
  /** the reference renders in the place of generated pictures: how near two sets of real renders of the same styles come */
  readonly references: RowSummary;
  /** the renders of the very scenes, which no model painted: what the figures come to where nothing leaks and nothing is missed */
  readonly renders: { readonly leak: Estimate; readonly recognised: Estimate; readonly expansion: Estimate };
  readonly claims: readonly Claim[];
}

export interface ReportInput {
  readonly plan: Plan;
  readonly seeds: readonly number[];
  readonly probe: FamilyProbe | undefined;
  readonly measured: readonly MeasuredRow[];
  readonly references: readonly SceneFigures[];
}

export function createReport({ plan, seeds, probe, measured, references }: ReportInput): Report {
  const withoutPfv = measured.find(({ row }) => row.name === "ours-without-pfv");
  return {
    schemaVersion: 1,
    plan,
    scenes: references.length,
    seeds,
    featureSpace: `mean image token of ${plan.model.name}'s own vision encoder (not Inception)`,
    probe: probe && {
      families: probe.families.length,
      heldOutAccuracy: probe.heldOutAccuracy,
      heldOutScenes: probe.heldOutScenes,
    },
    rows: measured.map(({ row, scenes }) => ({
      name: row.name,
      title: row.title,
      ...summarise(scenes),
      leakRatio: withoutPfv && leakRatio(scenes, withoutPfv.scenes),
    })),
    references: summarise(references),
    renders: {
      leak: bootstrapMean(references.flatMap(({ render }) => render.leak ?? [])),
      recognised: bootstrapMean(references.flatMap(({ render }) => render.recognised ?? [])),
      expansion: bootstrapMean(references.map(({ render }) => render.expansion)),
    },
    claims: judge(measured),
  };
}

/** What the paper says of these rows, put to the test wherever both rows are there. */
function judge(measured: readonly MeasuredRow[]): readonly Claim[] {
  const scenesOf = (name: string) => measured.find(({ row }) => row.name === name)?.scenes;
  const claim = (
    text: string,
    first: string,
    second: string,
    value: Parameters<typeof pairedDifference>[2],
  ): readonly Claim[] => {
    const [a, b] = [scenesOf(first), scenesOf(second)];
    if (!a || !b) return [];
    const difference = pairedDifference(a, b, value);
    return [{ text, difference, verdict: verdictOn(difference) }];
  };
  const unrecognised: Parameters<typeof pairedDifference>[2] = ({ recognised }) =>
    recognised === undefined ? undefined : 1 - recognised;
  return [
    ...claim(
      "PFV keeps the reference's product out (leak: ours < ours without PFV)",
      "ours",
      "ours-without-pfv",
      ({ leak }) => leak,
    ),
    ...claim(
      "ours leaks less than IP-Adapter-style fusion (leak: ours < adapter)",
      "ours",
      "adapter",
      ({ leak }) => leak,
    ),
    ...claim(
      "PFV keeps out what the hidden product itself brings about (caused leak: ours < ours without PFV)",
      "ours",
      "ours-without-pfv",
      ({ causedLeak }) => causedLeak,
    ),
    ...claim("natural boundaries (step: ours < text only)", "ours", "text", ({ boundary }) => boundary),
    ...claim("words add to the image (missed families: ours < ours image only)", "ours", "ours-image", unrecognised),
    ...claim(
      "Eq. 6 follows the text better than Eq. 4 (missed families: ours < ours-global)",
      "ours",
      "ours-global",
      unrecognised,
    ),
  ];
}

function verdictOn({ low, high }: Estimate): Claim["verdict"] {
  if (high < 0) return "holds";
  return low > 0 ? "does not hold" : "undecided";
}

/** The report for people. */
export function reportText(report: Report): string {
  const { plan, probe, renders } = report;
  const reference = { ...report.references, title: "_real: the reference renders_", leakRatio: undefined };
  return [
    "# Evaluation",
    "",
    `Model ${plan.model.name} (${plan.model.sha256.slice(0, 12)}), ${report.scenes} ${plan.split === "test" ? "held-out" : "training"} scenes, seeds ${report.seeds.join(", ")}, ` +
      `${plan.steps} steps, guidance ${plan.guidance ?? "the model's own"}, strength ${plan.strength ?? "the model's own"}, frames ${plan.enlarge} × a render's sides. Brackets are 95 % intervals.`,
    "",
    `Feature space of FID and KID: ${report.featureSpace}. These figures compare rows of this report and nothing else.`,
    probe
      ? `Family and IS: a linear probe for ${probe.families} families, right on ${percent(probe.heldOutAccuracy.background)} of ${probe.heldOutScenes} held-out renders, on ${percent(probe.heldOutAccuracy.soft)} of them softened.`
      : "Family and IS are left out: the package has no probe.",
    "",
    "| row | FID ↓ | KID × 1000 ↓ | IS ↑ | family ↑ | leak × 1000 ↓ | leak / without PFV | caused leak × 1000 ↓ | edge ΔE above render | expansion above render | roughness above render | product pixels changed |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ...[...report.rows, reference].map(tableRow),
    "",
    `The renders themselves: family recognised ${show(renders.recognised, 2)}, leak × 1000 ${show(scaled(renders.leak, 1000), 1)}, ` +
      `expansion ${show(renders.expansion, 3)}.`,
    "",
    "## The paper's claims on this model",
    "",
    "Each alone, by its 95 % interval, with no correction for looking at several.",
    "",
    ...report.claims.map(
      ({ text, difference, verdict }) =>
        `- **${verdict}**: ${text}; difference ${show(difference, 4)}, N = ${difference.count}.`,
    ),
    "",
  ].join("\n");
}

function tableRow(
  row: Report["rows"][number] | (RowSummary & { readonly title: string; readonly leakRatio: undefined }),
): string {
  const cells = [
    row.title,
    show(row.fid, 3),
    show(scaled(row.kid, 1000), 2),
    row.inceptionScore ? show(row.inceptionScore, 2) : "–",
    row.recognised ? show(row.recognised, 2) : "–",
    show(scaled(row.leak, 1000), 1),
    row.leakRatio ? show(row.leakRatio, 2) : "–",
    row.causedLeak ? show(scaled(row.causedLeak, 1000), 1) : "–",
    show(row.boundaryExcess, 2),
    show(row.expansionExcess, 3),
    show(row.roughnessExcess, 2),
    String(row.changedPixels),
  ];
  return `| ${cells.join(" | ")} |`;
}

function show({ value, low, high }: Estimate, digits: number): string {
  if (!Number.isFinite(value)) return "–";
  const interval =
    Number.isFinite(low) && Number.isFinite(high) ? ` [${low.toFixed(digits)}, ${high.toFixed(digits)}]` : "";
  return value.toFixed(digits) + interval;
}

function scaled({ value, low, high, count }: Estimate, factor: number): Estimate {
  return { value: value * factor, low: low * factor, high: high * factor, count };
}

function percent(part: number): string {
  return `${(part * 100).toFixed(0)} %`;
}
