// Every call about facts beyond builds, by the store it belongs to; loaded by the first of them.

import { auditCalls } from "./audit.ts";
import type { Call, FactCallName } from "./call.ts";
import { copyCalls } from "./copies.ts";
import { eventCalls } from "./events.ts";
import { lineageCalls } from "./lineage.ts";
import { modelCalls } from "./models.ts";
import { submissionCalls } from "./submissions.ts";
import { taskCalls } from "./tasks.ts";

export const factCalls: { readonly [Name in FactCallName]: Call<Name> } = {
  ...taskCalls,
  ...lineageCalls,
  ...modelCalls,
  ...eventCalls,
  ...auditCalls,
  ...submissionCalls,
  ...copyCalls,
};
