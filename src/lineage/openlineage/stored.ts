// OpenLineage events of what is stored: builds with their steps, and tasks.

import type { Connection } from "../../backend/backend.ts";
import { everyItem } from "../../backend/pages.ts";
import type { RunFilter, RunId, RunRecord } from "../../backend/records.ts";
import { hasEnded } from "../record.ts";
import { NameBook } from "../names.ts";
import { eventTypeOf, type RunEvent } from "./event.ts";
import { stepFacts, type StepFacts } from "../step-facts.ts";
import { EventWriter, type OpenLineageNames } from "./writer.ts";

/** Which runs: one with all that is part of it, or all that began then or later (milliseconds since 1970). */
export type EventSelection = { readonly run: RunRecord } | { readonly since: number };

/** Oldest run first; of each the event of its start, then that of its end if it has ended. */
export async function* openLineageEvents(
  connection: Connection,
  selection: EventSelection,
  names: OpenLineageNames,
): AsyncGenerator<RunEvent> {
  const writer = new EventWriter(names);
  const book = new NameBook(connection);
  const parents = new Map<RunId, RunRecord | undefined>();
  for (const run of await selected(connection, selection)) {
    if (run.kind === "build") parents.set(run.id, run);
    const { parent: of } = run;
    if (of !== undefined && !parents.has(of)) parents.set(of, await connection.readRun(of));
    const parent = of === undefined ? undefined : parents.get(of);
    yield* eventsOf(writer, run, parent, run.kind === "step" ? await stepFacts(connection, book, run) : undefined);
  }
}

/** The events of one run that is stored. */
export function* eventsOf(
  writer: EventWriter,
  run: RunRecord,
  parent: RunRecord | undefined,
  step: StepFacts | undefined,
): Generator<RunEvent> {
  const type = eventTypeOf(run.state);
  if (type === undefined) return;
  yield writer.event("START", run.startedAt, run, { parent, step });
  if (hasEnded(run.state)) yield writer.event(type, run.finishedAt ?? run.startedAt, run, { parent, step });
}

async function selected(connection: Connection, selection: EventSelection): Promise<RunRecord[]> {
  const list = async (filter: RunFilter): Promise<RunRecord[]> => {
    const runs: RunRecord[] = [];
    for await (const run of everyItem((page) => connection.listRuns(filter, page))) runs.push(run);
    return runs.reverse();
  };
  if ("since" in selection) return list({ since: selection.since });
  const { run } = selection;
  return run.kind === "build" ? [run, ...(await list({ parent: run.id }))] : [run];
}
