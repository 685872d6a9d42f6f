import { absoluteBoundingBox } from "../document/geometry.ts";
import { type Box, union } from "../document/matrix.ts";
import type { View } from "../messages.ts";
import type { NodeLookup } from "./nodeLookup.ts";
import type { PluginScope } from "./scope.ts";

export interface ViewportApi {
  /** `figma.viewport` */
  readonly viewport: object;
  /** the person moved the canvas */
  viewChanged(view: View): void;
}

export function createViewportApi(scope: PluginScope, apis: NodeLookup, initial: View): ViewportApi {
  let view = initial;
  const show = (next: Partial<Pick<View, "center" | "zoom">>) => {
    view = { ...view, ...next };
    scope.post({ type: "show_view", center: view.center, zoom: view.zoom });
  };
  const viewport = {
    get center() {
      return { ...view.center };
    },
    set center(center) {
      show({ center });
    },
    get zoom() {
      return view.zoom;
    },
    set zoom(zoom) {
      show({ zoom });
    },
    get bounds() {
      return { ...view.bounds };
    },
    scrollAndZoomIntoView(nodes: readonly unknown[]) {
      const method = "scrollAndZoomIntoView";
      const box = nodes
        .map((node) => apis.alive(apis.idOf(node, method), method))
        .map((node) => absoluteBoundingBox(scope.desk.tree, node))
        .reduce<Box | null>(union, null);
      if (box !== null) scope.post({ type: "show_box", box });
    },
  };
  return {
    viewport: Object.preventExtensions(viewport),
    viewChanged(next) {
      view = next;
    },
  };
}
