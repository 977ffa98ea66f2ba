// Intents written: the rows of their appliers, with their events and audit rows, all in one transaction, each once.

import type { Connection } from "../backend/backend.ts";
import type { AuditRecord, EventRecord, NewAudit, NewEvent } from "../backend/fact-records.ts";
import { StratigraphError } from "../errors.ts";
import type { Intent } from "../journal/intent.ts";
import type { Clock } from "../util/clock.ts";
import { createId } from "../util/id.ts";
import type { Applied, Applier, EventDraft } from "./applier.ts";
import { eventProblem } from "./event-types.ts";
import { parseWith } from "./parse.ts";

/** An intent and how it is written, whatever the types of its data and result are. */
export interface Submission {
  readonly intent: Intent;
  apply(tx: Connection): Promise<Applied<unknown>>;
  refused(error: StratigraphError): Promise<readonly EventDraft[]>;
}

/** `applied` is called with every result: of two attempts the last one counts. */
export function submissionOf<Data, Result>(
  applier: Applier<Data, Result>,
  intent: Intent,
  applied?: (result: Result) => void,
): Submission {
  const parse = (): Promise<Data> => parseWith(applier.schema, intent.data, `the data of ${intent.action}`);
  return {
    intent,
    async apply(tx) {
      const answer = await applier.apply(tx, await parse(), intent);
      applied?.(answer.result);
      return answer;
    },
    async refused(error) {
      return applier.refused?.(await parse(), intent, error) ?? [];
    },
  };
}

/** `taken` is false where an earlier delivery had written it already; then nothing was written now. */
export interface Written {
  readonly taken: boolean;
  readonly events: readonly EventRecord[];
  readonly audit: readonly AuditRecord[];
}

/** Writes submissions, all or none, in order; may do so as often as it likes. */
export type Committer = (submissions: readonly Submission[]) => Promise<readonly Written[]>;

/** Milliseconds of work at a time: a database that answers at once would otherwise hold the event loop for the whole of a batch. */
const BREATH = 4;

/** All of them or none, in order, giving way to other work between them. */
export async function commit(
  connection: Connection,
  submissions: readonly Submission[],
  clock: Clock,
): Promise<readonly Written[]> {
  return connection.transaction((tx) => {
    let breathed = clock.monotonic();
    return applyAll(tx, submissions, clock, async () => {
      if (clock.monotonic() - breathed < BREATH) return;
      await new Promise((resolve) => setImmediate(resolve));
      breathed = clock.monotonic();
    });
  });
}

/**
 * The same inside a transaction that is somebody else's. A submission that an earlier attempt of this process wrote, although that attempt
 * was reported as failed, answers what that attempt had written.
 */
export async function applyAll(
  tx: Connection,
  submissions: readonly Submission[],
  clock: Clock,
  breathe?: () => Promise<void>,
): Promise<readonly Written[]> {
  const taken = await tx.takeSubmissions(submissions.map(({ intent }) => intent.key));
  const written: Written[] = [];
  for (const [index, submission] of submissions.entries()) {
    if (index > 0) await breathe?.();
    if (taken[index] !== true) {
      written.push(attempted.get(submission) ?? { taken: false, events: [], audit: [] });
      continue;
    }
    const { intent } = submission;
    const { events, audit } = await submission.apply(tx);
    const drafts = [...(intent.events ?? []), ...events];
    const one: Written = {
      taken: true,
      events: drafts.length === 0 ? [] : await tx.writeEvents(drafts.map((draft) => eventOf(draft, intent, clock))),
      audit: audit.length === 0 ? [] : await tx.writeAudit(audit.map((draft) => auditOf(draft, intent))),
    };
    attempted.set(submission, one);
    written.push(one);
  }
  return written;
}

const attempted = new WeakMap<Submission, Written>();

function eventOf({ type, subject, data }: EventDraft, intent: Intent, clock: Clock): NewEvent {
  checkEvent(type, data);
  const { actor, run, correlation, recordedAt: at } = intent;
  return { id: createId(clock), type, at, actor, subject, run: run === "none" ? undefined : run, correlation, data };
}

/** A slip of ours must not become a row that nobody can read. */
function checkEvent(type: string, data: unknown): void {
  // Whatever else has dots in it is a plugin's own.
  if (!/^[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+$/.test(type)) {
    throw new StratigraphError("RECORD_INVALID", "an event's type is words with dots between them", { received: type });
  }
  const problem = eventProblem(type, data);
  if (problem === undefined) return;
  throw new StratigraphError("RECORD_INVALID", `the data of the event '${type}' does not fit: ${problem}`);
}

function auditOf(draft: Applied<unknown>["audit"][number], intent: Intent): NewAudit {
  const { action = intent.action, resource, status = "done", why, data } = draft;
  const { recordedAt: at, actor, correlation } = intent;
  return { at, actor, action, resource, status, why, correlation, data };
}
