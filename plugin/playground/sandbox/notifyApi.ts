import type { ToastEnd } from "../messages.ts";
import type { PluginScope } from "./scope.ts";

interface NotifyOptions {
  readonly timeout?: number;
  readonly error?: boolean;
  readonly onDequeue?: (reason: ToastEnd) => void;
  readonly button?: { readonly text: string; readonly action: () => unknown };
}

export interface NotifyApi {
  readonly notify: (message: unknown, options?: NotifyOptions) => { readonly cancel: () => void };
  toastGone(toastId: number, reason: ToastEnd): void;
}

const maxCharacters = 100;
const defaultTimeoutMs = 3_000;

/** `figma.notify`: longer messages are cut, as in Figma. */
export function createNotifyApi({ post, onError }: PluginScope): NotifyApi {
  const shown = new Map<number, NotifyOptions>();
  let lastId = 0;
  return {
    notify(message, options = {}) {
      if (typeof message !== "string") throw new Error(`in notify: Expected string, received ${typeof message}`);
      lastId += 1;
      const toastId = lastId;
      shown.set(toastId, options);
      const { timeout = defaultTimeoutMs, error = false, button } = options;
      const isLong = message.length > maxCharacters;
      const toast = {
        toastId,
        message: isLong ? `${message.slice(0, maxCharacters - 1)}…` : message,
        isError: error,
        timeoutMs: timeout,
        button: button?.text ?? null,
      };
      post({ type: "toast", toast });
      return { cancel: () => post({ type: "toast_cancel", toastId }) };
    },
    toastGone(toastId, reason) {
      const options = shown.get(toastId);
      shown.delete(toastId);
      try {
        if (reason === "action_button_click") options?.button?.action();
        options?.onDequeue?.(reason);
      } catch (thrown) {
        onError(thrown);
      }
    },
  };
}
