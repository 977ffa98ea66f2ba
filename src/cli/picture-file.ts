// Where pictures are written.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { StratigraphError } from "../errors.ts";

/** Makes the folder too. Error: STORAGE_FAILED. */
export function writePicture(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    throw new StratigraphError("STORAGE_FAILED", "the picture cannot be written", { where: path, cause: error });
  }
}
