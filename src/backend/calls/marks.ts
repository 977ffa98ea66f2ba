// Calls about marks.

import type { MarkStore } from "../backend.ts";
import {
  checkCount,
  checkName,
  checkOneOf,
  checkOptionalText,
  checkPartitionIds,
  checkText,
  invalid,
} from "../check.ts";
import { markKinds } from "../records.ts";
import type { CallsOf } from "./call.ts";

export const markCalls: CallsOf<MarkStore> = {
  writeMarks: {
    writes: true,
    precious: true,
    check(marks) {
      for (const { kind, graph, artifactKey, key, partition, by, why } of marks) {
        checkOneOf(kind, markKinds, "kind of a mark");
        checkName(graph, "graph name");
        checkName(artifactKey, "artifact key");
        checkText(key, "partition key");
        checkPartitionIds([partition]);
        checkText(by, "author of a change");
        checkText(why, "reason of a mark");
        if (why.trim() === "") throw invalid("reason of a mark", "a text that says why", why);
      }
    },
    nothing: (marks) => (marks.length === 0 ? { answer: [] } : undefined),
  },
  listMarks: {
    writes: false,
    check({ graph, kind } = {}) {
      checkOptionalText(graph, "graph name");
      if (kind !== undefined) checkOneOf(kind, markKinds, "kind of a mark");
    },
  },
  endMarks: {
    writes: true,
    precious: true,
    check({ sequences, by, why }) {
      for (const sequence of sequences) checkCount(sequence, "mark's sequence");
      checkText(by, "author of a change");
      checkOptionalText(why, "reason of a change");
    },
    nothing: ({ sequences }) => (sequences.length === 0 ? { answer: 0 } : undefined),
  },
};
