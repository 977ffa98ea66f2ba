// What `gc` may delete of models and events: looked for only where there are some.

import { eventsMayGoBefore, forgetEvents } from "../changes/event-retention.ts";
import { isStratigraphError, type StratigraphError } from "../errors.ts";
import type { Expired } from "../registry/retention.ts";
import type { UnusedArtifact, UnusedBytes } from "../registry/unused-bytes.ts";
import { systemClock } from "../util/clock.ts";
import type { Call } from "./command.ts";
import type { Project } from "./project.ts";

/** One version that goes, or could. */
export interface ExpiredVersion {
  /** "models:/team/churn/1.3.0" */
  readonly uri: string;
  readonly why: string;
  /** Bytes. */
  readonly size: number;
}

/** What no version has, in the registry's store. */
export interface UnusedStore {
  readonly artifacts: readonly UnusedArtifact[];
  /** Files that no artifact names. */
  readonly objects: number;
  readonly bytes: number;
  /** False also where it was to be deleted and others may use the store. */
  readonly deleted: boolean;
}

export interface OldEvents {
  /** ISO time. */
  readonly before: string;
  readonly count: number;
}

export interface FactGarbage {
  readonly versions: readonly ExpiredVersion[];
  readonly store: UnusedStore;
  readonly events: OldEvents;
  /** What could not be looked through or deleted, and why. */
  readonly failures: readonly StratigraphError[];
}

export interface FactGarbageOptions {
  readonly remove: boolean;
  /** Milliseconds: bytes younger than this stay. */
  readonly grace: number;
  /** Also from a store that `registry.store` names, which other databases may use. */
  readonly sharedStore: boolean;
}

/** As `retention` of the configuration says; deletes it when told. */
export async function factGarbage(call: Call, project: Project, options: FactGarbageOptions): Promise<FactGarbage> {
  const { settings } = await project.settings();
  const before = eventsMayGoBefore(settings.retention, systemClock.now());
  const events = { before: new Date(before).toISOString(), count: 0 };
  const nothing = { artifacts: [], objects: 0, bytes: 0, deleted: false };
  const has = await whatThereIs(project, before);
  // Where nothing is kept, nothing is let go.
  if (!settings.enabled || (!has.models && has.oldEvents === 0))
    return { versions: [], store: nothing, events, failures: [] };

  const { remove, grace, sharedStore } = options;
  const { withFacts } = await import("./facts.ts");
  return withFacts(
    call,
    async ({ registry, host, store }) => {
      const { findExpired, removeExpired } = await import("../registry/retention.ts");
      const { sweepUnused } = await import("../registry/unused-bytes.ts");
      const failures: StratigraphError[] = [];
      const { expired } = await findExpired(registry, settings.retention, systemClock.now());
      if (remove) await removeExpired(registry, expired);
      const mine = remove && (sharedStore || settings.registry.store === undefined);
      const unused = has.models
        ? await attempt(() => sweepUnused({ host, store }, { grace, remove: mine }), failures)
        : undefined;
      const count = remove && has.oldEvents > 0 ? await forgetEvents(host, before) : has.oldEvents;
      return {
        versions: expired.map(toJson),
        store: unused === undefined ? nothing : storeOf(unused, mine),
        events: { ...events, count },
        failures,
      };
    },
    { readOnly: !remove },
  );
}

async function whatThereIs(
  project: Project,
  before: number,
): Promise<{ readonly models: boolean; readonly oldEvents: number }> {
  await using workspace = await project.open({ readOnly: true });
  const { connection } = workspace;
  const { items } = await connection.listModels({}, { limit: 1 });
  return { models: items.length > 0, oldEvents: await connection.countEvents(before) };
}

/** A store that cannot be read keeps nobody from the rest. */
async function attempt<T>(work: () => Promise<T>, failures: StratigraphError[]): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!isStratigraphError(error)) throw error;
    failures.push(error);
    return undefined;
  }
}

function storeOf({ artifacts, objects, size }: UnusedBytes, deleted: boolean): UnusedStore {
  return { artifacts, objects, bytes: size, deleted };
}

function toJson({ version, why }: Expired): ExpiredVersion {
  return { uri: version.uri, why, size: version.size ?? 0 };
}
