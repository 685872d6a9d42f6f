import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import type { PackageInfo } from "../../../shared/protocol/inventory.ts";
import { PackageRow } from "../components/PackageRow.tsx";
import { usePanel } from "../components/panelContext.ts";
import { modelInUse } from "../state/state.ts";
import { ConnectionBanner } from "./ConnectionBanner.tsx";
import { EditorFrame } from "./EditorFrame.tsx";

/** What paints, what helps, and what of both can be installed. */
export function ModelsView(): JSX.Element {
  const { panel } = usePanel();
  return (
    <EditorFrame title="Models" onDone={panel.editors.close}>
      <ConnectionBanner />
      <Lists />
    </EditorFrame>
  );
}

function Lists(): JSX.Element | null {
  const { state } = usePanel();
  const { connection } = state;
  if (connection.type !== "ready") return null;
  const { models, packages } = connection;
  const usable = models.filter(({ name }) => packages.every((each) => each.name !== name || isWhole(each)));
  const offered = packages.filter(({ name }) => usable.every((model) => model.name !== name));
  const painters = offered.filter(({ task }) => task === null);
  const helpers = offered.filter(({ task }) => task !== null);
  return (
    <>
      <section aria-labelledby="painters-title">
        <h2 id="painters-title">Painting</h2>
        <ul class="packages">
          {usable.map(({ name, title, purpose }) => (
            <InstalledModel
              key={name}
              name={name}
              title={title}
              purpose={packages.find((each) => each.name === name)?.purpose ?? purpose}
            />
          ))}
          {painters.map((offer) => (
            <PackageRow key={offer.name} offer={offer} />
          ))}
        </ul>
      </section>
      {helpers.length > 0 && (
        <section aria-labelledby="helpers-title">
          <h2 id="helpers-title">Helping</h2>
          <ul class="packages">
            {helpers.map((offer) => (
              <PackageRow key={offer.name} offer={offer} />
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

/** What is being repaired is out of use as well. */
function isWhole({ state }: PackageInfo): boolean {
  return state.type === "installed";
}

interface InstalledModelProps {
  readonly name: string;
  readonly title: string;
  readonly purpose: string | null;
}

function InstalledModel({ name, title, purpose }: InstalledModelProps): JSX.Element {
  const { panel, state } = usePanel();
  const isInUse = modelInUse(state)?.name === name;
  const row = useRef<HTMLLIElement>(null);
  const choose = () => {
    panel.dispatch({ type: "form_changed", change: { model: name } });
    // The button is gone: the focus stays in the row.
    row.current?.focus();
  };
  return (
    <li class="package" ref={row} tabIndex={-1} aria-label={title}>
      <div class="package-head">
        <p class="package-title">{title}</p>
        {isInUse ? (
          <span class="secondary-text one-line">In use</span>
        ) : (
          <button type="button" class="secondary" aria-label={`Use ${title}`} onClick={choose}>
            Use
          </button>
        )}
      </div>
      {purpose !== null && <p class="hint">{purpose}</p>}
    </li>
  );
}
