import type { HelperDescription } from "../../assist/helperPackage.ts";
import type { PackageDescription } from "../../checkpoint/modelPackage.ts";

/** A file of a package, and where the hub has it. */
export interface CatalogueFile {
  /** where it lies in the package */
  readonly path: string;
  /** where it may lie in the repository; the first that is there is taken */
  readonly from: readonly [CatalogueSource, ...CatalogueSource[]];
}

export interface CatalogueSource {
  readonly path: string;
  /** as published; left out where only the hub itself tells it */
  readonly sizeBytes?: number;
  readonly sha256?: string;
}

/** What is taken from one repository of the hub. */
export interface CatalogueRepository {
  /** owner/name */
  readonly name: string;
  /** a commit, so that what it holds never changes; `main` where none could be verified: then only the hub's own hashes say what is right */
  readonly revision: string;
  /** the package is whole without its files */
  readonly isOptional?: true;
  readonly licence: string;
  readonly licenceUrl: string;
  readonly files: readonly CatalogueFile[];
}

/** A model or a helper that can be installed. */
export interface CatalogueEntry {
  /** what it is good for and needs, in a sentence for people */
  readonly purpose: string;
  /** for people, before the hub was asked */
  readonly approximateBytes: number;
  readonly repositories: readonly CatalogueRepository[];
  /** `backdrop.json`, or a helper's `helper.json`, without its files, which are known when they are here */
  readonly description: WithoutFiles<PackageDescription | HelperDescription>;
}

type WithoutFiles<Description> = Description extends unknown ? Omit<Description, "files"> : never;

/** A file that has the same name in the repository, under `folder` of the package. */
export function plain(folder: string, ...paths: readonly string[]): CatalogueFile[] {
  return paths.map((path) => ({ path: folder === "" ? path : `${folder}/${path}`, from: [{ path }] }));
}

/** Weights that the repository has in half precision, and maybe only in full. */
export function halfOrFull(path: string, half: Omit<CatalogueSource, "path">, repositoryPath = path): CatalogueFile {
  const halfPath = repositoryPath.replace(/\.safetensors$/, ".fp16.safetensors");
  return { path, from: [{ path: halfPath, ...half }, { path: repositoryPath }] };
}
