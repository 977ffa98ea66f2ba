// What is stored, with what is decided but not yet written laid over it.

import type { Connection } from "../backend/backend.ts";
import type {
  AliasRecord,
  ModelName,
  ModelRecord,
  TransitionRecord,
  VersionFilter,
  VersionRecord,
  VersionRef,
} from "../backend/model-records.ts";
import type { Page, PageRequest } from "../backend/records.ts";
import { StratigraphError } from "../errors.ts";
import type { ModelTx } from "./model-tx.ts";
import { formatModelName } from "./name.ts";

/** What decisions read: a connection, or one with something laid over it. */
export type ModelView = Pick<
  Connection,
  "readModels" | "findVersions" | "listVersions" | "listAliases" | "readVersionNumbers"
>;

/** Numbers of transitions that have none yet: later than all that have. */
export const FIRST_WAITING: number = 2 ** 52;

/**
 * A transaction that is never committed: the same appliers run on it that will run when the waiting intents are written, so what is
 * foreseen is what will be. Snapshot tags and annotations are of no concern to decisions and are passed over.
 */
export class Overlay implements ModelTx, ModelView {
  readonly #stored: ModelView;
  readonly #models = new Map<string, ModelRecord>();
  /** By model, then sequence. */
  readonly #versions = new Map<string, Map<number, VersionRecord>>();
  /** By model, then alias; `undefined` where it was removed. */
  readonly #aliases = new Map<string, Map<string, AliasRecord | undefined>>();
  #number = FIRST_WAITING;

  constructor(stored: ModelView) {
    this.#stored = stored;
  }

