import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Toast } from "../messages.ts";
import { Icon } from "./icons.tsx";
import type { Playground } from "./playground.ts";
import type { PlaygroundState } from "./store.ts";

/** What the plugin notifies of, and the error that stopped it, at the foot of the canvas. */
export function Toasts(props: { readonly playground: Playground; readonly state: PlaygroundState }): JSX.Element {
  const { playground, state } = props;
  const { toasts, pluginError } = state;
  return (
    <div class="toasts">
      {pluginError !== null && (
        <ToastFrame isError onDismiss={() => playground.store.set({ pluginError: null })}>
          <span>
            <strong>{pluginError.isFatal ? "The plugin did not start. " : "The plugin threw an error. "}</strong>
            {pluginError.message}
          </span>
        </ToastFrame>
      )}
      {toasts.map((toast) => (
        <TimedToast key={toast.toastId} toast={toast} playground={playground} />
      ))}
    </div>
  );
}

function TimedToast({ toast, playground }: { readonly toast: Toast; readonly playground: Playground }): JSX.Element {
  const { toastId, message, isError, timeoutMs, button } = toast;
  useEffect(() => {
    if (!Number.isFinite(timeoutMs)) return;
    const timer = setTimeout(() => playground.toastGone(toastId, "timeout"), timeoutMs);
    return () => clearTimeout(timer);
  }, [toastId]);
  return (
    <ToastFrame isError={isError} onDismiss={() => playground.toastGone(toastId, "dismiss")}>
      <span>{message}</span>
      {button !== null && (
        <button type="button" class="toast-action" onClick={() => playground.toastGone(toastId, "action_button_click")}>
          {button}
        </button>
      )}
    </ToastFrame>
  );
}

function ToastFrame(props: {
  readonly isError: boolean;
  readonly onDismiss: () => void;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div class={props.isError ? "toast error" : "toast"} role={props.isError ? "alert" : "status"}>
      {props.children}
      <button type="button" class="toast-close" aria-label="Dismiss" onClick={props.onDismiss}>
        <Icon name="close" />
      </button>
    </div>
  );
}
