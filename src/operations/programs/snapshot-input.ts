// The ways in which a program names a snapshot, and the record they lead to.

import type { Connection } from "../../backend/backend.ts";
import type { StoredSnapshot } from "../../backend/records.ts";
import { resolveSnapshot, type Snapshot } from "../../build/snapshot.ts";
import { StratigraphError } from "../../errors.ts";
import { isRecord } from "../../graph/option.ts";
import type { Fingerprint } from "../../identity/fingerprint.ts";
import { refused } from "./given.ts";

/** "latest", a tag or at least 4 characters of an id; what a build or `graph.snapshot()` returned; or a record of one. */
export type SnapshotInput<G extends string = string> = string | Snapshot<G> | StoredSnapshot;

/**
 * The record of that snapshot in this backend. `where`: which option of which call named it.
 * Errors: SNAPSHOT_UNKNOWN, also for one of another graph; VALIDATION_FAILED for what names none.
 */
export async function storedSnapshot(
  connection: Connection,
  graph: string,
  given: SnapshotInput,
  where: string,
): Promise<StoredSnapshot> {
  if (typeof given === "string") return resolveSnapshot(connection, graph, given);
  const { id, graph: owner } = checked(given, where);
  const short = id.slice(0, 8);
  if (owner !== graph) {
    throw new StratigraphError("SNAPSHOT_UNKNOWN", "this is a snapshot of another graph", {
      where,
      expected: `one of graph '${graph}'`,
      received: `${short} of graph '${owner}'`,
    });
  }
  const stored = await connection.readSnapshot(id);
  if (stored !== undefined) return stored;
  throw new StratigraphError("SNAPSHOT_UNKNOWN", `snapshot ${short} is not in this backend`, {
    where,
    hint: "Name the backend that it was built in, as { backend }.",
  });
}

function checked(given: unknown, where: string): { readonly id: Fingerprint; readonly graph: string } {
  if (isRecord(given) && typeof given["id"] === "string" && typeof given["graph"] === "string") {
    return given as { readonly id: Fingerprint; readonly graph: string };
  }
  throw refused(
    where,
    "this names no snapshot",
    '"latest", a tag, the first characters of an id, or a snapshot',
    given,
  );
}
