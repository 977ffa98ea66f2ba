// The quality of partitions, in memory.

import { decodeJson, encodeJson, encodeOptionalJson } from "../json-text.ts";
import { closePage, openPage } from "../page.ts";
import { quarantineListing } from "../quarantine-listing.ts";
import type {
  NewQuarantine,
  Page,
  PageRequest,
  PartitionId,
  QualityRecord,
  QuarantineFilter,
  QuarantineRecord,
} from "../records.ts";
import { partitionsUnknown } from "../refusals.ts";
import { markPartitionsDamaged } from "./partitions.ts";
import type { MemoryState } from "./state.ts";

export function writeQuality(state: MemoryState, records: readonly QualityRecord[]): void {
  refuseUnknown(
    state,
    records.map(({ partition }) => partition),
  );
  for (const { partition, statistics, findings } of records) {
    state.set(state.quality, partition, {
      statistics: encodeOptionalJson(statistics, "statistics"),
      findings: encodeJson(findings, "findings"),
    });
  }
}

export function readQuality(state: MemoryState, ids: readonly PartitionId[]): readonly (QualityRecord | undefined)[] {
  return ids.map((partition) => {
    const row = state.quality.get(partition);
    if (row === undefined) return undefined;
    const { statistics, findings } = row;
    return {
      partition,
      statistics: statistics === undefined ? undefined : decodeJson(statistics, "statistics"),
      findings: decodeJson(findings, "findings"),
    };
  });
}

export function writeQuarantine(state: MemoryState, entries: readonly NewQuarantine[]): readonly QuarantineRecord[] {
  const ids = entries.map(({ partition }) => partition);
  refuseUnknown(state, ids);
  markPartitionsDamaged(state, ids);
  const at = new Date(state.clock.now()).toISOString();
  return entries.map(({ graph, artifactKey, key, partition, run, findings }) => {
    const sequence = state.nextSequence();
    const record = { sequence, graph, artifactKey, key, partition, run, at, ended: undefined };
    const row = Object.freeze({ ...record, findings: encodeJson(findings, "findings") });
    state.set(state.quarantine, sequence, row);
    return toEntry(row);
  });
}

type Row = MemoryState["quarantine"] extends Map<number, infer Stored> ? Stored : never;

export function toEntry(row: Row): QuarantineRecord {
  return { ...row, findings: decodeJson(row.findings, "findings") };
}

export function listQuarantine(
  state: MemoryState,
  filter: QuarantineFilter = {},
  request?: PageRequest,
): Page<QuarantineRecord> {
  const listing = quarantineListing(filter);
  const page = openPage(listing, request);
  const rows: Row[] = [];
  let before = page.after?.[0] as number | undefined;
  while (rows.length <= page.limit) {
    const sequences = state.quarantine.keysBefore(before, 1000);
    if (sequences.length === 0) break;
    for (const sequence of sequences) {
      const row = state.quarantine.get(sequence)!;
      const { graph, open } = filter;
      if (graph !== undefined && row.graph !== graph) continue;
      if (open !== undefined && (row.ended === undefined) !== open) continue;
      rows.push(row);
    }
    before = sequences.at(-1);
  }
  return closePage(listing, page, rows, ({ sequence }) => [sequence], toEntry);
}

export function endQuarantine(state: MemoryState, sequences: readonly number[]): number {
  const ended = new Date(state.clock.now()).toISOString();
  let count = 0;
  for (const sequence of new Set(sequences)) {
    const row = state.quarantine.get(sequence);
    if (row === undefined || row.ended !== undefined) continue;
    count++;
    state.set(state.quarantine, sequence, Object.freeze({ ...row, ended }));
  }
  return count;
}

function refuseUnknown(state: MemoryState, ids: readonly PartitionId[]): void {
  const unknown = ids.filter((id) => !state.partitions.has(id));
  if (unknown.length > 0) throw partitionsUnknown(unknown);
}
