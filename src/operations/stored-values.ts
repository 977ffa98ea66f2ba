// Values out of a snapshot: parsed by the artifact's schema where the graph is known, as written where it is not.

import { readDescription } from "../backend/description.ts";
import type { StoredPartition, StoredSnapshot } from "../backend/records.ts";
import { placeText } from "../build/place.ts";
import { readPartitionBytes, type Workspace } from "../build/workspace.ts";
import { decodeWritten, formInSnapshot } from "../build/written.ts";
import { formatOf } from "../data/format/stored-format.ts";
import { StratigraphError } from "../errors.ts";
import type { GraphDescription } from "../graph/describe.ts";
import type { GraphDefinition } from "../graph/graph.ts";

/** All check the bytes against what was recorded. Errors: DATA_MISSING, DATA_DAMAGED, SOURCE_CHANGED. */
export interface ValueReader {
  bytes(key: string, partition: StoredPartition): Promise<Uint8Array>;
  /** As the artifact is declared now; `was`: the key it had in the snapshot. Errors: DATA_INVALID where it was written under an older schema and does not fit. */
  value(key: string, partition: StoredPartition, was?: string): Promise<unknown>;
  /** As its format gives it, whatever is declared now. */
  written(key: string, partition: StoredPartition, was?: string): Promise<unknown>;
}

/** Reads values of one snapshot. `graph`: as it is declared now, where that is known. */
export async function storedValues(
  workspace: Workspace,
  graph: GraphDefinition | undefined,
  snapshot: StoredSnapshot,
): Promise<ValueReader> {
  const description = await readDescription(workspace.connection, snapshot);
  const place = (key: string, partition: StoredPartition): string =>
    `${placeText(key, partition.key)} at ${partition.location}`;
  const bytes = (key: string, partition: StoredPartition): Promise<Uint8Array> =>
    readPartitionBytes(workspace, graph?.nodes.get(graph.keyNow(key)), partition);
  const written = async (key: string, partition: StoredPartition, was = key): Promise<unknown> =>
    decodeAsStored(description, was, await bytes(key, partition), place(key, partition));
  return {
    bytes,
    written,
    async value(key, partition, was = key) {
      const node = graph?.nodes.get(graph.keyNow(key));
      if (node === undefined) return written(key, partition, was);
      const form = await formInSnapshot(workspace.connection, snapshot, was, node, partition);
      return decodeWritten(node, form, await bytes(key, partition), place(key, partition));
    },
  };
}

function decodeAsStored(
  description: GraphDescription | undefined,
  key: string,
  bytes: Uint8Array,
  where: string,
): unknown {
  const artifact = description?.artifacts.find((known) => known.key === key);
  const format = artifact === undefined ? undefined : formatOf(artifact.format);
  if (format !== undefined) return format.decode(bytes);
  throw new StratigraphError(
    "DATA_UNPARSEABLE",
    `its format${artifact === undefined ? "" : ` '${artifact.format.kind}'`} is not known here`,
    {
      where,
      hint: "Print the bytes as they are: --raw",
    },
  );
}
