// Calls about submissions.

import type { SubmissionStore } from "../backend.ts";
import { checkDuration, checkName } from "../check.ts";
import type { CallsOf } from "./call.ts";

export const submissionCalls: CallsOf<SubmissionStore> = {
  takeSubmissions: {
    writes: true,
    check(keys) {
      for (const key of keys) checkName(key, "key of a submission");
    },
    nothing: (keys) => (keys.length === 0 ? { answer: [] } : undefined),
  },
  removeSubmissions: { writes: true, check: (before) => checkDuration(before, "time") },
};
