import type { JSX } from "preact";
import { Icon, type IconName } from "./icons.tsx";

/** A button that is an icon. */
export function Tool(props: {
  readonly icon: IconName;
  readonly label: string;
  readonly keys?: string;
  readonly isDisabled?: boolean;
  readonly onPress: () => unknown;
}): JSX.Element {
  const { icon, label, keys, isDisabled = false, onPress } = props;
  return (
    <button
      type="button"
      class="tool"
      aria-label={label}
      title={keys === undefined ? label : `${label} (${keys})`}
      disabled={isDisabled}
      onClick={() => void onPress()}
    >
      <Icon name={icon} />
    </button>
  );
}
