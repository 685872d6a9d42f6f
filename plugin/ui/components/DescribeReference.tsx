import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { isActive } from "../state/run.ts";
import { hasReference } from "../state/state.ts";
import { Icon } from "./Icon.tsx";
import { IconButton } from "./IconButton.tsx";
import { ModelsLink } from "./ModelsLink.tsx";
import { byteText } from "./PackageProgress.tsx";
import { usePanel } from "./panelContext.ts";

/** Fills the prompt with what the reference shows; where no helper can, it says how to get one. */
export function DescribeReference(): JSX.Element | null {
  const { panel, state } = usePanel();
  const { connection, run } = state;
  const [isExplaining, setIsExplaining] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  const asking = useRef<AbortController | null>(null);
  useEffect(() => () => asking.current?.abort(), []);
  if (!hasReference(state) || connection.type !== "ready") return null;

  const describe = async () => {
    const controller = new AbortController();
    asking.current = controller;
    setIsBusy(true);
    await panel.describeReference(controller.signal);
    if (!controller.signal.aborted) setIsBusy(false);
  };
  const size = connection.packages.find(({ task }) => task === "describe")?.approximateBytes;
  const isInstalled = connection.helpers.describe !== null;
  return (
    <>
      {isBusy ? (
        <p class="secondary-text" role="status">
          {isActive(run) ? "Waits until the picture that is being made is done… " : "Looking at the reference… "}
          <button
            type="button"
            class="link"
            onClick={() => {
              asking.current?.abort();
              setIsBusy(false);
            }}
          >
            Stop
          </button>
        </p>
      ) : (
        <button
          type="button"
          class="link"
          aria-expanded={isInstalled ? undefined : isExplaining}
          onClick={() => (isInstalled ? void describe() : setIsExplaining(!isExplaining))}
        >
          Describe the reference
        </button>
      )}
      {isExplaining && !isInstalled && (
        <div class="note" role="status">
          <Icon name="info" />
          <div>
            {size === undefined ? "A helper" : `A helper of ${byteText(size)}`} does this, and it is not installed.{" "}
            <ModelsLink>Install it…</ModelsLink>
          </div>
          <IconButton icon="close" label="Dismiss" onClick={() => setIsExplaining(false)} />
        </div>
      )}
    </>
  );
}
