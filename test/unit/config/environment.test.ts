// Variables of the environment: each changes what the configuration says, and slips are told.

import { describe, expect, it } from "vitest";
import {
  describeVariables,
  environmentLayers,
  foreignVariables,
  unknownVariables,
  variablesOf,
  variableWarnings,
} from "../../../src/config/environment.ts";
import { loadConfig, type LoadedConfig } from "../../../src/config/load.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { entries, type Profile } from "../../../src/config/settings.ts";
import { Folder } from "../../support/folder.ts";

/** For each setting a text that is not its default, and what that comes to. */
const samples: Readonly<Record<string, readonly [text: string, value: unknown]>> = {
  graph: ["spend.ts", "spend.ts"],
  root: ["/data", "/data"],
  path: ["/state", "/state"],
  backend: ["memory:", "memory:"],
  concurrency: ["7", 7],
  leaseTime: ["5m", 300_000],
  enabled: ["no", false],
  profile: ["tauro", "tauro"],
  actor: ["ana", "ana"],
  "metadata.queueSize": ["7", 7],
  "metadata.flushTimeout": ["1", 1_000],
  "metadata.writeTimeout": ["250ms", 250],
  "metadata.overflow.lineage": ["spill", "spill"],
  "metadata.overflow.registry": ["drop-oldest", "drop-oldest"],
  "metadata.overflow.audit": ["drop-oldest", "drop-oldest"],
  "metadata.overflow.mirror": ["drop-oldest", "drop-oldest"],
  "metadata.writes": ["durable", "durable"],
  "metadata.strict": ["true", true],
  "metadata.home": ["/journal", "/journal"],
  "registry.backend": ["acme", "acme"],
  "registry.store": ["file:models", "file:models"],
  "registry.namespace": ["risk", "risk"],
  "registry.catalog": ["main", "main"],
  "registry.schema": ["ml", "ml"],
  "registry.initialStage": ["staging", "staging"],
  "registry.archivePrevious": ["same-stage", "same-stage"],
  "registry.gates": ['{"min_auc":0.9}', { min_auc: 0.9 }],
  "registry.projections": ["ubunye, tauro", ["ubunye", "tauro"]],
  "registry.mlflow.url": ["https://mlflow", "https://mlflow"],
  "registry.mlflow.timeout": ["9", 9_000],
  "lineage.enabled": ["off", false],
  "lineage.backend": ["acme", "acme"],
  "lineage.table": ["main.ops.runs", "main.ops.runs"],
  "lineage.openLineage": ["events.ndjson", "events.ndjson"],
  "retry.maxAttempts": ["5", 5],
  "retry.initialDelay": ["1s", 1_000],
  "retry.maxDelay": ["1m", 60_000],
  "retry.factor": ["3", 3],
  "retry.jitter": ["0.5", 0.5],
  "breaker.enabled": ["0", false],
  "breaker.failureThreshold": ["9", 9],
  "breaker.successThreshold": ["9", 9],
  "breaker.openFor": ["5m", 300_000],
  "cache.enabled": ["false", false],
  "cache.maxSize": ["9", 9],
  "cache.defaultTtl": ["60", 60_000],
  "retention.archivedDays": ["9", 9],
  "retention.maxVersions": ["9", 9],
  "retention.eventDays": ["9", 9],
};
/** What has no other value, or cannot be said by a text. */
const without = ["params", "plugins", "pools", "retention.audit", "secrets"];

const valueOf = ({ origins }: Pick<LoadedConfig, "origins">, path: string): unknown =>
  origins.find((setting) => setting.path === path)?.value;

