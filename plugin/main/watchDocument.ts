import type { PictureSlot, PlacedResult, SlotState, ToUi } from "../messages.ts";
import { sweepPreviews } from "./canvasPreview.ts";
import { hostError } from "./hostFailure.ts";
import { ancestorsOf, findLayer } from "./layers.ts";
import { placedResult, resultsIn } from "./recipes.ts";
import type { Run } from "./run.ts";
import type { Slots } from "./slots.ts";

const pictureSlots: readonly PictureSlot[] = ["product", "reference", "referenceMask"];
const containers: ReadonlySet<string> = new Set([
  "FRAME",
  "GROUP",
  "COMPONENT",
  "INSTANCE",
  "SECTION",
  "BOOLEAN_OPERATION",
]);
const staleDelayMs = 300;

/** Changes of a layer that leave its own pixels as they are. */
const harmless: ReadonlySet<NodeChangeProperty> = new Set<NodeChangeProperty>([
  "name",
  "x",
  "y",
  "parent",
  "locked",
  "pluginData",
  "constraints",
  "exportSettings",
  "autoRename",
  "layoutPositioning",
]);

/** The results among the layers; from now on the panel is told when one of them goes. */
export function noteResults(layers: readonly SceneNode[], resultIds: Set<string>): readonly PlacedResult[] {
  const results = layers.map(placedResult).filter((result) => result !== null);
  for (const { nodeId } of results) resultIds.add(nodeId);
  return results;
}

/** Tells the panel what happens to the layers that it shows. `resultIds` are those that it knows of; what is gone leaves the set. */
export function watchDocument(
  slots: Slots,
  resultIds: Set<string>,
  runs: ReadonlyMap<string, Run>,
  send: (message: ToUi) => void,
): void {
  const markStale = createStaleMarks(send);
  let page = figma.currentPage;

  const lookAgain = async (): Promise<void> => {
    try {
      await slots.refresh();
      for (const id of [...resultIds]) {
        if ((await findLayer(id)) === null && resultIds.delete(id)) send({ type: "result_gone", nodeId: id });
      }
    } catch (thrown) {
      send(hostError(thrown));
    }
  };
  const tellFound = (layers: readonly SceneNode[]): void => {
    const results = noteResults(layers, resultIds);
    if (results.length > 0) send({ type: "results_found", results });
  };
  const onNodeChange = ({ nodeChanges }: NodeChangeEvent): void => {
    if (nodeChanges.some(({ type, id }) => type !== "PROPERTY_CHANGE" || isInSlot(slots, id))) void lookAgain();
    tellFound(nodeChanges.flatMap(created).filter(({ id }) => !resultIds.has(id)));
    markStale(pictureSlots.filter((slot) => nodeChanges.some((change) => changesPixels(change, slots.states[slot]))));
  };
  const enterPage = (): void => {
    page = figma.currentPage;
    page.on("nodechange", onNodeChange);
    try {
      sweepPreviews(page, runs.values());
    } catch (thrown) {
      send(hostError(thrown));
    }
  };

  enterPage();
  figma.on("currentpagechange", () => {
    if (!page.removed) page.off("nodechange", onNodeChange);
    enterPage();
    tellFound(resultsIn(page));
    void lookAgain();
  });
}

/** Where results may be that an undo brought back, or that were pasted: a whole frame comes as one change. */
function created({ type, node }: NodeChange): readonly SceneNode[] {
  if (type !== "CREATE" || node.removed) return [];
  return "findAllWithCriteria" in node ? [node, ...resultsIn(node)] : [node];
}

/** Sends each slot once, when nothing has changed for a while. */
function createStaleMarks(send: (message: ToUi) => void): (slots: readonly PictureSlot[]) => void {
  const waiting = new Set<PictureSlot>();
  let timer: number | undefined;
  return (slots) => {
    if (slots.length === 0) return;
    for (const slot of slots) waiting.add(slot);
    if (timer !== undefined) clearTimeout(timer);
    timer = setTimeout(() => {
      timer = undefined;
      for (const slot of waiting) send({ type: "slot_stale", slot });
      waiting.clear();
    }, staleDelayMs);
  };
}

function isInSlot({ states }: Slots, id: string): boolean {
  return Object.values(states).some((state) => state.type === "set" && state.layer.id === id);
}

/** Whether the change may concern what is seen of a slot's layer. */
function changesPixels(change: NodeChange, state: SlotState): boolean {
  if (state.type !== "set") return false;
  if (change.id === state.layer.id) {
    return change.type === "PROPERTY_CHANGE" && !change.properties.every((property) => harmless.has(property));
  }
  // Figma does not say any more where a deleted layer was.
  if (change.node.removed) return containers.has(state.layer.type);
  return ancestorsOf(change.node).some(({ id }) => id === state.layer.id);
}
