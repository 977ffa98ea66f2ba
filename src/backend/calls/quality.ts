// Calls about the quality of partitions: statistics, findings, quarantine.

import type { QualityStore } from "../backend.ts";
import { checkCount, checkName, checkOptionalText, checkPartitionIds, checkText } from "../check.ts";
import { encodeJson, encodeOptionalJson } from "../json-text.ts";
import type { CallsOf } from "./call.ts";

export const qualityCalls: CallsOf<QualityStore> = {
  writeQuality: {
    writes: true,
    check(records) {
      for (const { partition, statistics, findings } of records) {
        checkPartitionIds([partition]);
        encodeOptionalJson(statistics, "statistics of a partition");
        encodeJson(findings, "findings of a partition");
      }
    },
    nothing: (records) => (records.length === 0 ? { answer: undefined } : undefined),
  },
  readQuality: {
    writes: false,
    check: checkPartitionIds,
    nothing: (ids) => (ids.length === 0 ? { answer: [] } : undefined),
  },
  writeQuarantine: {
    writes: true,
    check(entries) {
      for (const { graph, artifactKey, key, partition, run, findings } of entries) {
        checkName(graph, "graph name");
        checkName(artifactKey, "artifact key");
        checkText(key, "partition key");
        checkPartitionIds([partition]);
        checkOptionalText(run, "run id");
        encodeJson(findings, "findings of a partition");
      }
    },
    nothing: (entries) => (entries.length === 0 ? { answer: [] } : undefined),
  },
  listQuarantine: {
    writes: false,
    check: ({ graph } = {}) => checkOptionalText(graph, "graph name"),
  },
  endQuarantine: {
    writes: true,
    check(sequences) {
      for (const sequence of sequences) checkCount(sequence, "quarantine entry's sequence");
    },
    nothing: (sequences) => (sequences.length === 0 ? { answer: 0 } : undefined),
  },
};
