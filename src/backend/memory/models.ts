// Models, their aliases, and what was decided and written about them, in memory.

import { compareText } from "../../util/text-order.ts";
import type { Stores } from "../backend.ts";
import { copyJson } from "../json-text.ts";
import type {
  AliasChange,
  AliasRecord,
  AnnotationRecord,
  ModelName,
  ModelRecord,
  TransitionRecord,
} from "../model-records.ts";
import { aliasNotFound, aliasRefusal, modelNotFound, modelRefusal, versionNotFound } from "../model-refusals.ts";
import { closePage, openPage, type Listing } from "../page.ts";
import type { Page, PageRequest } from "../records.ts";
import { decodeModel, encodeModel } from "../record-text.ts";
import { wildcardPattern } from "../version-filter.ts";
import { frozen } from "./frozen.ts";
import { aliasPlace, rowsOf } from "./model-rows.ts";
import { OrderedMap } from "./ordered-map.ts";
import { modelPlace, type MemoryState } from "./state.ts";

export function readModels(state: MemoryState, names: readonly ModelName[]): readonly (ModelRecord | undefined)[] {
  return names.map((name) => state.models.get(modelPlace(name)));
}

export function listModels(
  state: MemoryState,
  { namespace, name }: Parameters<Stores["listModels"]>[0] = {},
  request?: PageRequest,
): Page<ModelRecord> {
  const listing: Listing = ["listModels", namespace, name];
  const page = openPage(listing, request);
  const pattern = name === undefined ? undefined : wildcardPattern(name);
  const after = page.after && modelPlace({ namespace: String(page.after[0]), name: String(page.after[1]) });
  const rows = state.models
    .keysAfter(after, state.models.size)
    .map((place) => state.models.get(place)!)
    .filter((model) => namespace === undefined || model.namespace === namespace)
    .filter((model) => pattern === undefined || pattern.test(model.name));
  return closePage(
    listing,
    page,
    rows.slice(0, page.limit + 1),
    (row) => [row.namespace, row.name],
    (row) => row,
  );
}

export function writeModel(
  state: MemoryState,
  model: Omit<ModelRecord, "revision">,
  expected: number | undefined,
): ModelRecord {
  const { namespace, name } = model;
  const place = modelPlace(model);
  const current = state.models.get(place)?.revision;
  const refusal = modelRefusal(model, expected, current);
  if (refusal !== undefined) throw refusal;
  const stored = frozen({ namespace, name, ...decodeModel(encodeModel(model)), revision: (current ?? 0) + 1 });
  state.set(state.models, place, stored);
  return stored;
}

export function writeTransitions(
  state: MemoryState,
  transitions: readonly Omit<TransitionRecord, "number">[],
): readonly TransitionRecord[] {
  return transitions.map((given) => {
    demandModel(state, given);
    const { namespace, name, version, sequence, kind, from, to, at, by, why, forced, correlation } = given;
    const number = state.nextSequence();
    const gates = copyJson(given.gates, "results of gates");
    const row = frozen({
      number,
      namespace,
      name,
      version,
      sequence,
      kind,
      from,
      to,
      at,
      by,
      why,
      forced,
      gates,
      correlation,
    });
    state.set(rowsOf(state, state.transitions, modelPlace(given)), number, row);
    return row;
  });
}

export function listTransitions(
  state: MemoryState,
  filter: Parameters<Stores["listTransitions"]>[0],
  request?: PageRequest,
): Page<TransitionRecord> {
  const { namespace, name, version, kind } = filter;
  const listing: Listing = ["listTransitions", namespace, name, version, kind];
  return newestFirst(
    listing,
    request,
    state.transitions.get(modelPlace(filter)),
    (row) => (version === undefined || row.version === version) && (kind === undefined || row.kind === kind),
  );
}

