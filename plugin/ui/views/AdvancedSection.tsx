import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { type Fusion, fusions, type SamplerName, samplers, settingRanges } from "../../../shared/settings.ts";
import { Icon } from "../components/Icon.tsx";
import { IntervalRow } from "../components/IntervalRow.tsx";
import { usePanel } from "../components/panelContext.ts";
import { SliderRow } from "../components/SliderRow.tsx";
import type { Form } from "../state/form.ts";
import { settingsInUse } from "../state/state.ts";

const fusionTexts: Readonly<Record<Fusion, { readonly label: string; readonly hint: string }>> = {
  query: {
    label: "Reference and text by region",
    hint: "The reference paints where it may be seen, the text everywhere else.",
  },
  output: {
    label: "By region, with a hard border",
    hint: "Reference and text each keep strictly to their own region, so less of one leaks into the other.",
  },
  global: {
    label: "Reference and text everywhere",
    hint: "Both guide the whole picture. Hidden patches of the reference stay unseen.",
  },
  image: { label: "Reference only", hint: "The prompt is left out." },
  text: { label: "Text only", hint: "The reference is left out, and everything is painted anew." },
};

const samplerTexts: Readonly<Record<SamplerName, { readonly label: string; readonly hint: string }>> = {
  ddim: { label: "DDIM", hint: "The usual one." },
  euler: { label: "Euler", hint: "Like DDIM; what most Lightning models are made for." },
  dpmpp_2m: { label: "DPM++ 2M", hint: "Needs fewer steps than DDIM." },
  lcm: { label: "LCM", hint: "4 to 8 steps, for models made for it." },
};

/** What most runs never need. */
export function AdvancedSection(): JSX.Element {
  const { panel, state } = usePanel();
  const { form, isAdvancedOpen } = state;
  const { fusion, sampler, steps, guidance } = settingsInUse(state);
  const change = (part: Partial<Form>) => panel.dispatch({ type: "form_changed", change: part });
  return (
    <details
      class="section advanced"
      open={isAdvancedOpen}
      onToggle={(event) => panel.dispatch({ type: "advanced_toggled", isOpen: event.currentTarget.open })}
    >
      <summary>
        <Icon name="chevron" />
        Advanced
      </summary>
      <ChoiceRow
        label="Follow"
        names={fusions}
        texts={fusionTexts}
        value={fusion}
        onChoose={(next) => change({ fusion: next })}
      />
      <SliderRow
        label="Reference strength"
        hint="How much the reference’s style counts: 0 ignores it, 1 is usual"
        value={form.imageScale}
        range={settingRanges.imageScale}
        step={0.05}
        onChange={(imageScale) => change({ imageScale })}
      />
      <SliderRow
        label="Depth strength"
        hint="How closely the shapes of product and reference are followed"
        value={form.depthScale}
        range={settingRanges.depthScale}
        step={0.05}
        onChange={(depthScale) => change({ depthScale })}
      />
      <IntervalRow
        label="Depth counts"
        hint="From and to which part of the steps: 0 is the first, 1 the last; stopping early leaves details free"
        start={form.controlStart}
        end={form.controlEnd}
        onChange={(controlStart, controlEnd) => change({ controlStart, controlEnd })}
      />
      <ChoiceRow
        label="Sampler"
        names={samplers}
        texts={samplerTexts}
        value={sampler}
        onChoose={(next) => change({ sampler: next })}
      />
      <SliderRow
        label="Steps"
        hint="More take longer and show more detail"
        value={steps}
        range={settingRanges.steps}
        usual={{ min: 1, max: 60 }}
        step={1}
        onChange={(next) => change({ steps: next })}
      />
      <SliderRow
        label="Guidance"
        hint="How strictly the prompt is followed"
        value={guidance}
        range={settingRanges.guidance}
        usual={{ min: 1, max: 15 }}
        step={0.5}
        onChange={(next) => change({ guidance: next })}
      />
      <IntervalRow
        label="Guidance counts"
        hint="From and to which part of the steps: 0 is the first, 1 the last; steps without it are faster"
        start={form.guidanceStart}
        end={form.guidanceEnd}
        onChange={(guidanceStart, guidanceEnd) => change({ guidanceStart, guidanceEnd })}
      />
      <label class="check" title="The product stands on the ground instead of floating">
        <input
          type="checkbox"
          checked={form.contactShadow === "on"}
          onChange={(event) => change({ contactShadow: event.currentTarget.checked ? "on" : "off" })}
        />
        Contact shadow
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={form.canvasPreviews}
          onChange={(event) => change({ canvasPreviews: event.currentTarget.checked })}
        />
        Show previews in the canvas
      </label>
      <button type="button" class="secondary reset" onClick={() => panel.dispatch({ type: "form_reset" })}>
        Reset to defaults
      </button>
    </details>
  );
}

interface ChoiceRowProps<Name extends string> {
  readonly label: string;
  readonly names: readonly Name[];
  readonly texts: Readonly<Record<Name, { readonly label: string; readonly hint: string }>>;
  readonly value: Name;
  readonly onChoose: (name: Name) => void;
}

/** A menu, and what the chosen one means beneath it. */
function ChoiceRow<Name extends string>({ label, names, texts, value, onChoose }: ChoiceRowProps<Name>): JSX.Element {
  const id = useId();
  const choose = (text: string) => {
    const chosen = names.find((name) => name === text);
    if (chosen !== undefined) onChoose(chosen);
  };
  return (
    <>
      <div class="row">
        <label for={id}>{label}</label>
        <div class="menu">
          <select
            id={id}
            aria-describedby={`${id}-hint`}
            value={value}
            onChange={(event) => choose(event.currentTarget.value)}
          >
            {names.map((name) => (
              <option key={name} value={name}>
                {texts[name].label}
              </option>
            ))}
          </select>
          <Icon name="chevron" />
        </div>
      </div>
      <p class="hint" id={`${id}-hint`}>
        {texts[value].hint}
      </p>
    </>
  );
}
