// Values out of a snapshot: parsed by the artifact's schema where the graph can be loaded, as written where it cannot.

import type { StoredPartition, StoredSnapshot } from "../backend/records.ts";
import { placeText } from "../build/place.ts";
import { readPartitionBytes } from "../build/workspace.ts";
import { decodeWritten, formInSnapshot } from "../build/written.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { GraphDefinition } from "../graph/graph.ts";
import type { GraphDescription } from "../graph/describe.ts";
import { readDescription } from "../backend/description.ts";
import { formatOf } from "../data/format/stored-format.ts";
import type { Call } from "./command.ts";
import type { Lookup } from "./lookup.ts";
import { escapeText } from "./terminal/escape.ts";

/** All check the bytes against what was recorded. Errors: DATA_MISSING, DATA_DAMAGED, SOURCE_CHANGED. */
export interface ValueReader {
  bytes(key: string, partition: StoredPartition): Promise<Uint8Array>;
  /** As the artifact is declared now; `was`: the key it had in the snapshot. Errors: DATA_INVALID where it was written under an older schema and does not fit. */
  value(key: string, partition: StoredPartition, was?: string): Promise<unknown>;
  /** As its format gives it, whatever is declared now. */
  written(key: string, partition: StoredPartition, was?: string): Promise<unknown>;
}

/** Reads values of one snapshot. */
export async function valueReader(
  lookup: Lookup,
  { terminal }: Pick<Call, "terminal">,
  snapshot: StoredSnapshot,
): Promise<ValueReader> {
  const { workspace } = lookup;
  const definition = await definitionOf(lookup, (reason) =>
    terminal.warn(`${terminal.colors.yellow("warning:")} values are shown as they were written: ${escapeText(reason)}`),
  );
  const description = await readDescription(workspace.connection, snapshot);
  const place = (key: string, partition: StoredPartition): string =>
    `${placeText(key, partition.key)} at ${partition.location}`;
  const bytes = (key: string, partition: StoredPartition): Promise<Uint8Array> =>
    readPartitionBytes(workspace, definition?.nodes.get(key), partition);
  const written = async (key: string, partition: StoredPartition, was = key): Promise<unknown> =>
    decodeAsStored(description, was, await bytes(key, partition), place(key, partition));
  return {
    bytes,
    written,
    async value(key, partition, was = key) {
      const node = definition?.nodes.get(key);
      if (node === undefined) return written(key, partition, was);
      const form = await formInSnapshot(workspace.connection, snapshot, was, node, partition);
      return decodeWritten(node, form, await bytes(key, partition), place(key, partition));
    },
  };
}

/** The graph as the user's file declares it now; not knowing it is no error here. */
async function definitionOf(
  { project }: Lookup,
  explain: (reason: string) => void,
): Promise<GraphDefinition | undefined> {
  if (project.file === undefined) return undefined;
  try {
    return (await project.graph()).definition;
  } catch (error) {
    if (!isStratigraphError(error)) throw error;
    explain(error.message);
    return undefined;
  }
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
