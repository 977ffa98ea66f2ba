// Calls about lineage.

import type { LineageStore } from "../backend.ts";
import {
  checkCount,
  checkFingerprints,
  checkOneOf,
  checkOptionalText,
  checkPartitionIds,
  checkText,
} from "../check.ts";
import type { CallsOf } from "./call.ts";

export const lineageCalls: CallsOf<LineageStore> = {
  walkLineage: {
    writes: false,
    check(start, { direction, depth, limit }) {
      checkPartitionIds(start);
      checkOneOf(direction, ["upstream", "downstream"], "direction");
      if (depth !== undefined) checkCount(depth, "depth of a walk");
      if (limit !== undefined) checkCount(limit, "limit of a walk");
    },
    nothing: (start) => (start.length === 0 ? { answer: { partitions: [], edges: [], truncated: false } } : undefined),
  },
  findPartitionsAt: {
    writes: false,
    check(storage, locations) {
      checkOptionalText(storage, "storage");
      for (const location of locations) checkText(location, "location");
    },
    nothing: (_, locations) => (locations.length === 0 ? { answer: [] } : undefined),
  },
  findPartitionsOf: {
    writes: false,
    check: (contents) => checkFingerprints(contents, "content"),
    nothing: (contents) => (contents.length === 0 ? { answer: [] } : undefined),
  },
};
