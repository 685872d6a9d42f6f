import type { JSX } from "preact";
import type { LayerValues } from "../document/edits.ts";
import { rotationOf } from "../document/matrix.ts";
import type { NodeRecord, Paint } from "../document/node.ts";
import { find } from "../document/tree.ts";
import { cssColour } from "../paint/colour.ts";
import { NumberField } from "./numberField.tsx";
import type { Playground } from "./playground.ts";
import type { PlaygroundState } from "./store.ts";

interface InspectorProps {
  readonly playground: Playground;
  readonly state: PlaygroundState;
  /** the manifest's relaunch buttons: command to name */
  readonly relaunchButtons: Readonly<Record<string, string>>;
}

/** What is selected: its place and size, its look, and the plugin's own buttons on it. */
export function Inspector({ playground, state, relaunchButtons }: InspectorProps): JSX.Element {
  const { tree, selection } = state.document;
  const [only, ...others] = selection.flatMap((id) => find(tree, id) ?? []);
  if (only === undefined || others.length > 0) {
    const text = only === undefined ? "Select a layer to see its properties." : `${others.length + 1} layers selected`;
    return (
      <section class="inspector" aria-label="Properties">
        <p class="hint">{text}</p>
      </section>
    );
  }
  return (
    <section class="inspector" aria-label="Properties">
      <h2 title={only.name}>{only.name}</h2>
      <Fields node={only} onSet={(values) => void playground.edit({ type: "set", id: only.id, values })} />
      <Fills fills={only.fills} playground={playground} />
      <RelaunchButtons node={only} names={relaunchButtons} onPress={(command) => void playground.run(command)} />
    </section>
  );
}

function Fields(props: { readonly node: NodeRecord; readonly onSet: (values: LayerValues) => void }): JSX.Element {
  const { node, onSet } = props;
  const [[, , x], [, , y]] = node.transform;
  return (
    <div class="fields">
      <NumberField label="X" name="X" value={x} onChange={(value) => onSet({ x: value })} />
      <NumberField label="Y" name="Y" value={y} onChange={(value) => onSet({ y: value })} />
      <NumberField label="W" name="Width" value={node.width} min={1} onChange={(width) => onSet({ width })} />
      <NumberField label="H" name="Height" value={node.height} min={1} onChange={(height) => onSet({ height })} />
      <NumberField
        label="∠"
        name="Rotation"
        unit="°"
        value={rotationOf(node.transform)}
        onChange={(rotation) => onSet({ rotation })}
      />
      <NumberField
        label="◐"
        name="Opacity"
        unit="%"
        value={node.opacity * 100}
        min={0}
        max={100}
        onChange={(percent) => onSet({ opacity: percent / 100 })}
      />
    </div>
  );
}

function Fills(props: { readonly fills: readonly Paint[]; readonly playground: Playground }): JSX.Element | null {
  const { fills, playground } = props;
  if (fills.length === 0) return null;
  return (
    <div class="fills">
      <h3>Fill</h3>
      {fills.map((paint, index) => (
        <div class="fill" key={index}>
          <Swatch paint={paint} playground={playground} />
          <span>{nameOf(paint)}</span>
        </div>
      ))}
    </div>
  );
}

function Swatch({ paint, playground }: { readonly paint: Paint; readonly playground: Playground }): JSX.Element {
  if (paint.type === "IMAGE") {
    const url = paint.imageHash === null ? undefined : playground.cache.urlOf(paint.imageHash);
    return <img class="swatch" src={url} alt="" />;
  }
  const background = paint.type === "SOLID" ? cssColour(paint.color) : "linear-gradient(#888, #ddd)";
  return <span class="swatch" style={{ background }} />;
}

function nameOf(paint: Paint): string {
  switch (paint.type) {
    case "IMAGE":
      return "Image";
    case "SOLID": {
      const { r, g, b } = paint.color;
      const digits = [r, g, b].map((part) => Math.round(part * 255).toString(16));
      return digits.map((pair) => pair.padStart(2, "0").toUpperCase()).join("");
    }
    case "GRADIENT_LINEAR":
      return "Linear";
    case "GRADIENT_RADIAL":
      return "Radial";
  }
}

/** What the plugin has put on the layer with setRelaunchData. */
function RelaunchButtons(props: {
  readonly node: NodeRecord;
  readonly names: Readonly<Record<string, string>>;
  readonly onPress: (command: string) => void;
}): JSX.Element | null {
  const commands = Object.entries(props.node.relaunchData).filter(([command]) => command in props.names);
  if (commands.length === 0) return null;
  return (
    <div class="relaunch">
      <h3>Plugin</h3>
      {commands.map(([command, description]) => (
        <div key={command}>
          <button type="button" class="wide" onClick={() => props.onPress(command)}>
            {props.names[command]}
          </button>
          {description !== "" && <p class="hint">{description}</p>}
        </div>
      ))}
    </div>
  );
}
