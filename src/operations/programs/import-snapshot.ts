// Import for programs: an exported snapshot taken into a backend.

import { userName } from "../../build/holder.ts";
import { openWorkspace, type WorkspaceOptions } from "../../build/workspace.ts";
import { importSnapshotIn, type Imported, type ImportOptions } from "../moving/import-snapshot.ts";
import { openExport } from "../moving/read-folder.ts";
import { checkOptions, folderPath, workspaceNames, type OptionNames } from "./given.ts";

export interface ImportSnapshotOptions extends WorkspaceOptions, Omit<ImportOptions, "by"> {
  /** The folder that `exportSnapshot` or `strata snapshots export` wrote, relative to the current one. */
  readonly from: string | URL;
  /** Who does it, for the history of tags; the user of the process unless told. */
  readonly by?: string | undefined;
}

const names: OptionNames<ImportSnapshotOptions> = {
  ...{ from: true, tags: true, move: true, digest: true, by: true, signal: true, on: true },
  ...workspaceNames,
};

/**
 * Takes in an exported snapshot: everything is checked before anything is written, and what is here already stays. The graph need not be known; one that is declared the
 * same way has nothing to build then.
 * Errors: EXPORT_INVALID, also where `digest` is another one; TAG_EXISTS without `move`; CONFLICT where a fingerprint or an id means
 * something else here; those of writing.
 */
export async function importSnapshot(options: ImportSnapshotOptions): Promise<Imported> {
  checkOptions("importSnapshot()", options, names);
  const { from, tags, move, digest, by = userName(), signal, on, ...place } = options;
  const folder = folderPath("importSnapshot()", "from", from);
  // Before a state folder is made for it.
  openExport(folder);
  await using workspace = await openWorkspace({ ...place, signal });
  return await importSnapshotIn(workspace, folder, { tags, move, digest, by, signal, on });
}
