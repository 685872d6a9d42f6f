import type { NodeRecord } from "../document/node.ts";

/** Between layers and what a plugin holds of them. */
export interface NodeLookup {
  /** of an existing layer: always the same object */
  of(id: string): object;
  /** the id behind what a plugin passed as a layer; `method` is named in the error when it is none */
  idOf(value: unknown, method: string): string;
  /** the layer, or Figma's error for one that was removed */
  alive(id: string, member: string): NodeRecord;
}
