// Calls of whoever copies one backend into another.

import { checkCount, checkOneOf, checkText, invalid } from "../check.ts";
import type { CopyStore } from "../copy-store.ts";
import { keptKey, keptKinds, removableKinds, type KeptKind, type KeptRecords } from "../kept-records.ts";
import type { CallsOf } from "./call.ts";

export const copyCalls: CallsOf<Omit<CopyStore, "readCopyState">> = {
  writeCopyState: {
    writes: true,
    precious: true,
    check({ given, copied: { from, here } }) {
      for (const number of [given, from, here]) checkCount(number, "number that was given");
    },
  },
  listKept: { writes: false, check: (kind) => checkOneOf(kind, keptKinds, "kind of records") },
  putKept: {
    writes: true,
    precious: true,
    check(kind, records) {
      checkOneOf(kind, keptKinds, "kind of records");
      for (const record of records) checkRecord(kind, record);
    },
    nothing: (_, records) => (records.length === 0 ? { answer: undefined } : undefined),
  },
  dropKept: {
    writes: true,
    precious: true,
    check(kind, records) {
      checkOneOf(kind, removableKinds, "kind of records that can be removed");
      for (const record of records) checkRecord(kind, record);
    },
    nothing: (_, records) => (records.length === 0 ? { answer: undefined } : undefined),
  },
};

/** They were accepted by another backend, so only what could not be stored at all is looked for. */
function checkRecord<Kind extends KeptKind>(kind: Kind, record: KeptRecords[Kind]): void {
  for (const part of keptKey(kind, record)) {
    if (typeof part === "number") checkCount(part, `number of a record of kind '${kind}'`);
    else if (typeof part !== "string") throw invalid(`key of a record of kind '${kind}'`, "a text or a number", part);
  }
  for (const value of Object.values(record)) {
    if (typeof value === "string") checkText(value, `record of kind '${kind}'`);
  }
}
