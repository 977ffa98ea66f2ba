// What a bisect is told of a stored value: by the artifact's checks, or by any other question.

import { placeText } from "../build/place.ts";
import { describeThrown } from "../build/thrown.ts";
import { readPartitionBytes, type Workspace } from "../build/workspace.ts";
import { decodeWritten, formInSnapshot } from "../build/written.ts";
import type { StoredPartition, StoredSnapshot } from "../backend/records.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { GraphNode } from "../graph/graph.ts";
import { suggest } from "../util/suggest.ts";
import type { BisectOptions, Verdict } from "./bisect.ts";

/** Asked about a value as the artifact has it now. */
export type Ask = (value: unknown, partition: StoredPartition, snapshot: StoredSnapshot) => Promise<Verdict>;

/** Bytes that are gone say nothing; a value that the schema refuses is bad. */
export function judgeValues(
  workspace: Workspace,
  node: GraphNode,
  ask: Ask,
  signal: AbortSignal | undefined,
): BisectOptions["judge"] {
  return async (partition, snapshot, then) => {
    signal?.throwIfAborted();
    let value: unknown;
    try {
      const bytes = await readPartitionBytes(workspace, node, partition);
      const form = await formInSnapshot(workspace.connection, snapshot, then, node, partition);
      value = await decodeWritten(node, form, bytes, placeText(node.key, partition.key));
    } catch (error) {
      if (!isStratigraphError(error)) throw error;
      const gone = error.code === "DATA_MISSING" || error.code === "DATA_DAMAGED" || error.code === "SOURCE_CHANGED";
      return gone ? undefined : error.message;
    }
    return ask(value, partition, snapshot);
  };
}

/** The artifact's check of that name, or all of them. Error: VALIDATION_FAILED where there is none; `instead`: what else can be asked. */
export function askChecks({ key, artifact }: GraphNode, name: string | undefined, instead: string): Ask {
  const names = Object.keys(artifact.checks);
  if (names.length === 0 || (name !== undefined && !names.includes(name))) {
    const near = name === undefined ? undefined : suggest(name, names);
    throw new StratigraphError(
      "VALIDATION_FAILED",
      name === undefined ? `artifact '${key}' has no checks` : `artifact '${key}' has no check '${name}'`,
      {
        expected: names.length === 0 ? `an artifact with checks, or ${instead}` : names.join(", "),
        hint: near === undefined ? undefined : `Did you mean '${near}'?`,
      },
    );
  }
  return async (value) => {
    for (const one of name === undefined ? names : [name]) {
      try {
        const answer = await artifact.checks[one]!(value);
        if (answer !== true) return `check '${one}': ${String(answer)}`;
      } catch (thrown) {
        return `check '${one}' threw: ${describeThrown(thrown)}`;
      }
    }
    return true;
  };
}
