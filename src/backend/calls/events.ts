// Calls about events.

import type { EventStore } from "../backend.ts";
import { checkCount, checkDuration, checkName, checkOptionalText, checkText, checkTime } from "../check.ts";
import type { CallsOf } from "./call.ts";

export const eventCalls: CallsOf<EventStore> = {
  writeEvents: {
    writes: true,
    check(events) {
      for (const { id, type, at, actor, subject, run, correlation } of events) {
        checkName(id, "event's id");
        checkName(type, "event's type");
        checkTime(at, "event's time");
        checkText(actor, "event's actor");
        checkText(subject, "event's subject");
        checkOptionalText(run, "run id");
        checkText(correlation, "event's correlation");
      }
    },
    nothing: (events) => (events.length === 0 ? { answer: [] } : undefined),
  },
  listEvents: {
    writes: false,
    check({ types = [], subject, run, since, after } = {}) {
      for (const type of types) checkText(type, "event's type");
      checkOptionalText(subject, "event's subject");
      checkOptionalText(run, "run id");
      if (since !== undefined) checkDuration(since, "time");
      if (after !== undefined) checkCount(after, "event's number");
    },
    nothing: ({ types } = {}) => (types?.length === 0 ? { answer: { items: [], next: undefined } } : undefined),
  },
  countEvents: { writes: false, check: (before) => checkDuration(before, "time") },
  removeEvents: { writes: true, check: (before) => checkDuration(before, "time") },
};
