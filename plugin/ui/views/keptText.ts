import type { PaintedJob } from "../state/focus.ts";

/** What is left of a job that was not done. */
export function keptText({ variants, params }: PaintedJob): string {
  const { variants: wanted } = params.settings;
  if (wanted === 1) return "Its picture was finished and is kept.";
  if (variants.length === wanted) return `All ${wanted} variants were finished and are kept.`;
  const verbs = variants.length === 1 ? "was finished and is kept" : "were finished and are kept";
  return `${variants.length} of ${wanted} variants ${verbs}.`;
}
