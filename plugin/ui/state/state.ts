import { modelDefaultsSchema, withModelDefaults } from "../../../shared/modelDefaults.ts";
import type { JobSummary } from "../../../shared/protocol/jobs.ts";
import type { ModelInfo } from "../../../shared/protocol/models.ts";
import type { LayerInfo, PictureSlot, Slot, SlotState } from "../../messages.ts";
import type { ConnectionState } from "../connection/connection.ts";
import { defaultForm, type Form } from "./form.ts";
import type { PaintedMask, ReferenceFile, Shown, Thumbnail } from "./pictures.ts";
import type { Problem } from "./problem.ts";
import type { JobNote, Run } from "./run.ts";

/** Something is painted on a picture. */
export interface PaintEditor {
  readonly type: "patches" | "productMask";
  readonly picture: Shown;
}

/** The view that takes the panel's whole body: something is painted, or models are looked at. */
export type Editor =
  | { readonly type: "closed" }
  | { readonly type: "loading"; readonly of: PaintEditor["type"] }
  | PaintEditor
  /** leads back to where it was opened */
  | { readonly type: "models"; readonly from: { readonly type: "closed" } | PaintEditor };

/** The server's finished and running jobs, newest first, as far as they were read. */
export interface JobList {
  /** whose they are; null before the first connection */
  readonly serverId: string | null;
  readonly jobs: readonly JobSummary[];
  readonly more: boolean;
  readonly status: "unread" | "reading" | "read" | "failed";
}

/** What became of a result in the document. */
export type Insertion = { readonly type: "inserting" } | { readonly type: "inserted"; readonly nodeId: string };

export interface State {
  /** of the document that the panel was opened in */
  readonly documentId: string;
  readonly connection: ConnectionState;
  /** once there was a connection, losing it takes nothing out of view */
  readonly wasReady: boolean;
  readonly slots: Readonly<Record<Slot, SlotState>>;
  readonly selection: readonly LayerInfo[];
  readonly thumbnails: Readonly<Record<PictureSlot, Thumbnail>>;
  readonly referenceFile: ReferenceFile | null;
  /** of each patch, the part that the mask layer or the reference's own transparency drops, 0 … 1; null where nothing does */
  readonly droppedParts: readonly number[] | null;
  /** patches hidden by hand, by reference (see `referenceKey`) */
  readonly hiddenPatches: Readonly<Record<string, readonly number[]>>;
  /** null: the layer's alpha is the mask */
  readonly productMask: PaintedMask | null;
  /** the painted mask leaves nothing of the product */
  readonly isProductErased: boolean;
  readonly form: Form;
  readonly run: Run;
  readonly jobs: JobList;
  readonly jobNotes: Readonly<Record<string, JobNote>>;
  /** by `resultKey` */
  readonly insertions: Readonly<Record<string, Insertion>>;
  /** the layer of ours that "Replace" replaces */
  readonly replaceable: string | null;
  readonly problems: readonly Problem[];
  readonly tab: "create" | "results";
  readonly isAdvancedOpen: boolean;
  /** of jobs with several, by job id; unless one was chosen, what is being painted, then the first */
  readonly chosenVariants: Readonly<Record<string, number>>;
  readonly editor: Editor;
  /** the job that the results' tab shows large; null: the run, or else the newest */
  readonly focusedJob: string | null;
  /** the layer whose "Regenerate background" opened the panel */
  readonly regenerated: string | null;
  /** that is still to be told */
  readonly isRegenerating: boolean;
}

export const initialState: State = {
  documentId: "",
  connection: { type: "connecting" },
  wasReady: false,
  slots: {
    product: { type: "empty" },
    reference: { type: "empty" },
    referenceMask: { type: "empty" },
    area: { type: "empty" },
  },
  selection: [],
  thumbnails: { product: { type: "none" }, reference: { type: "none" }, referenceMask: { type: "none" } },
  referenceFile: null,
  droppedParts: null,
  hiddenPatches: {},
  productMask: null,
  isProductErased: false,
  form: defaultForm,
  run: { type: "idle" },
  jobs: { serverId: null, jobs: [], more: false, status: "unread" },
  jobNotes: {},
  insertions: {},
  replaceable: null,
  problems: [],
  tab: "create",
  isAdvancedOpen: false,
  chosenVariants: {},
  editor: { type: "closed" },
  focusedJob: null,
  regenerated: null,
  isRegenerating: false,
};

export function resultKey(jobId: string, variant: number): string {
  return `${jobId}/${variant}`;
}

/** The model of the next run; undefined while there is no connection. */
export function modelInUse({ connection, form }: State): ModelInfo | undefined {
  if (connection.type !== "ready") return undefined;
  const named = (name: string | null) => connection.models.find((model) => model.name === name);
  return named(form.model) ?? named(connection.defaultModel) ?? connection.models[0];
}

/** What stands for the defaults of the model until a server has said which models it has. */
const withoutModel = modelDefaultsSchema.parse({ fusion: "query" });

/** The form, with the model's own where nothing was chosen. */
export function settingsInUse(state: State) {
  return withModelDefaults(state.form, modelInUse(state)?.defaults ?? withoutModel);
}

/** The picture that is painted on, also while models are looked at in between. */
export function paintedPicture({ editor }: State): Shown | null {
  const painting = editor.type === "models" ? editor.from : editor;
  return "picture" in painting ? painting.picture : null;
}

/** Patches a side of the grid, while no model says otherwise. */
const usualPatchGrid = 16;

export function patchGrid(state: State): number {
  return modelInUse(state)?.patchGrid ?? usualPatchGrid;
}

/** Names the reference and its grid, so that what was hidden is found again when the person comes back to it. */
export function referenceKey(state: State): string | null {
  const { referenceFile: file, slots, documentId } = state;
  const grid = patchGrid(state);
  if (file !== null) return `${grid}|file:${file.name}:${file.sizePx.width}x${file.sizePx.height}`;
  return slots.reference.type === "set" ? `${grid}|${documentId}|${slots.reference.layer.id}` : null;
}

/** What is known of a job that was begun in this document; of another's, its layer ids name other layers here. */
export function noteHere({ jobNotes, documentId }: State, jobId: string): JobNote | null {
  const note = jobNotes[jobId];
  return note?.documentId === documentId ? note : null;
}

export function hiddenByHand(state: State): readonly number[] {
  const key = referenceKey(state);
  return key === null ? [] : (state.hiddenPatches[key] ?? []);
}

export function hasReference({ referenceFile, slots }: State): boolean {
  return referenceFile !== null || slots.reference.type === "set";
}
