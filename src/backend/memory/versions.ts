// Versions of models in memory.

import { compareText } from "../../util/text-order.ts";
import type { Stores } from "../backend.ts";
import type { ModelName, VersionFilter, VersionRecord, VersionRef } from "../model-records.ts";
import { modelNotFound, productionTaken, versionExists, versionRefusal } from "../model-refusals.ts";
import { closePage, openPage, type Position } from "../page.ts";
import type { Page, PageRequest } from "../records.ts";
import { decodeVersion, encodeVersion } from "../record-text.ts";
import { fulfils, versionListing, versionOrder, wildcardPattern } from "../version-filter.ts";
import { frozen } from "./frozen.ts";
import { OrderedMap } from "./ordered-map.ts";
import { ascending, modelPlace, type MemoryState } from "./state.ts";

export function findVersions(
  state: MemoryState,
  queries: readonly (ModelName & { readonly ref: VersionRef })[],
): readonly (VersionRecord | undefined)[] {
  return queries.map(({ ref, ...name }) => findVersion(state, modelPlace(name), ref));
}

function findVersion(state: MemoryState, place: string, ref: VersionRef): VersionRecord | undefined {
  const versions = state.versions.get(place);
  if (versions === undefined) return undefined;
  switch (ref.kind) {
    case "version":
      return versionOf(state, place, ref.version);
    case "sequence":
      return versions.get(ref.sequence);
    case "alias": {
      const version = versionOf(state, place, state.aliases.get(place)?.get(ref.alias)?.version);
      return version?.deleted === undefined ? version : undefined;
    }
    case "latest":
      return inOrder(versions).findLast(isThere);
    case "stage": {
      const staged = inOrder(versions).filter((version) => isThere(version) && version.stage === ref.stage);
      return staged.sort((a, b) => a.stagedAt - b.stagedAt).at(-1);
    }
  }
}

function versionOf(state: MemoryState, place: string, version: string | undefined): VersionRecord | undefined {
  const sequence = version === undefined ? undefined : state.versionNumbers.get(place)?.get(version);
  return sequence === undefined ? undefined : state.versions.get(place)?.get(sequence);
}

function inOrder(versions: OrderedMap<number, VersionRecord>): VersionRecord[] {
  return versions.keysAfter(undefined, versions.size).map((sequence) => versions.get(sequence)!);
}

function isThere({ deleted }: VersionRecord): boolean {
  return deleted === undefined;
}

export function readVersionNumbers(
  state: MemoryState,
  name: ModelName,
): { readonly highestSequence: number; readonly versions: readonly string[] } {
  const versions = inOrder(state.versions.get(modelPlace(name)) ?? new OrderedMap<number, VersionRecord>(ascending));
  return {
    highestSequence: versions.at(-1)?.sequence ?? 0,
    versions: versions.map(({ version }) => version).sort(compareText),
  };
}

export function writeVersions(
  state: MemoryState,
  writes: Parameters<Stores["writeVersions"]>[0],
): readonly VersionRecord[] {
  return writes.map(({ version, expected }) => writeVersion(state, version, expected));
}

function writeVersion(
  state: MemoryState,
  given: Omit<VersionRecord, "revision">,
  expected: number | undefined,
): VersionRecord {
  const place = modelPlace(given);
  if (!state.models.has(place)) throw modelNotFound(given);
  const versions = state.within(state.versions, place, () => new OrderedMap<number, VersionRecord>(ascending));
  const numbers = state.within(state.versionNumbers, place, () => new Map<string, number>());
  const current = versionOf(state, place, given.version);
  if (expected === undefined) {
    const existing = current ?? versions.get(given.sequence) ?? state.versionsById.get(given.id);
    if (existing !== undefined) throw versionExists(given, existing);
  } else {
    const refusal = versionRefusal(given, expected, current);
    if (refusal !== undefined) throw refusal;
  }
  if (given.stage === "production" && given.deleted === undefined) {
    const live = inOrder(versions).find((one) => isThere(one) && one.stage === "production" && one.id !== given.id);
    if (live !== undefined) throw productionTaken(given, live, expected);
  }
  const { namespace, name, id, version, sequence, stage, stagedAt } = given;
  const columns = { namespace, name, id, version, sequence, stage, stagedAt, revision: (current?.revision ?? 0) + 1 };
  const stored: VersionRecord = frozen(decodeVersion(columns, encodeVersion(given)));
  state.set(versions, sequence, stored);
  state.journal.set(state.versionsById, id, stored);
  if (current === undefined) state.journal.set(numbers, version, sequence);
  return stored;
}

export function listVersions(
  state: MemoryState,
  filter: VersionFilter = {},
  request?: PageRequest,
): Page<VersionRecord> {
  const listing = versionListing(filter);
  const page = openPage(listing, request);
  const order = versionOrder(filter);
  const positionOf = (version: VersionRecord): Position => {
    if (order === "sequence") return [version.sequence];
    if (order === "age") return [version.id];
    const value = metricOf(version, order.metric);
    return value === undefined ? [1, 0, version.id] : [0, value, version.id];
  };
  const compare = (a: Position, b: Position): number => {
    if (order === "sequence") return Number(b[0]) - Number(a[0]);
    if (order === "age") return compareText(String(b[0]), String(a[0]));
    const values = order.descending ? Number(b[1]) - Number(a[1]) : Number(a[1]) - Number(b[1]);
    return Number(a[0]) - Number(b[0]) || values || compareText(String(b[2]), String(a[2]));
  };
  const rows = [...state.versionsById.values()]
    .filter(matching(filter))
    .map((version) => ({ version, position: positionOf(version) }))
    .filter(({ position }) => page.after === undefined || compare(position, page.after) > 0)
    .sort((a, b) => compare(a.position, b.position));
  return closePage(
    listing,
    page,
    rows.slice(0, page.limit + 1),
    ({ position }) => position,
    ({ version }) => version,
  );
}

function metricOf({ metrics }: VersionRecord, metric: string): number | undefined {
  return Object.hasOwn(metrics, metric) ? metrics[metric] : undefined;
}

function matching(filter: VersionFilter): (version: VersionRecord) => boolean {
  const { namespace, name, stages, framework, run, content, versions, where = [], deleted = false } = filter;
  const pattern = name === undefined ? undefined : wildcardPattern(name);
  return (version) =>
    (deleted || isThere(version)) &&
    (namespace === undefined || version.namespace === namespace) &&
    (pattern === undefined || pattern.test(version.name)) &&
    (stages === undefined || stages.includes(version.stage)) &&
    (framework === undefined || version.framework === framework) &&
    (run === undefined || version.run === run) &&
    (content === undefined || version.source?.content === content) &&
    (versions === undefined || versions.includes(version.version)) &&
    where.every((condition) => {
      const values = version[condition.in];
      return fulfils(Object.hasOwn(values, condition.key) ? values[condition.key] : undefined, condition);
    });
}
