import type { Size } from "../../shared/geometry.ts";
import { operatorsOf, referenceTarget, type Target } from "../../shared/providers.ts";
import type { TileStatistics, VaePart } from "../networks/tiledVae.ts";
import { hasPreviewDecoder, type ModelPackage } from "./modelPackage.ts";

/** Graphs whose shapes depend on the picture's size, in pixels. */
export type SizedGraph = "vae_encoder" | "vae_decoder" | "preview_decoder" | "control" | "denoiser" | VaePart;

/** Graphs of one shape. */
export type FixedGraph = "text" | "vision" | "depth";

/** A graph of a package, by what it does; sizes in picture pixels. Inputs and outputs: docs/architecture.md. */
export type GraphRequest =
  | { readonly graph: FixedGraph }
  | { readonly graph: SizedGraph; readonly width: number; readonly height: number };

/** The most entries that a job runs through a graph at once: two where guidance needs the unconditional half too. */
export function largestBatch({ graph }: GraphRequest): number {
  return graph === "vision" || graph === "denoiser" ? 2 : 1;
}

/**
 * What runs once a job has nothing to gain from being less exact, and autoencoders overflow in half precision. Text stays on the CPU: it is
 * little work, and its token numbers are integers that not every provider computes with.
 */
export function graphTarget({ graph }: GraphRequest, target: Target): Target {
  if (graph === "denoiser") return target;
  return graph === "text" ? referenceTarget : { ...target, precision: "fp32" };
}

/** The file, at the package's root, that holds the graph. */
export function graphFile(request: GraphRequest, target: Target): string {
  const size = "width" in request ? `-${request.height}x${request.width}` : "";
  const { provider, precision, operators } = graphTarget(request, target);
  const kind = operatorsOf[provider].length > 1 ? `-${operators}` : "";
  return `${request.graph}${size}-${provider}-${precision}${kind}.onnx`;
}

/** What only previews need: one graph, or none where the package has no decoder for them. */
export function previewGraphs(modelPackage: Pick<ModelPackage, "files">, { width, height }: Size): GraphRequest[] {
  return hasPreviewDecoder(modelPackage) ? [{ graph: "preview_decoder", width, height }] : [];
}

/** What a package is compiled to ahead of time. */
export function graphsOfPackage(modelPackage: Pick<ModelPackage, "files">, size: Size): GraphRequest[] {
  return [...graphsForSize(size), ...previewGraphs(modelPackage, size)];
}

/** Every graph that a job at this picture size needs; the autoencoder may work in tiles. */
export function graphsForSize({ width, height }: Size, tile: VaeTile = { width, height }): GraphRequest[] {
  return [
    { graph: "text" },
    { graph: "vision" },
    { graph: "depth" },
    { graph: "control", width, height },
    { graph: "denoiser", width, height },
    ...autoencoderGraphs({ width, height }, tile),
  ];
}

/** The tiles that an autoencoder works in, px. */
export interface VaeTile extends Size {
  /** of an autoencoder whose norms have to be told those of the whole picture */
  readonly statistics?: TileStatistics | undefined;
}

/** Whether tiles of this size go by statistics of the picture: one tile that is all of it needs none. */
export function tileStatisticsOf({ width, height }: Size, tile: VaeTile): TileStatistics | undefined {
  return tile.width === width && tile.height === height ? undefined : tile.statistics;
}

function autoencoderGraphs({ width, height }: Size, tile: VaeTile): GraphRequest[] {
  const ofTile = { width: tile.width, height: tile.height };
  if (tileStatisticsOf({ width, height }, tile) === undefined) {
    return [
      { graph: "vae_encoder", ...ofTile },
      { graph: "vae_decoder", ...ofTile },
    ];
  }
  return [
    { graph: "vae_encoder_tile", ...ofTile },
    { graph: "vae_encoder_end", width, height },
    { graph: "vae_decoder_start", width, height },
    { graph: "vae_decoder_tile", ...ofTile },
  ];
}
