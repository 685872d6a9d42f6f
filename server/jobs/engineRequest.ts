import { BackdropError } from "../../shared/errors.ts";
import type { InputRole, JobParams } from "../../shared/protocol/jobs.ts";
import type { TargetChoice } from "../../shared/providers.ts";
import type { EngineRequest } from "../engine/messages.ts";
import type { UploadStore } from "../uploads/uploadStore.ts";
import type { History } from "./history.ts";
import type { Inventory } from "./inventory.ts";
import type { JobRecord } from "./jobRecord.ts";

/** What turns a client's parameters into work for the engine. */
export interface RequestContext {
  readonly history: History;
  readonly uploads: UploadStore;
  readonly inventory: Pick<Inventory, "modelNames">;
  readonly defaultModel: string;
  readonly target: TargetChoice;
}

/** Refuses a job whose model or pictures are not here. */
export async function checkParams(params: JobParams, { inventory, uploads }: RequestContext): Promise<void> {
  const { model } = params;
  const models = inventory.modelNames;
  if (model !== undefined && !models.includes(model)) {
    const known = models.join(", ") || "none";
    throw new BackdropError("model_unknown", `model: expected one of ${known}, got ${model}; install it first`, {
      pointer: "/params/model",
    });
  }
  for (const { role, sha256 } of inputsOf(params)) {
    if (await uploads.has(sha256)) continue;
    throw new BackdropError("image_missing", `${role}: this picture is not here; upload it first`, {
      pointer: `/params/inputs/${role}`,
    });
  }
}

/** A job as the engine gets it. */
export function engineRequest({ jobId, params, seed }: JobRecord, context: RequestContext): EngineRequest {
  const { uploads, history, defaultModel, target } = context;
  const { product, reference, productMask, referenceMask } = params.inputs;
  return {
    jobId,
    model: params.model ?? defaultModel,
    target,
    settings: { ...params.settings, seed },
    files: {
      product: uploads.pathOf(product),
      reference: uploads.pathOf(reference),
      ...(productMask !== undefined && { productMask: uploads.pathOf(productMask) }),
      ...(referenceMask !== undefined && { referenceMask: uploads.pathOf(referenceMask) }),
    },
    outDir: history.dirOf(jobId),
    previews: params.previews,
  };
}

/** The pictures that a job needs. */
export function inputsOf({ inputs }: JobParams): readonly { readonly role: InputRole; readonly sha256: string }[] {
  const roles = ["product", "reference", "productMask", "referenceMask"] as const;
  return roles.flatMap((role) => {
    const sha256 = inputs[role];
    return sha256 === undefined ? [] : [{ role, sha256 }];
  });
}