export function listAliases(state: MemoryState, model: ModelName, request?: PageRequest): Page<AliasRecord> {
  const listing: Listing = ["listAliases", model.namespace, model.name];
  const page = openPage(listing, request);
  const aliases = state.aliases.get(modelPlace(model));
  const rows = aliases?.keysAfter(page.after?.[0] as string | undefined, page.limit + 1) ?? [];
  return closePage(
    listing,
    page,
    rows,
    (alias) => [alias],
    (alias) => aliases!.get(alias)!,
  );
}

export function writeAlias(state: MemoryState, change: Parameters<Stores["writeAlias"]>[0]): AliasRecord | undefined {
  const { namespace, name, alias, version, at, by, why, expected } = change;
  const place = modelPlace(change);
  const current = state.aliases.get(place)?.get(alias);
  const sequence = version === undefined ? undefined : state.versionNumbers.get(place)?.get(version);
  if (version !== undefined && (sequence === undefined || isDeleted(state, place, sequence))) {
    throw versionNotFound(change, version);
  }
  if (version === undefined && current === undefined) throw aliasNotFound(change, alias);
  const refusal = aliasRefusal(change, expected, current?.version);
  if (refusal !== undefined) throw refusal;
  if (version !== undefined && current?.version === version) return current;
  const aliases = state.within(state.aliases, place, () => new OrderedMap<string, AliasRecord>(compareText));
  const number = state.nextSequence();
  const changes = rowsOf(state, state.aliasChanges, aliasPlace(change));
  state.set(
    changes,
    number,
    frozen({ number, namespace, name, alias, version, previous: current?.version, at, by, why }),
  );
  if (version === undefined || sequence === undefined) {
    state.delete(aliases, alias);
    return undefined;
  }
  const row = frozen({ namespace, name, alias, version, sequence, at, by, why });
  state.set(aliases, alias, row);
  return row;
}

export function readAliasHistory(
  state: MemoryState,
  alias: ModelName & { readonly alias: string },
  request?: PageRequest,
): Page<AliasChange> {
  const listing: Listing = ["readAliasHistory", alias.namespace, alias.name, alias.alias];
  return newestFirst(listing, request, state.aliasChanges.get(aliasPlace(alias)), () => true);
}

export function writeAnnotations(
  state: MemoryState,
  annotations: readonly Omit<AnnotationRecord, "number">[],
): readonly AnnotationRecord[] {
  return annotations.map((given) => {
    demandModel(state, given);
    const { namespace, name, version, author, text, at } = given;
    const number = state.nextSequence();
    const row = frozen({ number, namespace, name, version, author, text, at });
    state.set(rowsOf(state, state.annotations, modelPlace(given)), number, row);
    return row;
  });
}

export function listAnnotations(
  state: MemoryState,
  filter: ModelName & { readonly version?: string | undefined },
  request?: PageRequest,
): Page<AnnotationRecord> {
  const { namespace, name, version } = filter;
  const listing: Listing = ["listAnnotations", namespace, name, version];
  const rows = state.annotations.get(modelPlace(filter));
  return newestFirst(listing, request, rows, (row) => version === undefined || row.version === version);
}

function newestFirst<Row extends { readonly number: number }>(
  listing: Listing,
  request: PageRequest | undefined,
  stored: OrderedMap<number, Row> | undefined,
  matches: (row: Row) => boolean,
): Page<Row> {
  const page = openPage(listing, request);
  const numbers = stored?.keysBefore(page.after?.[0] as number | undefined, stored.size) ?? [];
  const rows = numbers.map((number) => stored!.get(number)!).filter(matches);
  return closePage(
    listing,
    page,
    rows.slice(0, page.limit + 1),
    ({ number }) => [number],
    (row) => row,
  );
}

function isDeleted(state: MemoryState, place: string, sequence: number): boolean {
  return state.versions.get(place)?.get(sequence)?.deleted !== undefined;
}

function demandModel(state: MemoryState, name: ModelName): void {
  if (!state.models.has(modelPlace(name))) throw modelNotFound(name);
}
