import type { JSX } from "preact";
import type { PictureSize } from "../effects/results.ts";
import { Icon } from "./Icon.tsx";
import { usePanel } from "./panelContext.ts";
import { useLoaded } from "./useLoaded.ts";

interface ResultPictureProps {
  readonly jobId: string;
  readonly variant: number;
  readonly size: PictureSize;
  readonly description: string;
}

/** One finished picture, which fills what it stands in. */
export function ResultPicture({ jobId, variant, size, description }: ResultPictureProps): JSX.Element {
  const { panel } = usePanel();
  const picture = useLoaded(() => panel.results.picture(jobId, variant, size), [jobId, variant, size]);
  switch (picture.type) {
    case "loading":
      return <span class="picture loading" />;
    case "ready":
      return <img class="picture" src={picture.value.url} alt={description} draggable={false} />;
    case "failed":
      return (
        <span class="picture failed">
          <Icon name="warning" />
          Not available
        </span>
      );
  }
}
