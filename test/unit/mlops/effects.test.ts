// What flipping a setting changes in an instance.

import { setTimeout as wait } from "node:timers/promises";
import { memory, StratigraphError } from "stratigraph";
import { describe, expect } from "vitest";
import type { RunId } from "../../../src/backend/records.ts";
import { insideRun } from "../../../src/build/run-scope.ts";
import type { HappenedEvent } from "../../../src/changes/event-bus.ts";
import type { GivenSettings } from "../../../src/config/settings.ts";
import type { JournalKind } from "../../../src/journal/intent.ts";
import type { MLOps } from "../../../src/mlops/mlops.ts";
import { faulty, type FaultScript } from "../../../src/testing/faulty.ts";
import { effectOf } from "../../support/effect.ts";
import { noteRequest } from "../../support/facts.ts";
import { failureOf } from "../../support/folder.ts";
import { instanceSpace, type InstanceSpace } from "../../support/instance.ts";

const bytes = new Uint8Array([1]);
const register = (mlops: MLOps, fields: { readonly name?: string; readonly metrics?: Record<string, number> } = {}) =>
  mlops.registry.register({ name: "churn", artifact: bytes, ...fields });

/** What a value of a setting comes to, for two of them. */
async function both<T>(
  [a, b]: readonly [GivenSettings, GivenSettings],
  look: (mlops: MLOps, space: InstanceSpace) => Promise<T>,
): Promise<readonly [T, T]> {
  const one = async (settings: GivenSettings): Promise<T> => {
    await using space = instanceSpace();
    return await look(await space.open(settings), space);
  };
  return [await one(a), await one(b)];
}

describe("of the whole", () => {
  effectOf("enabled", "nothing outlives the instance, not even bytes", async () => {
    const seen = await both(
      [{ enabled: true }, { enabled: false, registry: { store: "bytes", projections: ["ubunye"] } }],
      async (mlops, { folder }) => {
        const { version } = await register(mlops);
        await mlops.close();
        return [version, folder.files().length > 0];
      },
    );

    expect(seen).toEqual([
      ["1.0.0", true],
      ["1.0.0", false],
    ]);
  });

  effectOf("actor", "is who did it", async () => {
    const seen = await both([{ actor: "ben" }, { actor: "eve" }], async (mlops) => {
      const { createdBy } = await register(mlops);
      const { items } = await mlops.audit.query();
      return [createdBy, items[0]?.actor];
    });

    expect(seen).toEqual([
      ["ben", "ben"],
      ["eve", "eve"],
    ]);
  });
});

describe("of the registry", () => {
  const namespaceOf = async (mlops: MLOps): Promise<string> => (await register(mlops)).namespace;

  effectOf("registry.namespace", "models that are named without one are in it", async () => {
    expect(await both([{}, { registry: { namespace: "team" } }], namespaceOf)).toEqual(["default", "team"]);
  });

  effectOf("registry.catalog", "is the first half of the namespace", async () => {
    const named = (catalog: string) => ({ registry: { catalog, schema: "sales" } });

    expect(await both([named("main"), named("dev")], namespaceOf)).toEqual(["main.sales", "dev.sales"]);
  });

  effectOf("registry.schema", "is the second half of the namespace", async () => {
    const named = (schema: string) => ({ registry: { catalog: "main", schema } });

    expect(await both([named("sales"), named("risk")], namespaceOf)).toEqual(["main.sales", "main.risk"]);
  });

  effectOf("registry.archivePrevious", "a promotion to staging makes room, or does not", async () => {
    const stages = async (mlops: MLOps): Promise<readonly string[]> => {
      for (const version of ["1.0.0", "1.0.1"]) {
        await register(mlops);
        await mlops.registry.promote(`churn@${version}`, "staging");
      }
      return (await mlops.registry.listVersions("churn")).items.map(({ stage }) => stage);
    };

    expect(
      await both(
        [{ registry: { archivePrevious: "production" } }, { registry: { archivePrevious: "same-stage" } }],
        stages,
      ),
    ).toEqual([
      ["staging", "staging"],
      ["staging", "archived"],
    ]);
  });

  effectOf("registry.gates", "every version must pass them", async () => {
    const promote = async (mlops: MLOps): Promise<string | undefined> => {
      await register(mlops, { metrics: { auc: 0.8 } });
      return mlops.registry.promote("churn@1.0.0", "production").then(
        ({ stage }) => stage,
        (error: StratigraphError) => error.code,
      );
    };

    expect(await both([{}, { registry: { gates: { min_auc: 0.9 } } }], promote)).toEqual([
      "production",
      "PROMOTION_BLOCKED",
    ]);
  });

  effectOf("registry.projections", "other systems' files are written after a change", async () => {
    const files = async (mlops: MLOps, { folder }: InstanceSpace): Promise<readonly string[]> => {
      await register(mlops, { name: "team/churn" });
      await mlops.close();
      return [...new Set(folder.files().flatMap((file) => /projections\/(\w+)/.exec(file)?.[1] ?? []))];
    };

    expect(await both([{}, { registry: { projections: ["ubunye", "tauro"] } }], files)).toEqual([
      [],
      ["tauro", "ubunye"],
    ]);
  });
});

