// Lineage records as a tree of JSON files, one per run, and back: `{base}/{usecase}/{package}/{task}/{run_id}.json`.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { Connection } from "../backend/backend.ts";
import { everyItem } from "../backend/pages.ts";
import type { Json, RunFilter, TaskIO, TaskRecord } from "../backend/records.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import { syncFolders, writeFileDurably } from "../util/durable-file.ts";
import { escapeName, NAME_LIMIT, shortenName } from "../util/file-name.ts";
import type { Lineage } from "./lineage.ts";
import { hasEnded, toCore, type NewLineageRecord } from "./record.ts";
import { parseState, statusOf } from "./status.ts";

/** A record as a file has it. Keys that are not here are kept. */
type FileRecord = { readonly [name: string]: Json | undefined };

export interface Projected {
  /** Relative to the base, in order. */
  readonly written: readonly string[];
  /** Files that were as they should be. */
  readonly same: number;
}

/**
 * Writes one file for every task, where it is missing or says something else; files that nobody here knows stay. Each file whole or not
 * at all. `filter`: only some tasks.
 */
export async function projectLineage(
  connection: Connection,
  base: string,
  filter: Omit<RunFilter, "kind" | "kinds"> = {},
): Promise<Projected> {
  const written: string[] = [];
  let same = 0;
  for await (const run of everyItem((page) => connection.listRuns({ ...filter, kind: "task" }, page))) {
    const task = run as TaskRecord;
    const path = join(base, pathOf(task));
    const text = `${JSON.stringify(toFile(task), null, 2)}\n`;
    if (existsSync(path) && readFileSync(path, "utf8") === text) {
      same++;
      continue;
    }
    await writeFileDurably(path, Buffer.from(text), { replace: true, mode: 0o644, folderMode: 0o755 });
    written.push(relative(base, path).split(sep).join("/"));
  }
  if (written.length > 0) {
    await syncFolders(
      written.map((file) => join(base, file)),
      base,
    );
  }
  return { written: written.sort(), same };
}

export interface Imported {
  /** Runs that are now as their files say, or were already. */
  readonly records: number;
  /** Files that hold no record, each with what is wrong. */
  readonly refused: readonly { readonly file: string; readonly error: StratigraphError }[];
}

/**
 * Records every file of a tree, ours or one of the system whose layout it is, as often as one likes: each time the files are read anew.
 * What a file says beyond what we know becomes an extension of the record, and is written back by `projectLineage`.
 */
export async function importLineage(lineage: Pick<Lineage, "record">, base: string): Promise<Imported> {
  const refused: { file: string; error: StratigraphError }[] = [];
  let records = 0;
  for (const file of filesBelow(base)) {
    try {
      const value = JSON.parse(readFileSync(join(base, file), "utf8")) as FileRecord;
      const receipt = await lineage.record(fromFile(value, file), { mode: "durable" });
      await receipt.committed;
      records++;
    } catch (error) {
      if (!isStratigraphError(error) && !(error instanceof SyntaxError)) throw error;
      refused.push({ file, error: asOurs(error, file) });
    }
  }
  return { records, refused };
}

function asOurs(error: StratigraphError | SyntaxError, file: string): StratigraphError {
  if (isStratigraphError(error)) return error.within(file);
  const received = error.message;
  return new StratigraphError("DATA_UNPARSEABLE", "the file is no JSON", { where: file, received, cause: error });
}

