import { BackdropError } from "../../shared/errors.ts";
import type { Point } from "../../shared/protocol/helpers.ts";
import { maxQueuedAssists } from "../../shared/protocol/limits.ts";
import type { AssistAnswer } from "../engine/messages.ts";
import type { Turns } from "../engine/turns.ts";
import type { UploadStore } from "../uploads/uploadStore.ts";

/** What a client asks a helper about an uploaded picture. */
export type HelperQuestion = { readonly picture: string } & (
  | { readonly task: "segment"; readonly points: readonly Point[] }
  | { readonly task: "describe" }
);

/** Where helpers are asked. Nothing of it outlives the server: who loses the connection asks again. */
export class HelperDesk {
  private readonly turns: Pick<Turns, "assist" | "assists">;
  private readonly uploads: UploadStore;

  constructor(options: {
    readonly turns: Pick<Turns, "assist" | "assists">;
    readonly uploads: UploadStore;
  }) {
    this.turns = options.turns;
    this.uploads = options.uploads;
  }

  async ask(requestId: string, question: HelperQuestion, signal: AbortSignal): Promise<AssistAnswer> {
    const { picture: sha256, ...task } = question;
    if (!(await this.uploads.has(sha256))) {
      throw new BackdropError("image_missing", "picture: this picture is not here; upload it first", {
        pointer: "/picture",
      });
    }
    if (this.turns.assists >= maxQueuedAssists) {
      throw new BackdropError("queue_full", `${maxQueuedAssists} questions to helpers wait already; ask again later`);
    }
    const picture = { path: this.uploads.pathOf(sha256), sha256 };
    return await this.turns.assist({ ...task, jobId: requestId, picture }, signal);
  }
}