const record = { runId: "run-1", usecase: "fraud", pipeline: "nightly", task: "score", status: "success" } as const;

describe("of lineage", () => {
  effectOf("lineage.enabled", "records are kept, or only checked", async () => {
    const kept = async (mlops: MLOps): Promise<unknown> => {
      const { result } = await mlops.lineage.record(record);
      return [result.task, (await mlops.lineage.search()).items.length];
    };

    expect(await both([{}, { lineage: { enabled: false } }], kept)).toEqual([
      ["score", 1],
      ["score", 0],
    ]);
  });
});

/** An instance that writes behind to a backend which follows a script once it is told to. */
async function behind(
  space: InstanceSpace,
  settings: GivenSettings,
  fault: Exclude<ReturnType<FaultScript>, undefined>,
): Promise<{
  mlops: MLOps;
  note(journal?: JournalKind): Promise<{ readonly committed: Promise<unknown> }>;
  heal(): void;
}> {
  let sick = true;
  const backend = faulty(memory(), ({ name }) => (sick && name === "transaction" ? fault : undefined));
  const retry = { maxAttempts: 1 };
  const mlops = await space.open({ backend, retry, breaker: { enabled: false }, ...settings });
  let value = 0;
  return {
    mlops,
    note: (journal = "lineage") =>
      mlops.host.change(noteRequest({ name: "a", value: value++ }, { journal, mode: "behind" })),
    heal: () => void (sick = false),
  };
}

const journalOf = ({ folder }: InstanceSpace, under = "journal"): readonly string[] =>
  folder.files().filter((file) => file.startsWith(`${under}/fallback`));