function filesBelow(base: string): string[] {
  if (!existsSync(base)) return [];
  return readdirSync(base, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
    .map((entry) => relative(base, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();
}

function pathOf({ id, graph, task }: TaskRecord): string {
  const folders = [task.namespace, graph, task.name].map((name) => part(name, NAME_LIMIT));
  return [...folders, `${part(id, NAME_LIMIT - ".json".length)}.json`].join("/");
}

function part(name: string, limit: number): string {
  const escaped = escapeName(name).replace(/^\.+$/, (dots) => "%2E".repeat(dots.length));
  return shortenName(escaped, limit) ?? createHash("sha256").update(escaped).digest("hex");
}

/** The keys that carry our core; others are extensions. */
const KEYS = [
  "run_id",
  "recorded_at",
  "engine_version",
  "usecase",
  "package",
  "task_name",
  "task_path",
  "profile",
  "status",
  "state",
  "started_at",
  "ended_at",
  "duration_sec",
  "error",
  "config_hash",
  "inputs",
  "outputs",
  "metadata",
] as const;

function toFile(task: TaskRecord): FileRecord {
  const core = toCore(task);
  const io = (wanted: TaskIO["direction"]): Json =>
    core.io
      .filter(({ direction }) => direction === wanted)
      .map(({ direction, name, location, format, rows, content }) => ({
        name,
        direction,
        format: format ?? "",
        location,
        row_count: rows ?? null,
        data_hash: content ?? null,
      }));
  return {
    ...core.extensions,
    run_id: core.runId,
    recorded_at: core.recordedAt,
    engine_version: core.engineVersion,
    task_path: `${core.usecase}/${core.pipeline}/${core.task}`,
    usecase: core.usecase,
    package: core.pipeline,
    task_name: core.task,
    profile: core.target,
    status: statusOf(core.state),
    state: core.state,
    started_at: core.startedAt ?? core.recordedAt,
    ended_at: core.finishedAt ?? null,
    duration_sec: core.durationSec ?? null,
    error: core.error ?? null,
    config_hash: core.config ?? "",
    inputs: io("input"),
    outputs: io("output"),
    metadata: core.metadata,
  };
}

/** Reads what is there and makes up nothing; the path stands in for names that the file leaves out. */
function fromFile(value: FileRecord, file: string): NewLineageRecord {
  const folders = file.split("/");
  const text = (key: string): string | undefined => {
    const found = value[key];
    return typeof found === "string" && found !== "" ? found : undefined;
  };
  const [usecase, pipeline, task] = (text("task_path") ?? folders.slice(0, -1).join("/")).split("/");
  const state = parseState(text("state") ?? text("status") ?? "running");
  const startedAt = text("started_at");
  const finishedAt = text("ended_at");
  const seconds = value["duration_sec"];
  const known: ReadonlySet<string> = new Set(KEYS);
  const extensions = Object.entries(value).filter(([key, one]) => !known.has(key) && one !== undefined);
  return {
    runId: text("run_id") ?? folders.at(-1)!.replace(/\.json$/, ""),
    usecase: text("usecase") ?? usecase,
    pipeline: text("package") ?? text("pipeline") ?? pipeline,
    task: text("task_name") ?? text("task") ?? task ?? "",
    target: text("profile") ?? text("target") ?? "",
    status: state,
    // Theirs have no time of the record itself: the end's for an end, so that it is later than the start's.
    recordedAt: zoned(text("recorded_at") ?? (hasEnded(state) ? (finishedAt ?? startedAt) : startedAt)),
    startedAt: zoned(startedAt),
    finishedAt: zoned(finishedAt),
    durationSec: typeof seconds === "number" && seconds >= 0 ? seconds : undefined,
    error: text("error"),
    config: text("config_hash"),
    io: [...ioOf(value["inputs"], "input"), ...ioOf(value["outputs"], "output")],
    metadata: metadataOf(value["metadata"]),
    engineVersion: text("engine_version") ?? "unknown",
    extensions: Object.fromEntries(extensions) as Record<string, Json>,
  };
}

/** Times that systems wrote without a zone are UTC there. */
function zoned(time: string | undefined): string | undefined {
  return time === undefined || /(Z|[+-]\d\d:?\d\d)$/i.test(time) ? time : `${time}Z`;
}

function ioOf(list: Json | undefined, direction: "input" | "output"): NonNullable<NewLineageRecord["io"]> {
  if (!Array.isArray(list)) return [];
  return (list as readonly Json[]).flatMap((one) => {
    const { name, location, format, row_count: rows, data_hash: content } = Object(one) as FileRecord;
    if (typeof name !== "string" || name === "") return [];
    return [
      {
        direction,
        name,
        location: typeof location === "string" ? location : "",
        ...(typeof format === "string" && format !== "" ? { format } : {}),
        ...(typeof rows === "number" && Number.isInteger(rows) && rows >= 0 ? { rows } : {}),
        ...(typeof content === "string" ? { content } : {}),
      },
    ];
  });
}

function metadataOf(value: Json | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(Object(value ?? {}) as FileRecord).map(([key, one]) => [
      key,
      typeof one === "string" ? one : JSON.stringify(one),
    ]),
  );
}
