/** Of the time of a job that is watched: steps that are faster than a person can follow need no preview each. */
export const watchedPreviewShare = 0.05;

export interface PreviewPacing {
  readonly isDue: () => boolean;
  /** Renders a preview, and waits with the next until this one took no more than the share of the time since. */
  readonly render: (preview: () => Promise<void>) => Promise<void>;
}

/** `share` 1: every step has its preview. */
export function createPreviewPacing(share: number, nowMs: () => number = () => performance.now()): PreviewPacing {
  let dueMs = Number.NEGATIVE_INFINITY;
  return {
    isDue: () => nowMs() >= dueMs,
    async render(preview) {
      const beginMs = nowMs();
      await preview();
      dueMs = beginMs + (nowMs() - beginMs) / share;
    },
  };
}