describe("of metadata", () => {
  effectOf("metadata.queueSize", "more than that do not wait", async () => {
    const dropped = async (queueSize: number): Promise<number> => {
      await using space = instanceSpace();
      const { mlops, note } = await behind(space, { metadata: { queueSize, home: "journal" } }, { kind: "hang" });
      for (let n = 0; n < 10; n++) await note();
      return mlops.host.totals().dropped;
    };

    expect(await dropped(1_000)).toBe(0);
    expect(await dropped(2)).toBeGreaterThan(0);
  });

  effectOf("metadata.writeTimeout", "a write that takes longer is given up", async () => {
    const outcome = async (writeTimeout: number): Promise<string> => {
      await using space = instanceSpace();
      const { note } = await behind(space, { metadata: { writeTimeout, home: "journal" } }, { kind: "hang" });
      const { committed } = await note();
      const given = committed.then(
        () => "written",
        (error: StratigraphError) => error.code,
      );
      return await Promise.race([given, wait(500, "still waiting")]);
    };

    expect([await outcome(20), await outcome(60_000)]).toEqual(["METADATA_FELL_BACK", "still waiting"]);
  });

  effectOf("metadata.flushTimeout", "the end of a run waits no longer", async () => {
    const flushed = async (flushTimeout: number): Promise<unknown> => {
      await using space = instanceSpace();
      const { mlops, note } = await behind(space, { metadata: { flushTimeout, home: "journal" } }, { kind: "hang" });
      await note();
      return await Promise.race([mlops.flush().then(({ fallback }) => fallback), wait(500, "still waiting")]);
    };

    expect([await flushed(20), await flushed(60_000)]).toEqual([1, "still waiting"]);
  });

  effectOf("metadata.writes", "are waited for, or not, wherever the code is", async () => {
    const inside = async (mlops: MLOps): Promise<readonly boolean[]> => {
      const outside = await register(mlops);
      const within = await insideRun("run-1" as RunId, () => register(mlops));
      return [outside.behind, within.behind];
    };

    expect(await both([{}, { metadata: { writes: "behind", home: "journal" } }], inside)).toEqual([
      [false, true],
      [true, true],
    ]);
    expect((await both([{}, { metadata: { writes: "durable", home: "journal" } }], inside))[1]).toEqual([false, false]);
  });

  effectOf("metadata.home", "the fallback journal is there", async () => {
    const files = async (home: string): Promise<readonly string[]> => {
      await using space = instanceSpace();
      const { mlops, note } = await behind(space, { metadata: { home } }, { kind: "throw" });
      await note();
      await mlops.flush();
      return ["here", "there"].filter((one) => journalOf(space, one).length > 0);
    };

    expect([await files("here"), await files("there")]).toEqual([["here"], ["there"]]);
  });

  const overflowed = async (kind: JournalKind, overflow: "drop-oldest" | "spill"): Promise<boolean> => {
    await using space = instanceSpace();
    const metadata = { queueSize: 1, home: "journal", overflow: { [kind]: overflow } };
    const { mlops, note, heal } = await behind(space, { metadata }, { kind: "delay", milliseconds: 100 });
    // The first is being written, the second waits, the third takes its place.
    await note(kind);
    await wait(20);
    await note(kind);
    await note(kind);
    heal();
    await mlops.flush();
    expect(mlops.host.totals()).toMatchObject({ dropped: 1 });
    return journalOf(space).some((file) => file.endsWith(`${kind}.jsonl`));
  };
  const spilled = async (kind: JournalKind): Promise<readonly boolean[]> => [
    await overflowed(kind, "drop-oldest"),
    await overflowed(kind, "spill"),
  ];

  effectOf("metadata.overflow.lineage", "what has to leave is lost, or kept in the journal", async () => {
    expect(await spilled("lineage")).toEqual([false, true]);
  });
  effectOf("metadata.overflow.registry", "what has to leave is lost, or kept in the journal", async () => {
    expect(await spilled("registry")).toEqual([false, true]);
  });
  effectOf("metadata.overflow.audit", "what has to leave is lost, or kept in the journal", async () => {
    expect(await spilled("audit")).toEqual([false, true]);
  });
  effectOf("metadata.overflow.mirror", "what has to leave is lost, or kept in the journal", async () => {
    expect(await spilled("mirror")).toEqual([false, true]);
  });
});

const busy = new StratigraphError("BACKEND_BUSY", "the database is locked");

/** How often the backend was asked for a model that nobody has, and with which pauses. */
async function asked(settings: GivenSettings): Promise<{ readonly calls: number; readonly delays: readonly number[] }> {
  await using space = instanceSpace();
  let calls = 0;
  const backend = faulty(memory(), ({ name }) => {
    if (name !== "readModels") return undefined;
    calls++;
    return { kind: "throw", error: busy };
  });
  const mlops = await space.open({ backend, cache: { enabled: false }, breaker: { enabled: false }, ...settings });
  const delays: number[] = [];
  mlops.hooks.onRetry(({ delay }) => void delays.push(delay));
  await failureOf(() => mlops.connection.readModels([{ namespace: "team", name: "churn" }]));
  return { calls, delays };
}

describe("of retries", () => {
  const exact = { maxAttempts: 4, initialDelay: 2, factor: 2, jitter: 0 };

  effectOf("retry.maxAttempts", "a call is made that often", async () => {
    const calls = async (maxAttempts: number): Promise<number> =>
      (await asked({ retry: { ...exact, maxAttempts } })).calls;

    expect([await calls(1), await calls(4)]).toEqual([1, 4]);
  });

  effectOf("retry.initialDelay", "is the first pause", async () => {
    expect((await asked({ retry: exact })).delays).toEqual([2, 4, 8]);
    expect((await asked({ retry: { ...exact, initialDelay: 5 } })).delays).toEqual([5, 10, 20]);
  });

  effectOf("retry.maxDelay", "no pause is longer", async () => {
    expect((await asked({ retry: { ...exact, maxDelay: 3 } })).delays).toEqual([2, 3, 3]);
  });

  effectOf("retry.factor", "each pause is that much longer", async () => {
    expect((await asked({ retry: { ...exact, factor: 3 } })).delays).toEqual([2, 6, 18]);
  });

  effectOf("retry.jitter", "pauses differ", async () => {
    const { delays } = await asked({ retry: { ...exact, jitter: 0.5 } });

    expect(delays.every((delay, at) => Math.abs(delay / [2, 4, 8][at]! - 1) <= 0.5)).toBe(true);
    expect(delays).not.toEqual([2, 4, 8]);
  });
});

