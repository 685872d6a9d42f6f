/** What `doctor` finds of one thing. */
export interface Finding {
  readonly about: string;
  readonly ok: boolean;
  /** what is not ok can be done without */
  readonly isOptional?: true;
  readonly found: string;
  /** the command that mends it */
  readonly fix?: string;
  /** how to start with it, where that is faster than without */
  readonly start?: { readonly command: string; readonly stepMs: number };
}

export function lineOf({ about, ok, isOptional, found, fix }: Finding): string {
  const mark = ok ? "ok " : isOptional ? "-  " : "NOT";
  return `${mark} ${about}: ${found}${fix === undefined ? "" : `\n    fix: ${fix}`}`;
}
