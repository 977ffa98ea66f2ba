// Values out of a snapshot for a command: with the user's file where it can be loaded, and a warning where it cannot.

import type { StoredSnapshot } from "../backend/records.ts";
import { isStratigraphError } from "../errors.ts";
import type { GraphDefinition } from "../graph/graph.ts";
import { storedValues, type ValueReader } from "../operations/stored-values.ts";
import type { Call } from "./command.ts";
import type { Lookup } from "./lookup.ts";
import { escapeText } from "./terminal/escape.ts";

/** Reads values of one snapshot. */
export async function valueReader(
  lookup: Lookup,
  call: Pick<Call, "terminal">,
  snapshot: StoredSnapshot,
): Promise<ValueReader> {
  return storedValues(lookup.workspace, await knownDefinition(lookup, call), snapshot);
}

/** The graph as the user's file declares it now; not knowing it is no error here. */
export async function knownDefinition(
  { project }: Lookup,
  { terminal }: Pick<Call, "terminal">,
): Promise<GraphDefinition | undefined> {
  if (project.file === undefined) return undefined;
  try {
    return (await project.graph()).definition;
  } catch (error) {
    if (!isStratigraphError(error)) throw error;
    const reason = escapeText(error.message);
    terminal.warn(`${terminal.colors.yellow("warning:")} values are shown as they were written: ${reason}`);
    return undefined;
  }
}