  async readVersionNumbers(name: ModelName): ReturnType<ModelView["readVersionNumbers"]> {
    const { highestSequence, versions } = await this.#stored.readVersionNumbers(name);
    const laid = [...(this.#versions.get(formatModelName(name))?.values() ?? [])];
    return {
      highestSequence: laid.reduce((highest, { sequence }) => Math.max(highest, sequence), highestSequence),
      versions: [...new Set([...versions, ...laid.map(({ version }) => version)])],
    };
  }

  /** Of one model, by stage and deletion only, and all at once: for as long as something waits. */
  async listVersions(filter: VersionFilter = {}): Promise<Page<VersionRecord>> {
    const { namespace, name, stages, deleted = false } = filter;
    if (namespace === undefined || name === undefined) return this.#stored.listVersions(filter);
    const model = { namespace, name };
    const laid = this.#versions.get(formatModelName(model));
    const stored = (await this.#listStored(filter)).filter(({ sequence }) => laid?.has(sequence) !== true);
    const fitting = [...(laid?.values() ?? [])].filter(
      (record) => (deleted || record.deleted === undefined) && (stages?.includes(record.stage) ?? true),
    );
    return { items: [...stored, ...fitting].sort((a, b) => b.sequence - a.sequence), next: undefined };
  }

  async readModels(names: readonly ModelName[]): Promise<readonly (ModelRecord | undefined)[]> {
    const stored = await this.#stored.readModels(names);
    return names.map((name, index) => this.#models.get(formatModelName(name)) ?? stored[index]);
  }

  async writeModel(model: Omit<ModelRecord, "revision">, expected: number | undefined): Promise<ModelRecord> {
    const [current] = await this.readModels([model]);
    if (current?.revision !== expected) throw changed("model", formatModelName(model), expected, current?.revision);
    const written = { ...model, revision: (expected ?? 0) + 1 };
    this.#models.set(formatModelName(model), written);
    return written;
  }

  async findVersions(
    queries: readonly (ModelName & { readonly ref: VersionRef })[],
  ): Promise<readonly (VersionRecord | undefined)[]> {
    return Promise.all(queries.map(({ namespace, name, ref }) => this.#find({ namespace, name }, ref)));
  }

  async writeVersions(
    writes: readonly { readonly version: Omit<VersionRecord, "revision">; readonly expected: number | undefined }[],
  ): Promise<readonly VersionRecord[]> {
    const written: VersionRecord[] = [];
    for (const { version, expected } of writes) {
      const current = await this.#find(version, { kind: "sequence", sequence: version.sequence });
      if (current?.revision !== expected)
        throw changed("version", `${formatModelName(version)}@${version.version}`, expected, current?.revision);
      const record = { ...version, revision: (expected ?? 0) + 1 };
      mapIn(this.#versions, formatModelName(version)).set(version.sequence, record);
      written.push(record);
    }
    return written;
  }

  async writeTransitions(
    transitions: readonly Omit<TransitionRecord, "number">[],
  ): Promise<readonly TransitionRecord[]> {
    return transitions.map((transition) => ({ ...transition, number: this.#number++ }));
  }

  async listAliases(
    name: ModelName,
    page?: PageRequest,
  ): Promise<{ readonly items: readonly AliasRecord[]; readonly next: undefined }> {
    const laid = this.#aliases.get(formatModelName(name));
    const { items } = await this.#stored.listAliases(name, { limit: 10_000, ...page });
    if (laid === undefined) return { items, next: undefined };
    const kept = items.filter(({ alias }) => !laid.has(alias));
    const set = [...laid.values()].filter((alias) => alias !== undefined);
    return { items: [...kept, ...set].sort((a, b) => (a.alias < b.alias ? -1 : 1)), next: undefined };
  }

  async writeAlias(change: Parameters<ModelTx["writeAlias"]>[0]): Promise<AliasRecord | undefined> {
    const { namespace, name, alias, version, at, by, why } = change;
    const sequence =
      version === undefined ? undefined : (await this.#find(change, { kind: "version", version }))?.sequence;
    const record: AliasRecord | undefined =
      version === undefined || sequence === undefined
        ? undefined
        : { namespace, name, alias, version, sequence, at, by, why };
    mapIn(this.#aliases, formatModelName(change)).set(alias, record);
    return record;
  }

  async writeAnnotations(): Promise<[]> {
    return [];
  }

  async readSnapshot(): Promise<undefined> {
    return undefined;
  }

  async readSnapshotTag(): Promise<undefined> {
    return undefined;
  }

  async writeSnapshotTag(): Promise<never> {
    throw new TypeError("tags are not foreseen");
  }

  async removeSnapshotTag(): Promise<void> {
    // Whoever asks reads the tag first, and there is none.
  }

  async #find(name: ModelName, ref: VersionRef): Promise<VersionRecord | undefined> {
    const laid = this.#versions.get(formatModelName(name));
    switch (ref.kind) {
      case "sequence":
        return laid?.get(ref.sequence) ?? (await this.#ask(name, ref));
      case "version":
        return (
          [...(laid?.values() ?? [])].find(({ version }) => version === ref.version) ?? (await this.#ask(name, ref))
        );
      case "alias": {
        const aliases = this.#aliases.get(formatModelName(name));
        if (aliases?.has(ref.alias) !== true) {
          const found = await this.#ask(name, ref);
          return found === undefined ? undefined : (laid?.get(found.sequence) ?? found);
        }
        const alias = aliases.get(ref.alias);
        return alias === undefined ? undefined : this.#find(name, { kind: "sequence", sequence: alias.sequence });
      }
      case "latest":
        return this.#best(name, laid, ref, undefined, (record) => record.sequence);
      case "stage":
        return this.#best(name, laid, ref, ref.stage, (record) => record.stagedAt);
    }
  }

  /** The highest of what is stored and what is laid over it; the stored answer counts only while nothing is laid over it. */
  async #best(
    name: ModelName,
    laid: ReadonlyMap<number, VersionRecord> | undefined,
    ref: VersionRef,
    stage: VersionRecord["stage"] | undefined,
    rank: (record: VersionRecord) => number,
  ): Promise<VersionRecord | undefined> {
    const answer = await this.#ask(name, ref);
    if (laid === undefined) return answer;
    const stored =
      answer === undefined || !laid.has(answer.sequence)
        ? [answer]
        : await this.#listStored({
            namespace: name.namespace,
            name: name.name,
            ...(stage === undefined ? {} : { stages: [stage] }),
          });
    let best: VersionRecord | undefined;
    for (const record of [...stored, ...laid.values()]) {
      if (record === undefined || record.deleted !== undefined) continue;
      if (stage !== undefined && record.stage !== stage) continue;
      if (laid.has(record.sequence) && laid.get(record.sequence) !== record) continue;
      if (best === undefined || rank(record) > rank(best)) best = record;
    }
    return best;
  }

  async #listStored(filter: VersionFilter): Promise<VersionRecord[]> {
    const found: VersionRecord[] = [];
    let page: PageRequest | undefined = {};
    while (page !== undefined) {
      const { items, next }: Page<VersionRecord> = await this.#stored.listVersions(filter, page);
      for (const item of items) found.push(item);
      page = next === undefined ? undefined : { after: next };
    }
    return found;
  }

  async #ask({ namespace, name }: ModelName, ref: VersionRef): Promise<VersionRecord | undefined> {
    return (await this.#stored.findVersions([{ namespace, name, ref }]))[0];
  }
}

function mapIn<K, V>(maps: Map<string, Map<K, V>>, key: string): Map<K, V> {
  let map = maps.get(key);
  if (map === undefined) maps.set(key, (map = new Map<K, V>()));
  return map;
}

function changed(
  what: string,
  where: string,
  expected: number | undefined,
  received: number | undefined,
): StratigraphError {
  const words = (revision: number | undefined): string => (revision === undefined ? "none" : `revision ${revision}`);
  return new StratigraphError("CONFLICT", `the ${what} was changed in between`, {
    where,
    expected: words(expected),
    received: words(received),
    data: { expected, received },
  });
}
