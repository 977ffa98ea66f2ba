// Everything a database has about models, model by model, for exports and projections.

import type { Connection } from "../../backend/backend.ts";
import type { ModelName, ModelRecord } from "../../backend/model-records.ts";
import type { Page, PageRequest } from "../../backend/records.ts";
import type { ModelReader, ModelRows } from "./model-rows.ts";

/** The calls that are made of a connection. */
export type ModelCalls = Pick<
  Connection,
  "readModels" | "listModels" | "listVersions" | "listTransitions" | "listAliases"
>;

/** Reads a page at a time; the versions of one model are in memory together. `only`: these models, of which missing ones are left out. */
export function modelReader(connection: ModelCalls, only?: readonly ModelName[]): ModelReader {
  return {
    async *readModels() {
      const models =
        only === undefined ? allPages((page) => connection.listModels({}, page)) : await connection.readModels(only);
      for await (const model of models) if (model !== undefined) yield await readRows(connection, model);
    },
  };
}

async function readRows(connection: ModelCalls, model: ModelRecord): Promise<ModelRows> {
  const { namespace, name } = model;
  // A model's name has no `*` and no `?`, so as a pattern it stands for itself.
  return {
    model,
    versions: await toList(allPages((page) => connection.listVersions({ namespace, name, deleted: true }, page))),
    aliases: await toList(allPages((page) => connection.listAliases({ namespace, name }, page))),
    transitions: await toList(allPages((page) => connection.listTransitions({ namespace, name }, page))),
  };
}

async function* allPages<T>(list: (page: PageRequest) => Promise<Page<T>>): AsyncGenerator<T, void, void> {
  let after: PageRequest["after"];
  do {
    const { items, next } = await list({ after });
    yield* items;
    after = next;
  } while (after !== undefined);
}

async function toList<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
