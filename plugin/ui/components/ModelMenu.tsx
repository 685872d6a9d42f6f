import type { JSX } from "preact";
import { modelInUse } from "../state/state.ts";
import { Icon } from "./Icon.tsx";
import { usePanel } from "./panelContext.ts";

/** The model of the next run; its name alone where there is no choice. */
export function ModelMenu(): JSX.Element | null {
  const { panel, state } = usePanel();
  const { connection } = state;
  const model = modelInUse(state);
  if (connection.type !== "ready" || model === undefined) return null;
  if (connection.models.length === 1) return <span class="model-name one-line">{model.title}</span>;
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
