// Everything that is kept in a database, by kind, as it is copied from one backend into another.

import { keptKey, type KeptKind, type KeptRecords, type RemovableKind } from "../../kept-records.ts";
import { closePage, openPage, type Listing, type Position } from "../../page.ts";
import type { Page, PageRequest } from "../../records.ts";
import type { SqlContext } from "../context.ts";
import type { Operation } from "../operation.ts";
import { keptFacts } from "./facts.ts";
import { keptGraphs } from "./graphs.ts";
import { keptLinks } from "./links.ts";
import { keptModels } from "./models.ts";
import { keptPartitions } from "./partitions.ts";
import { keptRuns } from "./runs.ts";

/** Records of one kind in a database. */
export interface Kept<Item> {
  /** Up to `limit`, behind `after`. */
  list(context: SqlContext, after: Position | undefined, limit: number): Operation<readonly Item[]>;
  put(context: SqlContext, records: readonly Item[]): Operation<void>;
  drop?(context: SqlContext, records: readonly Item[]): Operation<void>;
}

/** Those of some kinds. */
export type KeptOf<Kind extends KeptKind> = { readonly [Each in Kind]: Kept<KeptRecords[Each]> };

const kept: KeptOf<KeptKind> = {
  ...keptGraphs,
  ...keptPartitions,
  ...keptLinks,
  ...keptRuns,
  ...keptModels,
  ...keptFacts,
};

export function* listKept<Kind extends KeptKind>(
  context: SqlContext,
  kind: Kind,
  request?: PageRequest,
): Operation<Page<KeptRecords[Kind]>> {
  const listing: Listing = ["listKept", kind];
  const page = openPage(listing, request);
  const records = yield* kept[kind].list(context, page.after, page.limit + 1);
  return closePage(
    listing,
    page,
    records,
    (record) => keptKey(kind, record),
    (record) => record,
  );
}

export function* putKept<Kind extends KeptKind>(
  context: SqlContext,
  kind: Kind,
  records: readonly KeptRecords[Kind][],
): Operation<void> {
  yield* kept[kind].put(context, records);
}

export function* dropKept<Kind extends RemovableKind>(
  context: SqlContext,
  kind: Kind,
  records: readonly KeptRecords[Kind][],
): Operation<void> {
  yield* kept[kind].drop!(context, records);
}
