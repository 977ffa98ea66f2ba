// Calls about snapshots.

import type { SnapshotStore } from "../backend.ts";
import { checkFingerprint, checkFingerprints, checkName, checkOneOf, checkOptionalText, checkText } from "../check.ts";
import { snapshotStates } from "../records.ts";
import type { CallsOf } from "./call.ts";

export const snapshotCalls: CallsOf<SnapshotStore> = {
  readSnapshot: { writes: false, check: (id) => checkFingerprint(id, "snapshot") },
  readLatestSnapshot: { writes: false, check: (graph) => checkText(graph, "graph name") },
  findSnapshots: {
    writes: false,
    check: (prefix) => checkText(prefix, "beginning of a snapshot id"),
    nothing: (prefix) => (/^[0-9a-f]{0,32}$/.test(prefix) ? undefined : { answer: [] }),
  },
  writeSnapshot: {
    writes: true,
    precious: true,
    check({ id, graph, graphFingerprint, state, createdAt }) {
      checkFingerprint(id, "snapshot");
      checkName(graph, "graph name");
      checkFingerprint(graphFingerprint, "graph");
      checkOneOf(state, snapshotStates, "snapshot's state");
      checkText(createdAt, "snapshot's time");
    },
  },
  setSnapshotState: {
    writes: true,
    precious: true,
    check(id, state) {
      checkFingerprint(id, "snapshot");
      checkOneOf(state, snapshotStates, "snapshot's state");
    },
  },
  listSnapshots: { writes: false, check: (graph) => checkOptionalText(graph, "graph name") },
  removeSnapshots: {
    writes: true,
    check: (ids) => checkFingerprints(ids, "snapshot"),
    nothing: (ids) => (ids.length === 0 ? { answer: undefined } : undefined),
  },
};
