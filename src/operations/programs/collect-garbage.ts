// Collecting garbage for programs: what no snapshot needs any more, found, and removed when told.

import { openWorkspace, type WorkspaceOptions } from "../../build/workspace.ts";
import { collectGarbageIn, type Garbage, type GcOptions } from "../gc.ts";
import { checkNumber, checkOptions, workspaceNames, type OptionNames } from "./given.ts";

export interface CollectGarbageOptions extends WorkspaceOptions, GcOptions {}

const names: OptionNames<CollectGarbageOptions> = {
  ...{ keep: true, grace: true, remove: true, signal: true },
  ...workspaceNames,
};

/**
 * Finds what no snapshot of any graph in the backend needs any more, and removes it when told. What a tag names stays, and so do the newest snapshots of each graph and what is being built; a source's own
 * files are never touched, and neither are models and events: which of those may go is said by the configuration's `retention`, and what waits in its journal counts; a program that names a backend has neither. `strata gc` lets them go.
 * Without `remove` nothing is written. What could not be removed is in `failures`.
 * Errors: where it should remove, FOLDER_SHARED, and BACKEND_BUSY while a build, an import or another such call runs; the signal's reason where it is aborted.
 */
export async function collectGarbage(options: CollectGarbageOptions = {}): Promise<Garbage> {
  checkOptions("collectGarbage()", options, names);
  const { keep, grace, remove = false, signal, ...place } = options;
  checkNumber("collectGarbage()", "keep", keep, { least: 1, whole: true, unit: "a whole number of snapshots" });
  checkNumber("collectGarbage()", "grace", grace, { least: 0, whole: false, unit: "a number of milliseconds" });
  await using workspace = await openWorkspace({ ...place, signal, readOnly: !remove });
  return await collectGarbageIn(workspace, { keep, grace, remove, signal });
}
