// One run, by its id or by how the id begins.

import type { Connection } from "../backend/backend.ts";
import type { RunId, RunRecord } from "../backend/records.ts";
import { StratigraphError } from "../errors.ts";

const SHORTEST_PREFIX = 6;

/** A run by its id or by how it begins. Errors: RUN_UNKNOWN, RUN_AMBIGUOUS. */
export async function findRun(connection: Pick<Connection, "readRun" | "listRuns">, given: string): Promise<RunRecord> {
  const exact = given === "" ? undefined : await connection.readRun(given as RunId);
  if (exact !== undefined) return exact;
  const short = given.length < SHORTEST_PREFIX;
  const { items } = short ? { items: [] } : await connection.listRuns({ idPrefix: given }, { limit: 5 });
  const [only, second] = items;
  if (only !== undefined && second === undefined) return only;
  if (only !== undefined) {
    throw new StratigraphError("RUN_AMBIGUOUS", `'${given}' begins the ids of several runs`, {
      expected: `more characters, such as ${items
        .slice(0, 2)
        .map(({ id }) => id.slice(0, Math.max(given.length + 4, commonPrefix(items) + 1)))
        .join(" or ")}`,
      data: { runs: items.map(({ id }) => id) },
    });
  }
  throw new StratigraphError("RUN_UNKNOWN", `no run is called '${given}'`, {
    expected: short ? `an id, or at least its first ${SHORTEST_PREFIX} characters` : undefined,
    hint: "See: strata lineage list",
  });
}

function commonPrefix(runs: readonly RunRecord[]): number {
  const [first, ...rest] = runs.map(({ id }) => id);
  let length = 0;
  while (first !== undefined && length < first.length && rest.every((id) => id[length] === first[length])) length++;
  return length;
}
