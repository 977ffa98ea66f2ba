// Every call of a connection, by the store it belongs to.

import type { Call, CallName } from "./calls/call.ts";
import { auditCalls } from "./calls/audit.ts";
import { eventCalls } from "./calls/events.ts";
import { graphCalls } from "./calls/graphs.ts";
import { leaseCalls } from "./calls/leases.ts";
import { lineageCalls } from "./calls/lineage.ts";
import { manifestCalls } from "./calls/manifests.ts";
import { modelCalls } from "./calls/models.ts";
import { partitionCalls } from "./calls/partitions.ts";
import { runCalls } from "./calls/runs.ts";
import { snapshotCalls } from "./calls/snapshots.ts";
import { submissionCalls } from "./calls/submissions.ts";
import { tagCalls } from "./calls/tags.ts";

export const calls: { readonly [Name in CallName]: Call<Name> } = {
  ...graphCalls,
  ...snapshotCalls,
  ...tagCalls,
  ...partitionCalls,
  ...manifestCalls,
  ...leaseCalls,
  ...runCalls,
  ...lineageCalls,
  ...modelCalls,
  ...eventCalls,
  ...auditCalls,
  ...submissionCalls,
};
