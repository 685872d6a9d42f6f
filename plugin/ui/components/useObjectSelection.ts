import { useEffect, useRef, useState } from "preact/hooks";
import type { Size } from "../../../shared/geometry.ts";
import type { Point } from "../../../shared/protocol/helpers.ts";
import type { PaintedMask } from "../state/pictures.ts";
import { type Problem, problemOf } from "../state/problem.ts";
import { usePanel } from "./panelContext.ts";

interface ObjectSelectionOptions<Painted> {
  /** what is painted now */
  readonly painted: Painted;
  /** of the picture that is clicked */
  readonly sizePx: Size;
  /** an object was found for the clicks since `before`; `isAdded` false: it is to be taken away */
  readonly onFound: (before: Painted, object: PaintedMask, isAdded: boolean) => void;
}

export interface ObjectSelection {
  readonly isBusy: boolean;
  readonly problem: Problem | null;
  click(point: Point): void;
  /** the next click begins another selection */
  finish(): void;
}

/**
 * Selecting an object by clicks in an editor. Clicks that follow one another are about one object, which is found anew for all
 * of them; clicks beside it alone are about what is there, and take it away.
 */
export function useObjectSelection<Painted>(options: ObjectSelectionOptions<Painted>): ObjectSelection {
  const { panel } = usePanel();
  const latest = useRef(options);
  latest.current = options;
  const selection = useRef<{ readonly points: readonly Point[]; readonly before: Painted } | null>(null);
  const asking = useRef<AbortController | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => () => asking.current?.abort(), []);

  const finish = () => {
    asking.current?.abort();
    selection.current = null;
    setIsBusy(false);
  };

  const click = async (point: Point) => {
    asking.current?.abort();
    const controller = new AbortController();
    asking.current = controller;
    const { signal } = controller;
    const known = selection.current;
    const { before, points } = known ?? { before: latest.current.painted, points: [] };
    const clicked = { before, points: [...points, point] };
    selection.current = clicked;
    setIsBusy(true);
    setProblem(null);
    const isAdded = clicked.points.some(({ keep }) => keep);
    // Of clicks beside an object only, nothing could be found: they are asked about as what they hit.
    const asked = isAdded ? clicked.points : clicked.points.map((each) => ({ ...each, keep: true }));
    try {
      const object = await panel.editors.findObject(asked, latest.current.sizePx, signal);
      if (!signal.aborted) latest.current.onFound(before, object, isAdded);
    } catch (thrown) {
      if (signal.aborted) return;
      selection.current = known;
      setProblem(problemOf(thrown));
    } finally {
      if (!signal.aborted) setIsBusy(false);
    }
  };

  return { isBusy, problem, click: (point) => void click(point), finish };
}
