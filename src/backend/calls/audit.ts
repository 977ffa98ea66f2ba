// Calls about the audit log.

import type { AuditStore } from "../backend.ts";
import { checkCount, checkDuration, checkName, checkOneOf, checkOptionalText, checkText, checkTime } from "../check.ts";
import { auditStatuses } from "../fact-records.ts";
import type { CallsOf } from "./call.ts";

export const auditCalls: CallsOf<AuditStore> = {
  writeAudit: {
    writes: true,
    precious: true,
    check(entries) {
      for (const { at, actor, action, resource, status, why, correlation } of entries) {
        checkTime(at, "audit entry's time");
        checkText(actor, "audit entry's actor");
        checkName(action, "audit entry's action");
        checkText(resource, "audit entry's resource");
        checkOneOf(status, auditStatuses, "audit entry's status");
        checkOptionalText(why, "audit entry's reason");
        checkText(correlation, "audit entry's correlation");
      }
    },
    nothing: (entries) => (entries.length === 0 ? { answer: [] } : undefined),
  },
  listAudit: {
    writes: false,
    check({ actor, action, resource, status, since } = {}) {
      checkOptionalText(actor, "audit entry's actor");
      checkOptionalText(action, "audit entry's action");
      checkOptionalText(resource, "audit entry's resource");
      if (status !== undefined) checkOneOf(status, auditStatuses, "audit entry's status");
      if (since !== undefined) checkDuration(since, "time");
    },
  },
  readAudit: {
    writes: false,
    check(from, limit) {
      checkCount(from, "number of an audit entry");
      checkCount(limit, "number of audit entries");
    },
    nothing: (_, limit) => (limit === 0 ? { answer: [] } : undefined),
  },
};
