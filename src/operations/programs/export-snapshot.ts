// Export for programs: a snapshot with all its bytes as a folder.

import type { StoredSnapshot } from "../../backend/records.ts";
import type { Graph } from "../../build/graph.ts";
import { openWorkspace, type WorkspaceOptions } from "../../build/workspace.ts";
import { selectNodes } from "../../graph/selector.ts";
import { exportSnapshotIn, type Exported, type ExportProgress } from "../moving/export-snapshot.ts";
import { checkCall, folderPath, workspaceNames, type OptionNames } from "./given.ts";
import { storedSnapshot, type SnapshotInput } from "./snapshot-input.ts";

export interface ExportSnapshotOptions<G extends string = string> extends WorkspaceOptions {
  /** The folder, relative to the current one: empty, or not there yet. */
  readonly to: string | URL;
  /** The latest unless told. */
  readonly snapshot?: SnapshotInput<G> | undefined;
  /** Selectors of artifacts or partitions, without what they need: "total", "days[2026-01-02]". Everything unless told. */
  readonly select?: string | readonly string[] | undefined;
  /** Also the tags that name the snapshot. False unless told. */
  readonly tags?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each partition; `bytes` of all so far. */
  readonly on?: ((progress: ExportProgress) => void) | undefined;
}

export interface ExportedSnapshot extends Exported {
  readonly snapshot: StoredSnapshot;
  /** Absolute. */
  readonly folder: string;
}

const names: OptionNames<ExportSnapshotOptions> = {
  ...{ to: true, snapshot: true, select: true, tags: true, signal: true, on: true },
  ...workspaceNames,
};

/**
 * Writes a snapshot into a folder, whole or not at all. What the graph declared, every partition, the text of every fingerprint and the runs that made it
 * go with it; the `digest` that is returned seals it all.
 * Errors: SNAPSHOT_UNKNOWN; SNAPSHOT_INCOMPLETE while it is being built; SELECTOR_UNKNOWN where nothing is chosen; STORAGE_FAILED where the
 * folder is not empty; those of reading (SOURCE_CHANGED, DATA_MISSING, DATA_DAMAGED).
 */
export async function exportSnapshot<G extends string, N>(
  graph: Graph<G, N>,
  options: ExportSnapshotOptions<NoInfer<G>>,
): Promise<ExportedSnapshot> {
  checkCall("exportSnapshot()", graph, options, names);
  const { to, snapshot = "latest", select, tags, signal, on, ...place }: ExportSnapshotOptions = options;
  const folder = folderPath("exportSnapshot()", "to", to);
  const { definition } = graph;
  const selection = select === undefined ? undefined : selectNodes(definition, [select].flat());
  await using workspace = await openWorkspace({ ...place, signal, readOnly: true });
  const found = await storedSnapshot(workspace.connection, graph.name, snapshot, "exportSnapshot(), snapshot");
  const settings = { graph: definition, select: selection, tags, signal, on };
  return { snapshot: found, folder, ...(await exportSnapshotIn(workspace, found, folder, settings)) };
}
