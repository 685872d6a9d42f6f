import { figmaColors, type Theme } from "./figmaColors.ts";

/** What the frame of a panel says to the page around it, besides the plugin's own messages. */
export type FrameNotice =
  /** nothing is shown yet: send the page */
  | { readonly playground: "empty" }
  /** the panel's page is loaded: messages reach it */
  | { readonly playground: "ready" };

export interface ThemeNotice {
  readonly playgroundTheme: { readonly css: string; readonly className: string };
}

export function themeNotice(theme: Theme): ThemeNotice {
  const lines = Object.entries(figmaColors(theme)).map(([name, color]) => `${name}: ${color};`);
  return { playgroundTheme: { css: `:root { ${lines.join(" ")} }`, className: `figma-${theme}` } };
}

export function isFrameNotice(value: unknown): value is FrameNotice {
  return typeof value === "object" && value !== null && "playground" in value;
}

/** A panel's page with what Figma puts at its head: the theme's variables and class, kept up to date; none for null. */
export function framePage(html: string, theme: Theme | null): string {
  const notice = theme === null ? null : themeNotice(theme);
  const head = `<script>(${prepareFrame.toString()})(${JSON.stringify(notice)});document.currentScript.remove();</script>`;
  const at = endOf(html, /<head[^>]*>/i) ?? endOf(html, /<!doctype[^>]*>/i) ?? 0;
  return html.slice(0, at) + head + html.slice(at);
}

function endOf(text: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(text);
  return found === null ? undefined : found.index + found[0].length;
}

/** Runs in the frame, before the panel's own scripts; it must not use anything outside itself. */
function prepareFrame(first: ThemeNotice | null): void {
  const style = document.createElement("style");
  style.id = "figma-style";
  const show = ({ playgroundTheme: { css, className } }: ThemeNotice) => {
    style.textContent = css;
    document.documentElement.classList.remove("figma-light", "figma-dark");
    document.documentElement.classList.add(className);
  };
  if (first !== null) {
    document.head.append(style);
    show(first);
  }
  addEventListener("message", (event) => {
    if (event.source !== parent || !event.data?.playgroundTheme) return;
    event.stopImmediatePropagation();
    if (first !== null) show(event.data);
  });
  addEventListener("DOMContentLoaded", () => parent.postMessage({ playground: "ready" }, "*"));
}
