// Calls about tags.

import type { TagStore } from "../backend.ts";
import {
  checkFingerprint,
  checkName,
  checkOptionalFingerprint,
  checkOptionalText,
  checkOptionalTime,
  checkText,
} from "../check.ts";
import type { TagWrite } from "../records.ts";
import type { CallsOf } from "./call.ts";

export const tagCalls: CallsOf<TagStore> = {
  readSnapshotTag: {
    writes: false,
    check(graph, tag) {
      checkText(graph, "graph name");
      checkText(tag, "tag");
    },
  },
  writeSnapshotTag: { writes: true, precious: true, check: checkTagWrite },
  listSnapshotTags: { writes: false, check: (graph) => checkOptionalText(graph, "graph name") },
  removeSnapshotTag: {
    writes: true,
    precious: true,
    check({ graph, tag, by, why, at, expected }) {
      checkText(graph, "graph name");
      checkText(tag, "tag");
      checkText(by, "author of a change");
      checkOptionalText(why, "reason of a change");
      checkOptionalTime(at, "time of a change");
      checkOptionalFingerprint(expected, "expected snapshot");
    },
  },
  readSnapshotTagHistory: {
    writes: false,
    check(graph, tag) {
      checkText(graph, "graph name");
      checkText(tag, "tag");
    },
  },
};

function checkTagWrite({ graph, tag, snapshot, by, why, at, expected }: TagWrite): void {
  checkName(graph, "graph name");
  checkName(tag, "tag");
  checkFingerprint(snapshot, "snapshot");
  checkText(by, "author of a change");
  checkOptionalText(why, "reason of a change");
  checkOptionalTime(at, "time of a change");
  if (expected !== "any" && expected !== null) checkOptionalFingerprint(expected, "expected snapshot");
}