describe("every setting", () => {
  it("has a sample here", () => {
    expect(Object.keys(samples).toSorted()).toEqual(
      entries
        .map(({ path }) => path)
        .filter((path) => !without.includes(path))
        .toSorted(),
    );
  });

  const documented = describeVariables().flatMap(({ name, path }) =>
    path === undefined || without.includes(path) ? [] : [[name, path] as const],
  );

  it.each(documented)("%s changes %s", (name, path) => {
    const [text, value] = samples[path]!;
    const before = valueOf(resolveConfig([]), path);
    const after = resolveConfig(environmentLayers({ [name]: text }));

    expect(before).not.toEqual(value);
    expect(valueOf(after, path)).toEqual(value);
    expect(after.origins.find((setting) => setting.path === path)).toMatchObject({ layer: "environment", where: name });
  });

  it("has one name made of its path, and short ones where people type them", () => {
    expect(variablesOf("retry.maxAttempts")).toEqual(["STRATA_RETRY__MAX_ATTEMPTS"]);
    expect(variablesOf("backend")).toEqual(["STRATA_DATABASE_URL", "STRATA_BACKEND"]);
    expect(variablesOf("metadata.queueSize")).toContain("STRATA_METADATA_QUEUE_SIZE");
    const short = ["STRATA_PATH", "STRATA_CATALOG", "STRATA_SCHEMA", "STRATA_HOME", "STRATA_METADATA_FLUSH_TIMEOUT"];
    expect(describeVariables().map(({ name }) => name)).toEqual(expect.arrayContaining(short));
  });
});

describe("a variable", () => {
  it("that does not fit is refused by name, not taken for the default", () => {
    for (const text of ["many", "0", "1.5", "-3"]) {
      expect(() => resolveConfig(environmentLayers({ STRATA_METADATA_QUEUE_SIZE: text }))).toThrow(
        "STRATA_METADATA_QUEUE_SIZE",
      );
    }
  });

  it("that is empty says nothing", () => {
    expect(environmentLayers({ STRATA_METADATA_QUEUE_SIZE: "" })).toEqual([]);
  });

  it("that begins like ours and means nothing is told once, with the nearest", () => {
    const env = { STRATA_METADATA_QUEUE_SIZ: "7", STRATA_HOME: "/x", HOME: "/y" };

    expect(unknownVariables(env)).toEqual([{ name: "STRATA_METADATA_QUEUE_SIZ", guess: "STRATA_METADATA_QUEUE_SIZE" }]);
    expect(variableWarnings(env)).toEqual([
      "STRATA_METADATA_QUEUE_SIZ means nothing; did you mean STRATA_METADATA_QUEUE_SIZE?",
    ]);
    expect(variableWarnings(env)).toEqual([]);
  });
});

describe("a variable of another system", () => {
  const foreign = Object.entries(foreignVariables).flatMap(([profile, names]) =>
    Object.entries(names).map(([name, path]) => [profile as Profile, name, path] as const),
  );

  it.each(foreign)("is read in profile %s, with one line: %s", async (profile, name, path) => {
    using folder = new Folder();
    const [text, value] = samples[path]!;
    const load = (more: object): Promise<LoadedConfig> =>
      loadConfig({ cwd: folder.path, env: { [name]: text, ...more } });

    const read = await load({ STRATA_PROFILE: profile });
    const notRead = await load({});
    const overruled = await load({ STRATA_PROFILE: profile, [variablesOf(path)[0]!]: text });

    expect(valueOf(read, path)).toEqual(value);
    expect(read.notices.filter((notice) => notice.includes(name))).toHaveLength(1);
    expect(valueOf(notRead, path)).not.toEqual(value);
    expect(overruled.origins.find((setting) => setting.path === path)?.where).toBe(variablesOf(path)[0]);
  });

  it("names our SQLite 'local'", async () => {
    using folder = new Folder();
    const env = { STRATA_PROFILE: "tauro", TAURO_MLOPS_BACKEND: "local", TAURO_MLOPS_PATH: "/data" };
    const { settings } = await loadConfig({ cwd: folder.path, env });

    expect([settings.backend, settings.path]).toEqual(["sqlite", "/data"]);
  });
});
