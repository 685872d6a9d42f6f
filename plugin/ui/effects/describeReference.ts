import { problemOf } from "../state/problem.ts";
import type { Context } from "./context.ts";

/** px of the longer side: more than any captioner reads */
const maxSidePx = 1024;

/** Writes into the prompt what the reference shows. */
export type DescribeReference = (signal: AbortSignal) => Promise<void>;

export function createDescribeReference({ host, connection, state, dispatch }: Context): DescribeReference {
  return async (signal) => {
    dispatch({ type: "problems_cleared", place: "prompt" });
    try {
      const bytes =
        state().referenceFile?.bytes ??
        (await host.request("export_picture", { slot: "reference", maxSidePx }, signal)).picture.bytes;
      const text = await connection.describe(await connection.upload(bytes, signal), signal);
      dispatch({ type: "form_changed", change: { prompt: withDescription(state().form.prompt, text) } });
    } catch (thrown) {
      if (!signal.aborted) dispatch({ type: "problem_raised", problem: problemOf(thrown, "prompt") });
    }
  };
}

/** What the person wrote stays, and stays first. */
export function withDescription(prompt: string, description: string): string {
  const written = prompt.trim().replace(/[\s,.;]+$/, "");
  return written === "" ? description : `${written}, ${description}`;
}
