// Calls about leases.

import type { LeaseStore } from "../backend.ts";
import { checkCount, checkDuration, checkName, checkText } from "../check.ts";
import type { Fence } from "../records.ts";
import type { CallsOf } from "./call.ts";

export const leaseCalls: CallsOf<LeaseStore> = {
  acquireLeases: {
    writes: true,
    check(names, { holder, ttl }) {
      for (const name of names) checkName(name, "lease name");
      checkText(holder, "lease's holder");
      checkDuration(ttl, "lease's time");
    },
    nothing: (names) => (names.length === 0 ? { answer: [] } : undefined),
  },
  checkLeases: {
    writes: false,
    check: checkFences,
    nothing: (fences) => (fences.length === 0 ? { answer: [] } : undefined),
  },
  renewLeases: {
    writes: true,
    check(fences, ttl) {
      checkFences(fences);
      checkDuration(ttl, "lease's time");
    },
    nothing: (fences) => (fences.length === 0 ? { answer: [] } : undefined),
  },
  releaseLeases: {
    writes: true,
    check: checkFences,
    nothing: (fences) => (fences.length === 0 ? { answer: undefined } : undefined),
  },
};

function checkFences(fences: readonly Fence[]): void {
  for (const { name, token } of fences) {
    checkText(name, "lease name");
    checkCount(token, "lease's token");
  }
}
