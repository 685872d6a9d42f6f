import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { PackageInfo } from "../../../shared/protocol/inventory.ts";
import { byteText, PackageProgress } from "./PackageProgress.tsx";
import { ProblemText } from "./ProblemNote.tsx";
import { usePanel } from "./panelContext.ts";

/** A package that can be installed, is being, or is. */
export function PackageRow({ offer }: { readonly offer: PackageInfo }): JSX.Element {
  const [isAsking, setIsAsking] = useState(false);
  const { title, purpose, approximateBytes, state } = offer;
  const isHere = state.type === "installed";
  const canBegin = state.type === "absent" || state.type === "failed";
  return (
    <li class="package">
      <div class="package-head">
        <p class="package-title">{title}</p>
        {isHere && <span class="secondary-text">Installed</span>}
        {canBegin && !isAsking && (
          <button
            type="button"
            class="secondary"
            aria-label={`Install ${title}`}
            aria-expanded={false}
            onClick={() => setIsAsking(true)}
          >
            {state.type === "failed" ? "Try again…" : "Install…"}
          </button>
        )}
      </div>
      <p class="hint">
        {purpose} {!isHere && `About ${byteText(approximateBytes)}.`}
      </p>
      {state.type === "failed" && (
        <ProblemText problem={{ code: state.code, place: "model", message: state.message, fix: null }} />
      )}
      {canBegin && isAsking && <Licences offer={offer} onEnd={() => setIsAsking(false)} />}
      <PackageProgress offer={offer} />
    </li>
  );
}

/** What has to be read before; then it begins. */
function Licences({ offer, onEnd }: { readonly offer: PackageInfo; readonly onEnd: () => void }): JSX.Element {
  const { panel } = usePanel();
  const { name, title, licences } = offer;
  const install = () => {
    panel.connection.install(name, true);
    onEnd();
  };
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
        <div class="package-actions">
          <button
            type="button"
            class="primary"
            aria-label={`Accept the licences and install ${title}`}
            onClick={install}
          >
            Accept and install
          </button>
          <button type="button" class="secondary" onClick={onEnd}>
            Not now
          </button>
        </div>
      </div>
    </div>
  );
}
