import type { JSX } from "preact";
import { isInstalling } from "../../../shared/protocol/inventory.ts";
import { modelInUse } from "../state/state.ts";
import { Icon } from "./Icon.tsx";
import { openerId } from "./opener.ts";
import { usePanel } from "./panelContext.ts";

/** The model of the next run, its name alone where there is no choice, and the way to more of them. */
export function ModelMenu(): JSX.Element | null {
  const { panel, state } = usePanel();
  const { connection } = state;
  if (connection.type !== "ready") return null;
  const { models, packages } = connection;
  const isBusy = packages.some((each) => isInstalling(each.state));
  return (
    <div class="models">
      {models.length > 1 ? <Choice /> : <span class="model-name one-line">{modelInUse(state)?.title}</span>}
      {packages.length > 0 && (
        <button
          type="button"
          id={openerId("models")}
          class="link"
          aria-label={isBusy ? "More models, one is being installed" : "More models"}
          title="More models"
          onClick={panel.editors.openModels}
        >
          {isBusy ? "Installing…" : "More…"}
        </button>
      )}
    </div>
  );
}

function Choice(): JSX.Element | null {
  const { panel, state } = usePanel();
  const { connection } = state;
  const model = modelInUse(state);
  if (connection.type !== "ready" || model === undefined) return null;
  return (
    <div class="menu quiet">
      <select
        aria-label="Model"
        title={model.title}
        value={model.name}
        onChange={(event) => panel.dispatch({ type: "form_changed", change: { model: event.currentTarget.value } })}
      >
        {connection.models.map(({ name, title }) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </select>
      <Icon name="chevron" />
    </div>
  );
}
