import type { Request, Response } from "express";
import type { Access } from "./guard.ts";

export interface Route {
  readonly path: string;
  readonly access: Access;
  readonly handle: (request: Request, response: Response) => Promise<void> | void;
}
