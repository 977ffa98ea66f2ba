// What the verbs of lineage share: an open database, which needs no graph, and what people type for a run or a snapshot.

import { existsSync, readFileSync, statSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";
import type { Connection } from "../../../backend/backend.ts";
import type { RunRecord, StoredSnapshot } from "../../../backend/records.ts";
import { resolveSnapshot } from "../../../build/snapshot.ts";
import type { Workspace } from "../../../build/workspace.ts";
import type { Settings } from "../../../config/settings.ts";
import { isStratigraphError, StratigraphError } from "../../../errors.ts";
import { findRun } from "../../../lineage/find-run.ts";
import type { Lineage } from "../../../lineage/lineage.ts";
import { parseReceipt, receiptOfRun, receiptOfSnapshot, type LineageReceipt } from "../../../lineage/receipt.ts";
import type { Call } from "../../command.ts";
import { withFacts } from "../../facts.ts";
import { shownPath } from "../../../code/frames.ts";
import type { Project } from "../../project.ts";

export interface OpenProject {
  readonly project: Project;
  readonly workspace: Workspace;
  readonly connection: Connection;
}

/** Opens the project's database for reading, and closes it when `work` is done. */
export function withDatabase<T>(call: Call, work: (open: OpenProject) => Promise<T>): Promise<T> {
  return withFacts(call, (facts) => work({ ...facts, connection: facts.host.connection }));
}

/** The same for changing what is recorded of runs. */
export function withLineage<T>(
  call: Call,
  work: (lineage: Lineage, settings: Settings["lineage"]) => Promise<T>,
): Promise<T> {
  return withFacts(call, ({ lineage, settings }) => work(lineage, settings.lineage), { readOnly: false });
}

/** What `compare` and `gate` take: a run or the beginning of its id, a tag, "latest", or a snapshot's id. */
export const SUBJECT = "a run, a tag, latest, or the first characters of a snapshot's id";

/** A run where there is one of that id; else a snapshot of the graph; else a run that begins so. Error: SNAPSHOT_UNKNOWN or RUN_UNKNOWN. */
export async function findReceipt(open: OpenProject, text: string): Promise<LineageReceipt> {
  const { connection } = open;
  const found = await findSubject(open, text);
  return "kind" in found
    ? receiptOfRun(connection, found, text === found.id ? text.slice(-8) : text)
    : receiptOfSnapshot(connection, found, text);
}

async function findSubject(
  { project, workspace, connection }: OpenProject,
  text: string,
): Promise<RunRecord | StoredSnapshot> {
  const exact = await connection.readRun(text as RunRecord["id"]);
  if (exact !== undefined) return exact;
  try {
    return await resolveSnapshot(connection, await project.graphName(workspace), text);
  } catch (error) {
    const unknown = isStratigraphError(error) && ["SNAPSHOT_UNKNOWN", "USAGE"].includes(error.code);
    if (!unknown || text.length < 6) throw error;
    return findRun(connection, text).catch((other: unknown) => {
      throw isStratigraphError(other) && other.code === "RUN_AMBIGUOUS" ? other : error;
    });
  }
}

/** A receipt that was kept in a file. Errors: VALIDATION_FAILED, DATA_UNPARSEABLE. */
export function readReceipt(path: string, cwd: string): LineageReceipt {
  const where = shownPath(path, cwd);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new StratigraphError("DATA_UNPARSEABLE", "the file is no JSON", { where, cause: error });
  }
  return parseReceipt(value, where);
}

export function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

/** The places under which storages may know a file: relative to the root or to the state folder, or as a whole. */
export function placesOf(typed: string, { cwd }: Call, { project, workspace }: OpenProject): string[] {
  const path = resolve(cwd, typed);
  const home = workspace.storage.home ?? project.home;
  const below = (folder: string): string => relative(folder, path).split(sep).join("/");
  const inHome = below(home);
  const places = [...(inHome.startsWith("..") || isAbsolute(inHome) ? [] : [inHome]), below(project.root), typed, path];
  return [...new Set(places)];
}
