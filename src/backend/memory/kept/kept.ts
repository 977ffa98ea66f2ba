// Everything that is kept in memory, by kind, as it is copied from one backend into another.

import { keptKey, type CopyMark, type KeptKind, type KeptRecords, type RemovableKind } from "../../kept-records.ts"; // prettier-ignore
import { closePage, openPage, type Listing } from "../../page.ts";
import type { Page, PageRequest } from "../../records.ts";
import type { MemoryState } from "../state.ts";
import { keptBuilds } from "./builds.ts";
import { keptFacts } from "./facts.ts";
import type { Kept } from "./listing.ts";

const kept: { readonly [Kind in KeptKind]: Kept<KeptRecords[Kind]> } = { ...keptBuilds, ...keptFacts };

export function writeCopyState(
  state: MemoryState,
  { given, copied }: { readonly given: number; readonly copied: CopyMark },
): void {
  state.passOver(given);
  state.set(state.copied, "copied", Object.freeze({ from: copied.from, here: copied.here }));
}

export function listKept<Kind extends KeptKind>(
  state: MemoryState,
  kind: Kind,
  request?: PageRequest,
): Page<KeptRecords[Kind]> {
  const listing: Listing = ["listKept", kind];
  const page = openPage(listing, request);
  const records = kept[kind].list(state, page.after, page.limit + 1);
  return closePage(
    listing,
    page,
    records,
    (record) => keptKey(kind, record),
    (record) => record,
  );
}

export function putKept<Kind extends KeptKind>(
  state: MemoryState,
  kind: Kind,
  records: readonly KeptRecords[Kind][],
): void {
  kept[kind].put(state, records);
}

export function dropKept<Kind extends RemovableKind>(
  state: MemoryState,
  kind: Kind,
  records: readonly KeptRecords[Kind][],
): void {
  for (const record of records) kept[kind].drop?.(state, record);
}
