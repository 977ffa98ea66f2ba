// Values out of a snapshot: parsed by the artifact's schema where the graph can be loaded, as written where it cannot.

import type { StoredPartition, StoredSnapshot } from "../backend/records.ts";
import { placeText } from "../build/place.ts";
import { readPartitionBytes } from "../build/workspace.ts";
import { decodeValue } from "../data/io.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { GraphDefinition, GraphNode } from "../graph/graph.ts";
import type { GraphDescription } from "../graph/describe.ts";
import { readDescription } from "../backend/description.ts";
import { formatOf } from "../data/format/stored-format.ts";
import type { Call } from "./command.ts";
import type { Lookup } from "./lookup.ts";
import { escapeText } from "./terminal/escape.ts";

/** Both check the bytes against what was recorded. Errors: DATA_MISSING, DATA_DAMAGED, SOURCE_CHANGED. */
export interface ValueReader {
  bytes(key: string, partition: StoredPartition): Promise<Uint8Array>;
  value(key: string, partition: StoredPartition): Promise<unknown>;
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
  return {
    bytes: (key, partition) => readPartitionBytes(workspace, nodeOf(definition, key, partition), partition),
    async value(key, partition) {
      const node = nodeOf(definition, key, partition);
      const bytes = await readPartitionBytes(workspace, node, partition);
      const where = `${placeText(key, partition.key)} at ${partition.location}`;
      return node === undefined
        ? decodeWritten(description, key, bytes, where)
        : decodeValue(node.artifact, bytes, where);
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

/** The declaration is only asked if it is the one the partition was made under. */
function nodeOf(
  definition: GraphDefinition | undefined,
  key: string,
  partition: StoredPartition,
): GraphNode | undefined {
  const node = definition?.nodes.get(key);
  return node?.identity === partition.artifact ? node : undefined;
}

function decodeWritten(
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
