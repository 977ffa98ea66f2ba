// The intent that only tells: events and audit rows without a change, as of a refusal.

import { z } from "zod";
import { auditStatuses } from "../backend/fact-records.ts";
import type { Json } from "../backend/records.ts";
import type { Applied, Applier, AuditDraft, EventDraft } from "./applier.ts";

const plain = z.json() as z.ZodType<Json>;

export interface Facts {
  readonly events: readonly EventDraft[];
  readonly audit: readonly AuditDraft[];
}

const schema: z.ZodType<Facts> = z.object({
  events: z.array(z.object({ type: z.string(), subject: z.string(), data: plain })),
  audit: z.array(
    z.object({
      action: z.string().optional(),
      resource: z.string(),
      status: z.enum(auditStatuses).optional(),
      why: z.string().optional(),
      data: plain,
    }),
  ),
});

/** Part of every host, so that what was refused while the backend was down is in the audit log after a sync. */
export const factsApplier: Applier<Facts, void> = {
  action: "facts.record",
  schema,
  async apply(_tx, { events, audit }): Promise<Applied<void>> {
    return { result: undefined, events, audit };
  },
};