/** What became of calls to a backend that fails as often as told and is well afterwards, `pause` milliseconds apart. */
async function tried(
  breaker: NonNullable<GivenSettings["breaker"]>,
  { failures, calls, pause = 0 }: { readonly failures: number; readonly calls: number; readonly pause?: number },
): Promise<readonly string[]> {
  await using space = instanceSpace();
  let count = 0;
  const backend = faulty(memory(), ({ name }) =>
    name === "readModels" && ++count <= failures ? { kind: "throw" } : undefined,
  );
  const mlops = await space.open({ backend, cache: { enabled: false }, retry: { maxAttempts: 1 }, breaker });
  const told: string[] = [];
  mlops.events.subscribe("circuit.*", ({ type }: HappenedEvent) => void told.push(type));
  for (let n = 0; n < calls; n++) {
    await mlops.connection.readModels([{ namespace: "team", name: "churn" }]).then(
      () => told.push("answered"),
      (error: StratigraphError) => told.push(error.code === "CIRCUIT_OPEN" ? "refused" : "failed"),
    );
    await wait(pause);
  }
  return told;
}

describe("of the breaker", () => {
  effectOf("breaker.enabled", "a backend that keeps failing is left alone", async () => {
    const on = await tried({ failureThreshold: 2 }, { failures: 3, calls: 4 });
    const off = await tried({ enabled: false, failureThreshold: 2 }, { failures: 3, calls: 4 });

    expect(on).toEqual(["failed", "circuit.opened", "failed", "refused", "refused"]);
    expect(off).toEqual(["failed", "failed", "failed", "answered"]);
  });

  effectOf("breaker.failureThreshold", "after so many failures", async () => {
    const opened = async (failureThreshold: number): Promise<number> =>
      (await tried({ failureThreshold }, { failures: 9, calls: 6 })).indexOf("circuit.opened");

    expect([await opened(1), await opened(4)]).toEqual([0, 3]);
  });

  effectOf("breaker.successThreshold", "all is well after so many successes", async () => {
    const closed = async (successThreshold: number): Promise<readonly string[]> =>
      (await tried({ failureThreshold: 1, successThreshold, openFor: 1 }, { failures: 1, calls: 4, pause: 5 })).filter(
        (one) => one === "answered" || one === "circuit.closed",
      );

    expect(await closed(1)).toEqual(["circuit.closed", "answered", "answered", "answered"]);
    expect(await closed(3)).toEqual(["answered", "answered", "circuit.closed", "answered"]);
  });

  effectOf("breaker.openFor", "it is tried again after that time", async () => {
    const last = async (openFor: number): Promise<string | undefined> =>
      (await tried({ failureThreshold: 1, openFor }, { failures: 1, calls: 2, pause: 20 })).at(-1);

    expect([await last(1), await last(60_000)]).toEqual(["answered", "refused"]);
  });
});

/** How often the backend was asked, for models that are looked at one after the other. */
async function looked(
  cache: NonNullable<GivenSettings["cache"]>,
  names: readonly string[],
  pause = 0,
): Promise<number> {
  await using space = instanceSpace();
  let calls = 0;
  const backend = faulty(memory(), ({ name }) => {
    if (name === "readModels") calls++;
    return undefined;
  });
  const mlops = await space.open({ backend, cache });
  for (const name of names) {
    await mlops.connection.readModels([{ namespace: "team", name }]);
    await wait(pause);
  }
  return calls;
}

describe("of the cache", () => {
  effectOf("cache.enabled", "what was asked is remembered", async () => {
    expect(await looked({}, ["a", "a", "a"])).toBe(1);
    expect(await looked({ enabled: false }, ["a", "a", "a"])).toBe(3);
  });

  effectOf("cache.maxSize", "so many answers are kept", async () => {
    expect(await looked({ maxSize: 2 }, ["a", "b", "a", "b"])).toBe(2);
    expect(await looked({ maxSize: 1 }, ["a", "b", "a", "b"])).toBe(4);
  });

  effectOf("cache.defaultTtl", "an answer is believed for that long", async () => {
    expect(await looked({ defaultTtl: "1m" }, ["a", "a"], 30)).toBe(1);
    expect(await looked({ defaultTtl: 10 }, ["a", "a"], 30)).toBe(2);
  });
});
