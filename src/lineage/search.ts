// Runs that were asked for: filters as people give them, turned into one question to the backend.

import type { Connection } from "../backend/backend.ts";
import type { Cursor, Page, RunFilter, RunRecord } from "../backend/records.ts";
import { StratigraphError } from "../errors.ts";
import { parseMoment } from "../util/moment.ts";
import { parseVersionRange } from "../util/version-range.ts";
import { statesAskedFor } from "./status.ts";

/** All that is given holds together. */
export interface LineageQuery {
  /** The task's own name; of a build its graph's. */
  readonly task?: string | undefined;
  readonly usecase?: string | undefined;
  /** The pipeline; of a build its graph. */
  readonly pipeline?: string | undefined;
  /** "success", "error", "running", or a state told apart: "warning", "cancelled", … */
  readonly status?: string | undefined;
  /** Started then or later: a Date, a time with its zone, or a date, which begins in UTC. */
  readonly since?: Date | string | undefined;
  /** How the run's id begins. */
  readonly run?: string | undefined;
  /** Every one of these, with exactly this value. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Which version of this package wrote it: ">=0.3 <0.5". */
  readonly engineVersion?: string | undefined;
  /** The name or place of something it read or wrote. */
  readonly artifact?: string | undefined;
  /** The content of something it read or wrote. */
  readonly content?: string | undefined;
  /** Tasks and builds unless told. */
  readonly kind?: "task" | "build" | undefined;
  /** 1 to 10,000; 100 unless told. */
  readonly limit?: number | undefined;
  /** The `next` of the page before. */
  readonly cursor?: string | undefined;
}

const DEFAULT_LIMIT = 100;

/** Newest first. Errors: VALIDATION_FAILED for what cannot be understood, CURSOR_INVALID. */
export async function searchRuns(connection: Connection, query: LineageQuery): Promise<Page<RunRecord>> {
  const { limit = DEFAULT_LIMIT, cursor } = query;
  const page = { limit, after: cursor as Cursor | undefined };
  const filter = await filterOf(connection, query);
  return filter === undefined ? { items: [], next: undefined } : connection.listRuns(filter, page);
}

/** `undefined` where nothing can match. */
async function filterOf(connection: Connection, query: LineageQuery): Promise<RunFilter | undefined> {
  const { task, usecase, pipeline, status, since, run, labels, engineVersion, artifact, content, kind } = query;
  const engineVersions = engineVersion === undefined ? undefined : await versionsIn(connection, engineVersion);
  if (engineVersions?.length === 0) return undefined;
  return {
    kinds: kind === undefined ? ["task", "build"] : [kind],
    name: task,
    namespace: usecase,
    graph: pipeline,
    states: status === undefined ? undefined : statesAskedFor(status),
    since: since === undefined ? undefined : parseMoment(since, "since"),
    idPrefix: run,
    labels,
    engineVersions,
    artifact,
    content,
  };
}

/** Few versions ever wrote, so a range becomes a list of them, which an index answers. */
async function versionsIn(connection: Connection, range: string): Promise<readonly string[]> {
  const test = parseVersionRange(range);
  return (await connection.listEngineVersions()).filter(test);
}

/** "key=value" as typed. Error: VALIDATION_FAILED. */
export function parseLabel(text: string): readonly [key: string, value: string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new StratigraphError("VALIDATION_FAILED", "that is no label", {
    expected: "key=value",
    received: `'${text}'`,
  });
}
