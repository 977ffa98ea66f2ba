// One page of a listing, and the opaque cursor that asks for the next.

import { StratigraphError } from "../errors.ts";
import { fingerprintText } from "../identity/fingerprint.ts";
import { showValue } from "../util/show.ts";
import { invalid } from "./check.ts";
import type { Cursor, Page, PageRequest } from "./records.ts";

const DEFAULT_LIMIT = 1000;
const LARGEST_LIMIT = 10_000;

/** Where a listing goes on: the sort key of the last item of the page before. */
export type Position = readonly (string | number)[];

/** A call together with what it was asked for: a cursor belongs to one listing and is refused by every other. */
export type Listing = readonly (string | undefined)[];

export interface OpenPage {
  readonly limit: number;
  readonly after: Position | undefined;
}

/** Throws RECORD_INVALID for a limit, CURSOR_INVALID for a cursor that this listing did not make. */
export function openPage(listing: Listing, request: PageRequest = {}): OpenPage {
  const { limit = DEFAULT_LIMIT, after } = request;
  if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_LIMIT) {
    throw invalid("page's limit", `a whole number from 1 to ${LARGEST_LIMIT.toString()}`, limit);
  }
  return { limit, after: after === undefined ? undefined : decodeCursor(listing, after) };
}

/**
 * The page from up to one item more than its limit, which tells whether there is a next one. Keyset paging: what is added or
 * removed between two pages makes no other item come twice or not at all.
 */
export function closePage<Row, Item>(
  listing: Listing,
  { limit }: OpenPage,
  rows: readonly Row[],
  positionOf: (row: Row) => Position,
  itemOf: (row: Row) => Item,
): Page<Item> {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  const items: Item[] = [];
  for (const row of rows.length > limit ? rows.slice(0, limit) : rows) items.push(itemOf(row));
  return { items, next: last === undefined ? undefined : encodeCursor(listing, positionOf(last)) };
}

function encodeCursor(listing: Listing, position: Position): Cursor {
  const payload = Buffer.from(JSON.stringify(position)).toString("base64url");
  return `${payload}.${seal(listing, payload)}` as Cursor;
}

function decodeCursor(listing: Listing, cursor: Cursor): Position {
  const [payload, proof, ...rest] = typeof cursor === "string" ? cursor.split(".") : [];
  if (payload !== undefined && proof !== undefined && rest.length === 0 && proof === seal(listing, payload)) {
    return JSON.parse(Buffer.from(payload, "base64url").toString()) as Position;
  }
  throw new StratigraphError("CURSOR_INVALID", "the cursor is not one that this listing made", {
    expected: "the `next` of the page before, and the same question",
    received: showValue(cursor),
  });
}

/** Against slips, not against malice: a forged cursor could only ask for what its forger may list anyway. */
function seal(listing: Listing, payload: string): string {
  return fingerprintText(JSON.stringify([...listing.map((part) => part ?? null), payload])).slice(0, 12);
}
