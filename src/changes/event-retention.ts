// Events that are old enough to be forgotten: what was decided stays in the audit log, which nobody shortens.

import { z } from "zod";
import type { Applier } from "./applier.ts";
import type { Host } from "./host.ts";

const DAY = 86_400_000;

/** Milliseconds since 1970: events from before that may go. */
export function eventsMayGoBefore({ eventDays }: { readonly eventDays: number }, now: number): number {
  return Math.max(0, now - eventDays * DAY);
}

interface Forgetting {
  /** ISO time. */
  readonly before: string;
}

const schema: z.ZodType<Forgetting> = z.object({ before: z.iso.datetime() });

const forgetApplier: Applier<Forgetting, { readonly removed: number }> = {
  action: "events.forget",
  schema,
  async apply(tx, { before }) {
    const removed = await tx.removeEvents(Date.parse(before));
    return { result: { removed }, events: [], audit: [{ resource: "events", data: { before, removed } }] };
  },
};

/** Removes events from before that time (milliseconds since 1970), with an audit row, and answers how many. */
export async function forgetEvents(host: Host, before: number): Promise<number> {
  const { result } = await host.change({
    action: forgetApplier.action,
    resource: () => "events",
    schema,
    input: { before: new Date(before).toISOString() },
    decide: async (data) => ({ data, result: { removed: 0 } }),
    applier: forgetApplier,
    journal: "audit",
    mode: "durable",
  });
  return result.removed;
}
