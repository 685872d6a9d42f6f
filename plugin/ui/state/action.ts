import type { InventoryInfo } from "../../../shared/protocol/inventory.ts";
import type { JobEvent, JobParams, JobSummary } from "../../../shared/protocol/jobs.ts";
import type { LayerInfo, PictureSlot, PlacedResult, Slot, SlotState } from "../../messages.ts";
import type { Recipe } from "../../recipe.ts";
import type { ConnectionState } from "../connection/connection.ts";
import type { Form } from "./form.ts";
import type { PaintedMask, ReferenceFile, Shown, Thumbnail } from "./pictures.ts";
import type { Problem, ProblemPlace } from "./problem.ts";
import type { JobNote } from "./run.ts";
import type { Editor, Insertion, State } from "./state.ts";

/** Everything that can change the panel's state. */
export type Action =
  | { readonly type: "connection_changed"; readonly connection: ConnectionState }
  | { readonly type: "inventory_changed"; readonly inventory: InventoryInfo }
  | { readonly type: "slot_changed"; readonly slot: Slot; readonly state: SlotState }
  | { readonly type: "selection_changed"; readonly selection: readonly LayerInfo[] }
  | { readonly type: "thumbnail_changed"; readonly slot: PictureSlot; readonly thumbnail: Thumbnail }
  | { readonly type: "reference_file_chosen"; readonly file: ReferenceFile | null }
  /** the problem: why they could not be found */
  | { readonly type: "dropped_parts_found"; readonly parts: readonly number[] | null; readonly problem: Problem | null }
  | { readonly type: "product_checked"; readonly isErased: boolean }
  /** of the reference in hand */
  | { readonly type: "patches_hidden"; readonly hidden: readonly number[] }
  | { readonly type: "product_mask_painted"; readonly mask: PaintedMask | null }
  | { readonly type: "form_changed"; readonly change: Partial<Form> }
  | { readonly type: "form_reset" }
  | { readonly type: "recipe_opened"; readonly recipe: Recipe }
  | {
      readonly type: "settings_reused";
      readonly params: JobParams;
      readonly seed: number;
      readonly note: JobNote | null;
    }
  | { readonly type: "regenerating_noted" }
  | { readonly type: "run_started"; readonly jobId: string; readonly seed: number }
  | { readonly type: "run_task"; readonly jobId: string; readonly task: "exporting" | "uploading" }
  | { readonly type: "run_submitted"; readonly jobId: string; readonly params: JobParams; readonly note: JobNote }
  /** a job of an earlier opening that is still running */
  | { readonly type: "run_found"; readonly job: JobSummary }
  | { readonly type: "run_event"; readonly jobId: string; readonly event: JobEvent; readonly atMs: number }
  | { readonly type: "run_preview"; readonly jobId: string; readonly variant: number; readonly preview: Shown }
  | { readonly type: "run_cancelling"; readonly jobId: string }
  | { readonly type: "run_cancelled"; readonly jobId: string }
  | { readonly type: "run_failed"; readonly jobId: string; readonly problem: Problem }
  | { readonly type: "jobs_reading" }
  | {
      readonly type: "jobs_read";
      readonly jobs: readonly JobSummary[];
      readonly more: boolean;
      readonly isContinued: boolean;
    }
  | { readonly type: "jobs_failed" }
  | { readonly type: "job_removed"; readonly jobId: string }
  | { readonly type: "job_focused"; readonly jobId: string | null }
  /** null: what is being painted */
  | { readonly type: "variant_chosen"; readonly jobId: string; readonly variant: number | null }
  /** null: it is not in the document (any more) */
  | { readonly type: "insertion_changed"; readonly key: string; readonly insertion: Insertion | null }
  | { readonly type: "results_found"; readonly results: readonly PlacedResult[] }
  | { readonly type: "result_gone"; readonly nodeId: string }
  | { readonly type: "problem_raised"; readonly problem: Problem }
  | { readonly type: "problems_cleared"; readonly place: ProblemPlace | null }
  | { readonly type: "tab_chosen"; readonly tab: State["tab"] }
  | { readonly type: "advanced_toggled"; readonly isOpen: boolean }
  | { readonly type: "editor_changed"; readonly editor: Editor };
