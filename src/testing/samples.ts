// Small records for contract cases: everything has a value, and each test changes what it is about.

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { isStratigraphError, type ErrorCode, type StratigraphError } from "../errors.ts";
import { fingerprintText, type Fingerprint } from "../identity/fingerprint.ts";
import type { KeyText } from "../identity/partition-key.ts";
import type { Connection } from "../backend/backend.ts";
import type { Page, PageRequest, PartitionRecord, RunId, RunRecord, SnapshotRecord } from "../backend/records.ts";

/** A fingerprint for a name: equal names, equal fingerprints. */
export function print(name: string): Fingerprint {
  return fingerprintText(name);
}

export function key(text: string): KeyText {
  return text as KeyText;
}

export function partition(change: Partial<PartitionRecord> = {}): PartitionRecord {
  const text = change.key ?? key("date=2026-01-02");
  const content = change.content ?? print(`content of ${text}`);
  return {
    artifact: print("artifact"),
    key: text,
    input: print(`input of ${text}`),
    content,
    size: 17,
    digest: undefined,
    storage: "local",
    location: `data/days/${text}.${content}.json`,
    value: undefined,
    run: undefined,
    ...change,
  };
}

export function snapshot(change: Partial<SnapshotRecord> = {}): SnapshotRecord {
  return {
    id: print("snapshot"),
    graph: "spend",
    graphFingerprint: print("graph"),
    state: "open",
    createdAt: "2026-01-02T03:04:05.678Z",
    ...change,
  };
}

export function run(change: Partial<RunRecord> = {}): RunRecord {
  return {
    id: runId("run"),
    parent: undefined,
    kind: "step",
    graph: "spend",
    snapshot: print("snapshot"),
    producer: "sum-day",
    version: "1.0.0",
    key: key("date=2026-01-02"),
    input: print("input"),
    state: "running",
    reason: { code: "never-built" },
    startedAt: "2026-01-02T03:04:05.678Z",
    finishedAt: undefined,
    attempts: 1,
    duration: undefined,
    error: undefined,
    holder: "ana@host 1 2",
    ...change,
  };
}

export function runId(text: string): RunId {
  return text as RunId;
}

/** Links partitions of one artifact key into a snapshot that is made for it. */
export async function build(
  connection: Connection,
  id: Fingerprint,
  partitions: readonly PartitionRecord[],
  artifactKey = "days",
): Promise<readonly number[]> {
  await connection.writeSnapshot(snapshot({ id }));
  return connection.writeArtifactAndGraphPartitions(
    id,
    partitions.map((record) => ({ artifactKey, partition: record })),
  );
}

/** All pages of a listing. */
export async function allPages<T>(list: (page: PageRequest) => Promise<Page<T>>, limit = 1000): Promise<T[]> {
  const items: T[] = [];
  let after: PageRequest["after"];
  do {
    const page = await list({ limit, after });
    for (const item of page.items) items.push(item);
    after = page.next;
  } while (after !== undefined);
  return items;
}

/** The error that the promise rejects with, which must be ours and have this code. */
export async function refusal(promise: Promise<unknown>, code: ErrorCode): Promise<StratigraphError> {
  const error: unknown = await promise.then(
    () => assert.fail(`expected ${code}, but it succeeded`),
    (reason: unknown) => reason,
  );
  if (!isStratigraphError(error)) throw error;
  assert.equal(error.code, code, error.message);
  assert.match(error.message, /^[^\n]{10,600}$/, "one sentence");
  return error;
}

/** Every file and folder below a folder, relative to it, in order. */
export async function allPaths(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true, encoding: "utf8" });
  return entries.map((entry) => relative(folder, join(entry.parentPath, entry.name))).sort();
}
