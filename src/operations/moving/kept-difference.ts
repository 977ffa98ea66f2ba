// What of one kind differs between two backends: both are read page by page in the same order, so only one page of each is in memory.

import type { Connection } from "../../backend/backend.ts";
import { compareKeys, keptKey, type KeptKind, type KeptRecords } from "../../backend/kept-records.ts";
import type { Cursor, Page } from "../../backend/records.ts";

/** A record of the one and the record of the same key of the other; `undefined` where there is none. */
export interface Pair<Kind extends KeptKind> {
  readonly from: KeptRecords[Kind] | undefined;
  readonly to: KeptRecords[Kind] | undefined;
}

/** Every key that is in either of them, in order. */
export async function* pairs<Kind extends KeptKind>(
  kind: Kind,
  from: Connection,
  to: Connection,
): AsyncGenerator<Pair<Kind>> {
  const [left, right] = [reader(kind, from), reader(kind, to)];
  let [one, other] = [await left(), await right()];
  while (one !== undefined || other !== undefined) {
    const order =
      one === undefined ? 1 : other === undefined ? -1 : compareKeys(keptKey(kind, one), keptKey(kind, other));
    yield { from: order > 0 ? undefined : one, to: order < 0 ? undefined : other };
    if (order <= 0) one = await left();
    if (order >= 0) other = await right();
  }
}

/** Every record of a kind, in order. */
export async function* everyKept<Kind extends KeptKind>(
  kind: Kind,
  connection: Connection,
): AsyncGenerator<KeptRecords[Kind]> {
  const next = reader(kind, connection);
  for (let record = await next(); record !== undefined; record = await next()) yield record;
}

/** Gives one record after the other: a call that waits only where a page ends. */
function reader<Kind extends KeptKind>(
  kind: Kind,
  connection: Connection,
): () => KeptRecords[Kind] | undefined | Promise<KeptRecords[Kind] | undefined> {
  const limit = pageSize(kind);
  let items: readonly KeptRecords[Kind][] = [];
  let position = 0;
  let after: Cursor | undefined;
  let over = false;
  const turn = async (): Promise<KeptRecords[Kind] | undefined> => {
    const page: Page<KeptRecords[Kind]> = await connection.listKept(kind, { limit, after });
    items = page.items;
    position = 0;
    after = page.next;
    over = page.next === undefined;
    return items[position++];
  };
  return () => (position < items.length ? items[position++] : over ? undefined : turn());
}

/** Records that may hold much come in small pages. */
export function pageSize(kind: KeptKind): number {
  if (kind === "graphs") return 20;
  return kind === "partitions" || kind === "quality" ? 200 : 1000;
}

/** The same text for the same record, whichever backend it comes from and in which order that gives names. */
export function keptText<Kind extends KeptKind>(record: KeptRecords[Kind]): string {
  let text = "";
  // Field by field: a replacer, which `inOrder` is, makes JSON.stringify several times slower, and few fields need one.
  for (const [name, value] of Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (value !== undefined)
      text += `${name}=${typeof value === "object" ? objectText(value) : JSON.stringify(value)};`;
  }
  return text;
}

function objectText(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : JSON.stringify(value, inOrder);
}

function inOrder(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
