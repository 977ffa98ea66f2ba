// What was made and refused: listed, read, and let go.

import type { Connection } from "../backend/backend.ts";
import { everyItem } from "../backend/pages.ts";
import type { QuarantineRecord, StoredPartition } from "../backend/records.ts";
import { StratigraphError } from "../errors.ts";
import type { GraphDefinition } from "../graph/graph.ts";
import { selectNodes } from "../graph/selector.ts";
import type { Finding } from "./quality.ts";
import { placeText } from "./place.ts";
import { openWorkspace, readPartitionBytes, type Workspace, type WorkspaceOptions } from "./workspace.ts";
import { decodeWritten, formAsMade } from "./written.ts";

/** One refused value. */
export interface Quarantined {
  readonly key: string;
  readonly partition: string;
  readonly at: string;
  readonly run: string | undefined;
  /** What refused it, and what else was found. None where another output of the same step was refused. */
  readonly findings: readonly Finding[];
  readonly bytes: number;
  /** The same content was made again since, and not refused. */
  readonly accepted: boolean;
  readonly record: QuarantineRecord;
  readonly stored: StoredPartition;
}

/** What is kept of a graph, newest first; with selectors only what they name. Error: SELECTOR_UNKNOWN. */
export async function listQuarantined(
  connection: Connection,
  graph: GraphDefinition,
  selectors: readonly string[] = [],
): Promise<readonly Quarantined[]> {
  const chosen = selectors.length === 0 ? undefined : selectNodes(graph, selectors);
  const records: QuarantineRecord[] = [];
  const filter = { graph: graph.name, open: true };
  for await (const record of everyItem((page) => connection.listQuarantine(filter, page))) {
    const only = chosen?.partitions.get(record.artifactKey) as readonly string[] | undefined;
    if (chosen === undefined || (only?.includes(record.key) ?? chosen.keys.has(record.artifactKey)))
      records.push(record);
  }
  const stored = await connection.readPartitions(records.map(({ partition }) => partition));
  return records.flatMap((record, index) => {
    const partition = stored[index];
    if (partition === undefined) return [];
    const { artifactKey: key, key: text, at, run, findings } = record;
    return {
      key,
      partition: text,
      at,
      run,
      findings: findings as unknown as readonly Finding[],
      bytes: partition.size,
      accepted: !partition.damaged,
      record,
      stored: partition,
    };
  });
}

/** The newest refused value a selector names, verified and parsed. Errors: SELECTOR_UNKNOWN, PARTITION_NOT_BUILT, DATA_MISSING, DATA_DAMAGED. */
export async function readQuarantined(
  workspace: Workspace,
  graph: GraphDefinition,
  selector: string,
): Promise<{ readonly entry: Quarantined; readonly value: unknown }> {
  const [entry] = await listQuarantined(workspace.connection, graph, [selector]);
  if (entry === undefined) {
    throw new StratigraphError("PARTITION_NOT_BUILT", "nothing of this is in quarantine", {
      where: selector,
      hint: "List what is: strata quarantine",
    });
  }
  return { entry, value: await readStored(workspace, graph, entry.key, entry.stored) };
}

async function readStored(
  workspace: Workspace,
  graph: GraphDefinition,
  key: string,
  stored: StoredPartition,
): Promise<unknown> {
  const node = graph.nodes.get(key)!;
  const bytes = await readPartitionBytes(workspace, node, stored);
  const form = await formAsMade(workspace.connection, node, stored);
  return decodeWritten(node, form, bytes, placeText(key, stored.key));
}

/** See `Graph.quarantined`. */
export async function quarantinedOf(
  graph: GraphDefinition,
  selectors: readonly string[],
  options: WorkspaceOptions,
): Promise<readonly (Omit<Quarantined, "record" | "stored"> & { readonly read: () => Promise<unknown> })[]> {
  await using workspace = await openWorkspace({ ...options, readOnly: true });
  const entries = await listQuarantined(workspace.connection, graph, selectors);
  return entries.map(({ record: _, stored, ...entry }) => ({
    ...entry,
    async read() {
      await using reading = await openWorkspace({ ...options, readOnly: true });
      return await readStored(reading, graph, entry.key, stored);
    },
  }));
}
