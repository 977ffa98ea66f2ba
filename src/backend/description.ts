// What a snapshot's graph declared, read back from what its build wrote.

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
