import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { BackdropError } from "../../../shared/errors.ts";
import { isInstalling, type PackageInfo } from "../../../shared/protocol/inventory.ts";
import { type Problem, problemOf } from "../state/problem.ts";
import { byteText, PackageProgress } from "./PackageProgress.tsx";
import { ProblemText } from "./ProblemNote.tsx";
import { usePanel } from "./panelContext.ts";

/** A package that can be installed or repaired, is being, or is here. */
export function PackageRow({ offer }: { readonly offer: PackageInfo }): JSX.Element {
  const { panel } = usePanel();
  const row = useRef<HTMLLIElement>(null);
  const licencesId = useId();
  const { name, title, purpose, approximateBytes, state } = offer;
  const isBusy = isInstalling(state);
  const isHere = state.type === "installed" || state.type === "damaged";
  const needsLicences = state.type === "failed" && state.code === "licence_not_accepted";
  const [isAsking, setIsAsking] = useState(needsLicences);
  // Whoever began it, it was answered, unless it is asked back.
  useEffect(() => setIsAsking(needsLicences), [isBusy, needsLicences]);
  const leave = (then: () => void) => {
    then();
    setIsAsking(false);
    // The button that was pressed is gone: the focus stays in the row.
    row.current?.focus();
  };
  return (
    <li class="package" ref={row} tabIndex={-1} aria-label={title}>
      <div class="package-head">
        <p class="package-title">{title}</p>
        <span class="secondary-text" role="status">
          {state.type === "installed" && "Installed"}
        </span>
        {state.type === "damaged" && (
          <button
            type="button"
            class="secondary"
            aria-label={`Repair ${title}`}
            // Its licences were accepted when it was installed.
            onClick={() => leave(() => panel.connection.install(name, false))}
          >
            Repair
          </button>
        )}
        {!isHere && !isBusy && (
          <button
            type="button"
            class="secondary"
            aria-label={`Install ${title}`}
            aria-expanded={isAsking}
            aria-controls={licencesId}
            onClick={() => setIsAsking(!isAsking)}
          >
            {state.type === "failed" && !needsLicences ? "Try again…" : "Install…"}
          </button>
        )}
      </div>
      <p class="hint">
        {purpose} {!isHere && `About ${byteText(approximateBytes)}.`}
      </p>
      {state.type === "failed" && !needsLicences && (
        <ProblemText problem={problemOf(new BackdropError(state.code, state.message), "models")} />
      )}
      {state.type === "damaged" && <ProblemText problem={damage(state.message)} />}
      <div id={licencesId}>
        {isAsking && !isHere && !isBusy && (
          <Licences
            offer={offer}
            onAccept={() => leave(() => panel.connection.install(name, true))}
            onRefuse={() => leave(() => {})}
          />
        )}
      </div>
      <PackageProgress offer={offer} onStop={() => leave(() => panel.connection.stopInstalling(name))} />
    </li>
  );
}

function damage(message: string): Problem {
  return {
    code: "model_corrupt",
    place: "models",
    message: `It is damaged: ${message}.`,
    fix: "Repairing fetches only what is not as it was.",
  };
}

interface LicencesProps {
  readonly offer: PackageInfo;
  readonly onAccept: () => void;
  readonly onRefuse: () => void;
}

/** What has to be read before; then it begins. */
function Licences({ offer: { title, licences }, onAccept, onRefuse }: LicencesProps): JSX.Element {
  return (
    <div class="note licences">
      <div>
        <p>It is fetched from the Hugging Face hub, and is made of models under these licences:</p>
        <ul>
          {licences.map(({ part, licence, url }) => (
            <li key={part}>
              {part}:{" "}
              <a class="link" href={url} target="_blank" rel="noreferrer">
                {licence}
              </a>
            </li>
          ))}
        </ul>
        <div class="note-actions">
          <button
            type="button"
            class="primary"
            aria-label={`Accept the licences and install ${title}`}
            onClick={onAccept}
          >
            Accept and install
          </button>
          <button type="button" class="secondary" onClick={onRefuse}>
            Not now
          </button>
        </div>
      </div>
    </div>
  );
}
