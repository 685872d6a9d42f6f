import type { JSX } from "preact";
import { isInForm, type Problem, type ProblemPlace } from "../state/problem.ts";
import { Icon } from "./Icon.tsx";
import { IconButton } from "./IconButton.tsx";
import { usePanel } from "./panelContext.ts";

/** What went wrong in one place of the panel, beside what it is about; nothing when nothing did. */
export function ProblemNote({ place }: { readonly place: ProblemPlace }): JSX.Element {
  const { panel, state } = usePanel();
  const problems = state.problems.filter((problem) => problem.place === place);
  return (
    <>
      {problems.map((problem) => (
        <ProblemText
          key={problem.message}
          problem={problem}
          onDismiss={() => panel.dispatch({ type: "problems_cleared", place })}
        />
      ))}
    </>
  );
}

interface ProblemTextProps {
  readonly problem: Problem;
  /** left out: it stays */
  readonly onDismiss?: () => void;
}

/** What failed and what to do. Where the place to put it right is in the other tab, a link leads there. */
export function ProblemText({ problem, onDismiss }: ProblemTextProps): JSX.Element {
  const { panel, state } = usePanel();
  const { message, fix, place } = problem;
  const isElsewhere = isInForm(place) && state.tab !== "create";
  return (
    <div class="note danger" role="alert">
      <Icon name="warning" />
      <div>
        {message} {fix}{" "}
        {isElsewhere && (
          <button type="button" class="link" onClick={() => panel.dispatch({ type: "tab_chosen", tab: "create" })}>
            Go there
          </button>
        )}
      </div>
      {onDismiss !== undefined && <IconButton icon="close" label="Dismiss" onClick={onDismiss} />}
    </div>
  );
}
