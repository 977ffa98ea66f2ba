// Graphs as descriptions.

import type { Fingerprint } from "../../../identity/fingerprint.ts";
import { decodeJson, encodeJson } from "../../json-text.ts";
import { closePage, openPage, type Listing } from "../../page.ts";
import type { GraphRecord, Page, PageRequest } from "../../records.ts";
import { toBytes } from "../column.ts";
import { numberGraph, type SqlContext } from "../context.ts";
import { all, change, first, type Operation } from "../operation.ts";
import { sql } from "../statement.ts";

export function* readGraph(_: SqlContext, name: string, fingerprint: Fingerprint): Operation<GraphRecord | undefined> {
  const row = yield* first<[description: string]>(sql`
    SELECT d.description FROM graph g JOIN graph_description d ON d.graph = g.id
    WHERE g.name = ${name} AND d.fingerprint = ${toBytes(fingerprint)}`);
  return row && { name, fingerprint, description: decodeJson(row[0], "graph description") };
}

export function* writeGraph(context: SqlContext, { name, fingerprint, description }: GraphRecord): Operation<void> {
  const text = encodeJson(description, "graph description");
  const graph = yield* numberGraph(context, name);
  yield* change(sql`
    INSERT INTO graph_description (graph, fingerprint, description) VALUES (${graph}, ${toBytes(fingerprint)}, ${text})
    ON CONFLICT (graph, fingerprint) DO UPDATE SET description = excluded.description
    WHERE graph_description.description <> excluded.description`);
}

export function* listGraphs(_: SqlContext, request?: PageRequest): Operation<Page<string>> {
  const listing: Listing = ["listGraphs"];
  const page = openPage(listing, request);
  const after = page.after === undefined ? sql`` : sql`AND g.name > ${page.after[0]}`;
  const rows = yield* all<[name: string]>(sql`
    SELECT g.name FROM graph g
    WHERE EXISTS (SELECT 1 FROM graph_description d WHERE d.graph = g.id) ${after}
    ORDER BY g.name LIMIT ${page.limit + 1}`);
  return closePage(
    listing,
    page,
    rows,
    (row) => row,
    ([name]) => name,
  );
}
