import type { JSX } from "preact";
import type { PackageInfo } from "../../../shared/protocol/inventory.ts";
import { modelInUse } from "../state/state.ts";
import { Icon } from "./Icon.tsx";
import { usePanel } from "./panelContext.ts";

/** No model has this name. */
const more = "";

/** The model of the next run, and the way to more of them; its name alone where there is no choice. */
export function ModelMenu(): JSX.Element | null {
  const { panel, state } = usePanel();
  const { connection } = state;
  const model = modelInUse(state);
  if (connection.type !== "ready" || model === undefined) return null;
  const { models, packages } = connection;
  if (models.length === 1 && packages.length === 0) return <span class="model-name one-line">{model.title}</span>;
  const choose = (menu: HTMLSelectElement) => {
    if (menu.value !== more) {
      panel.dispatch({ type: "form_changed", change: { model: menu.value } });
      return;
    }
    menu.value = model.name;
    panel.dispatch({ type: "editor_changed", editor: { type: "models" } });
  };
  return (
    <div class="menu quiet">
      <select
        aria-label="Model"
        title={model.title}
        value={model.name}
        onChange={(event) => choose(event.currentTarget)}
      >
        {models.map(({ name, title }) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
        {packages.length > 0 && <option value={more}>{moreText(packages)}</option>}
      </select>
      <Icon name="chevron" />
    </div>
  );
}

function moreText(packages: readonly PackageInfo[]): string {
  const isInstalling = packages.some(({ state }) => ["starting", "fetching", "compiling"].includes(state.type));
  return isInstalling ? "Installing…" : "More models…";
}
