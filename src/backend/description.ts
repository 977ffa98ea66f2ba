// What a snapshot's graph declared, read back from what its build wrote.

import { StratigraphError } from "../errors.ts";
import type { GraphDescription } from "../graph/describe.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { Connection } from "./backend.ts";

/** The description of the graph that a snapshot was made of; `undefined` where it was never written. */
export async function readDescription(
  connection: Pick<Connection, "readGraph">,
  snapshot: { readonly graph: string; readonly graphFingerprint: Fingerprint },
): Promise<GraphDescription | undefined> {
  const record = await connection.readGraph(snapshot.graph, snapshot.graphFingerprint);
  // Only graph/describe.ts writes descriptions; a later format would be another number.
  const description = record?.description as unknown as GraphDescription | undefined;
  return description?.format === 1 ? description : undefined;
}

/** The same where it must be known. Error: SNAPSHOT_UNKNOWN. */
export async function loadDescription(
  connection: Pick<Connection, "readGraph">,
  snapshot: { readonly id: Fingerprint; readonly graph: string; readonly graphFingerprint: Fingerprint },
): Promise<GraphDescription> {
  const description = await readDescription(connection, snapshot);
  if (description !== undefined) return description;
  throw new StratigraphError(
    "SNAPSHOT_UNKNOWN",
    `what graph '${snapshot.graph}' declared then is not remembered in a form this version knows`,
    {
      where: `snapshot ${snapshot.id.slice(0, 8)}`,
      hint: "Build the graph again with this version.",
    },
  );
}
