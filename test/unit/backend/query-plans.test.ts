// Every statement with a list takes the list first and finds the rest by index.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Connection } from "../../../src/backend/backend.ts";
import { connectionOver } from "../../../src/backend/connection.ts";
import { Names } from "../../../src/backend/sql/context.ts";
import { textOf, type Statement } from "../../../src/backend/sql/statement.ts";
import { sqlite } from "../../../src/backend/sqlite/index.ts";
import { Handle, loadFacts, storesOf } from "../../../src/backend/sqlite/handle.ts";
import type { Database as Driver } from "../../../src/backend/sqlite/driver.ts";
import { systemClock } from "../../../src/util/clock.ts";
import {
  annotation,
  auditEntry,
  churn,
  event,
  model,
  source,
  task,
  transition,
  version,
} from "../../../src/testing/fact-samples.ts";
import { key, partition, print, run, runId, snapshot } from "../../../src/testing/samples.ts";

const folder = mkdtempSync(join(tmpdir(), "strata-plans-"));
const path = join(folder, "strata.db");
const statements = new Map<string, string[]>();
let database: Database.Database;
let current = "";

/** A connection that remembers the text of each statement, under the call that made it. */
class Recorder extends Handle {
  constructor(driver: Driver) {
    super(driver, path);
    const execute = this.execute;
    Object.assign(this, {
      execute: (statement: Statement) => {
        const text = textOf(statement, () => "?")
          .replace(/\s+/g, " ")
          .trim();
        statements.set(current, [...(statements.get(current) ?? []), text]);
        return execute(statement);
      },
    });
  }
}

beforeAll(async () => {
  await (await sqlite(path).connect()).close();
  database = new Database(path);
  const stores = storesOf(new Recorder(database), { clock: systemClock, names: new Names(), store: () => "plans" });
  const connection = connectionOver({
    name: path,
    readOnly: false,
    read: (work) => work(stores),
    write: async (work) => work(stores),
    atOneMoment: (work) => work(stores),
    markPrecious: () => undefined,
    loadFacts,
    close: async () => undefined,
  });
  for (const [name, call] of Object.entries(batchedCalls)) {
    current = name;
    await call(connection);
  }
  for (const [name, [call]] of Object.entries(listings)) {
    current = name;
    await call(connection);
  }
});

afterAll(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

const records = Array.from({ length: 70 }, (_, i) =>
  partition({ key: key(`k${i}`), input: i % 2 === 0 ? undefined : print("input") }),
);
const ids = Array.from({ length: 20 }, (_, i) => (i + 1) as never);
const fences = [
  { name: "a", token: 1 },
  { name: "b", token: 2 },
];

/** Everything that takes a list, each with rows to find. */
const batchedCalls: Readonly<Record<string, (on: Connection) => Promise<unknown>>> = {
  writeSnapshot: (on) => on.writeSnapshot(snapshot()),
  writeArtifactPartitions: async (on) => {
    await on.writeArtifactPartitions(records);
    await on.writeArtifactPartitions(records.map((one) => ({ ...one, location: "elsewhere" })));
  },
  writeArtifactAndGraphPartitions: (on) =>
    on.writeArtifactAndGraphPartitions(
      snapshot().id,
      records.map((one) => ({ artifactKey: "days", partition: one })),
    ),
  findPartitions: (on) => on.findPartitions(records.map((one) => ({ ...one, input: print("input") }))),
  readPartitions: (on) => on.readPartitions(ids),
  markPartitionsDamaged: (on) => on.markPartitionsDamaged(ids.slice(0, 3)),
  readArtifactPartitions: (on) =>
    on.readArtifactPartitions(print("artifact"), { inputs: new Map(records.map((one) => [one.key, print("input")])) }),
  readSnapshotPartitions: (on) =>
    on.readSnapshotPartitions(snapshot().id, "days", { keys: records.map((one) => one.key) }),
  readSnapshotPartitionsWhole: (on) => on.readSnapshotPartitions(snapshot().id, "days"),
  countSnapshotPartitions: (on) => on.countSnapshotPartitions(snapshot().id),
  sumSnapshotSizes: (on) => on.sumSnapshotSizes(snapshot().id),
  findLatestPartitions: (on) =>
    on.findLatestPartitions(
      "spend",
      records.map((one) => ({ artifactKey: "days", key: one.key })),
    ),
  findLocations: (on) =>
    on.findLocations(
      "local",
      records.map((one) => one.location),
    ),
  removeUnlinkedPartitions: async (on) => {
    const loose = await on.writeArtifactPartitions([partition({ key: key("loose") })]);
    await on.removeUnlinkedPartitions([...loose, ...ids]);
  },
  writeQuality: async (on) => {
    const stored = await on.writeArtifactPartitions(records);
    await on.writeQuality(stored.map((id) => ({ partition: id, statistics: undefined, findings: [] })));
  },
  readQuality: (on) => on.readQuality(ids),
  writeQuarantine: async (on) => {
    const place = { graph: "spend", artifactKey: "days", key: key("k1"), run: undefined, findings: [] };
    const [stored] = await on.writeArtifactPartitions(records);
    const entries = await on.writeQuarantine([{ ...place, partition: stored! }]);
    await on.endQuarantine(entries.map(({ sequence }) => sequence));
  },
  listQuarantine: (on) => on.listQuarantine({ graph: "spend", open: true }),
  writeManifests: async (on) => {
    const list = [{ fingerprint: print("m"), text: "{}" }];
    await on.writeManifests(list);
    await on.writeManifests(list);
  },
  readManifests: (on) => on.readManifests([print("m")]),
  acquireLeases: (on) => on.acquireLeases(["a", "b"], { holder: "ana", ttl: 1000 }),
  checkLeases: (on) => on.checkLeases(fences),
  renewLeases: (on) => on.renewLeases(fences, 1000),
  releaseLeases: async (on) => {
    const answers = await on.acquireLeases(["a", "b"], { holder: "ana", ttl: 1000 });
    await on.releaseLeases(answers.flatMap((answer) => (answer.granted ? [answer.fence] : [])));
  },
  startRuns: (on) => on.startRuns([run(), run({ id: runId("other") })]),
  finishRuns: (on) =>
    on.finishRuns([
      { id: runId("other"), state: "succeeded", finishedAt: "x", attempts: 1, duration: 1, error: undefined },
    ]),
  writeRunPartitions: (on) =>
    on.writeRunPartitions({ inputs: [{ run: run().id, name: "days", partition: ids[4]! }], outputs: [] }),
  readRunPartitions: (on) => on.readRunPartitions(run().id),
  removeSnapshots: (on) => on.removeSnapshots([print("nobody")]),
  readRuns: (on) => on.readRuns([run().id, runId("other")]),
  writeTasks: async (on) => {
    const io = { direction: "input", name: "a", location: "b", format: undefined, rows: 1, content: "c" } as const;
    const ended = task({ id: runId("t"), state: "succeeded" }, { io: [io] });
    await on.writeTasks([task({ id: runId("t") }), ended, task({ id: runId("u"), state: "failed" })]);
  },
  removeTasks: (on) => on.removeTasks(Date.parse("2030-01-01")),
  walkUpstream: (on) => on.walkLineage(ids, { direction: "upstream" }),
  walkDownstream: (on) => on.walkLineage(ids, { direction: "downstream" }),
  findPartitionsAt: async (on) => {
    const locations = records.map((one) => one.location);
    await on.findPartitionsAt("local", locations);
    await on.findPartitionsAt(undefined, locations);
  },
  findPartitionsOf: (on) => on.findPartitionsOf(records.map((one) => one.content)),
  writeModel: (on) => on.writeModel(model(), undefined),
  readModels: (on) => on.readModels([churn, { ...churn, name: "other" }]),
  writeVersions: async (on) => {
    const facts = { stage: "staging", source: source(ids[0]!), metrics: { auc: 1 } } as const;
    const [first] = await on.writeVersions([1, 2].map((n) => ({ version: version(n, facts), expected: undefined })));
    await on.writeVersions([{ version: { ...first!, stage: "production", metrics: {} }, expected: 1 }]);
  },
  writeAlias: (on) =>
    on.writeAlias({ ...churn, alias: "best", version: "1.2.0", at: "2026-01-02T03:04:05Z", by: "ana" }),
  findVersions: (on) =>
    on.findVersions(
      [
        { kind: "version", version: "1.1.0" } as const,
        { kind: "sequence", sequence: 2 } as const,
        { kind: "stage", stage: "production" } as const,
        { kind: "latest" } as const,
        { kind: "alias", alias: "best" } as const,
      ].map((ref) => ({ ...churn, ref })),
    ),
  readVersionNumbers: (on) => on.readVersionNumbers(churn),
  writeTransitions: (on) => on.writeTransitions([transition(1), transition(2)]),
  writeAnnotations: (on) => on.writeAnnotations([annotation(), annotation({ version: "1.1.0" })]),
  writeEvents: (on) => on.writeEvents([event(1), event(2)]),
  writeAudit: (on) => on.writeAudit([auditEntry(1), auditEntry(2)]),
  readAudit: (on) => on.readAudit(1, 10),
  takeSubmissions: async (on) => {
    await on.takeSubmissions(["a", "b"]);
    await on.removeSubmissions(1);
  },
  countEvents: (on) => on.countEvents(1),
  removeEvents: (on) => on.removeEvents(1),
};

/** Listings, each filtered by what is to be found by index, and the index that finds it in the order asked for. */
const listings: Readonly<Record<string, readonly [call: (on: Connection) => Promise<unknown>, plan: RegExp]>> = {
  versionsOfModel: [(on) => on.listVersions(churn), /SEARCH v USING INDEX sqlite_autoindex_model_version_3/],
  versionsByAge: [(on) => on.listVersions(), /SCAN v USING INDEX sqlite_autoindex_model_version_1/],
  versionsByStage: [(on) => on.listVersions({ stages: ["production"] }), /SEARCH v USING INDEX version_by_stage/],
  versionsByFramework: [(on) => on.listVersions({ framework: "x" }), /SEARCH v USING INDEX version_by_framework/],
  versionsByRun: [(on) => on.listVersions({ run: runId("r") }), /SEARCH v USING INDEX version_by_run/],
  versionsByContent: [(on) => on.listVersions({ content: print("c") }), /SEARCH v USING INDEX version_by_content/],
  versionsByMetric: [
    (on) => on.listVersions({ orderBy: { metric: "auc", descending: true } }),
    /SEARCH s USING (COVERING )?INDEX version_by_value \(place=\? AND key=\? AND kind=\?\)/,
  ],
  models: [(on) => on.listModels({ namespace: "team" }), /SEARCH m USING INDEX sqlite_autoindex_model_1/],
  transitions: [(on) => on.listTransitions(churn), /SEARCH t USING INDEX transition_by_model/],
  transitionsOfVersion: [
    (on) => on.listTransitions({ ...churn, version: "1.1.0" }),
    /SEARCH t USING INDEX transition_by_version/,
  ],
  aliases: [(on) => on.listAliases(churn), /SEARCH a USING PRIMARY KEY/],
  aliasHistory: [(on) => on.readAliasHistory({ ...churn, alias: "best" }), /USING INDEX alias_change_by_alias/],
  annotations: [(on) => on.listAnnotations(churn), /SEARCH a USING INDEX annotation_by_model/],
  events: [(on) => on.listEvents(), /SCAN e/],
  eventsAfter: [(on) => on.listEvents({ after: 1 }), /SEARCH e USING INTEGER PRIMARY KEY/],
  eventsOfType: [(on) => on.listEvents({ types: ["a.b"] }), /SEARCH e USING INDEX event_by_type/],
  eventsOfSubject: [(on) => on.listEvents({ subject: "x" }), /SEARCH e USING INDEX event_by_subject/],
  eventsOfRun: [(on) => on.listEvents({ run: runId("r") }), /SEARCH e USING INDEX event_by_run/],
  auditOfResource: [(on) => on.listAudit({ resource: "x" }), /SEARCH a USING INDEX audit_by_resource/],
  auditOfActor: [(on) => on.listAudit({ actor: "x" }), /SEARCH a USING INDEX audit_by_actor/],
  auditOfStatus: [(on) => on.listAudit({ status: "denied" }), /SEARCH a USING INDEX audit_by_status/],
  tasks: [(on) => on.listRuns({ kind: "task" }), /SCAN r USING INDEX task_by_age/],
  tasksByName: [(on) => on.listRuns({ name: "etl" }), /SEARCH r USING INDEX task_by_name/],
  tasksByNamespace: [(on) => on.listRuns({ namespace: "team" }), /SEARCH r USING INDEX task_by_namespace/],
};

/** Calls above that take no list, or write row by row what is decided row by row. */
const withoutList = [
  ...["removeTasks", "writeModel", "writeVersions", "writeAlias", "readVersionNumbers", "writeTransitions"],
  ...["writeAnnotations", "writeEvents", "writeAudit", "readAudit", "countEvents", "removeEvents", "listQuarantine"],
];

/** Look through every row of a table that has no index for it, on purpose and with the reason beside the table. */
const scans: Readonly<Record<string, RegExp>> = {
  "SCAN k": /FROM link k WHERE k\.partition IN/,
  "SCAN s USING COVERING INDEX partition_by_identity": /FROM partition s WHERE s\.content IN/,
};

function planOf(text: string): string[] {
  const rows = database
    .prepare(`EXPLAIN QUERY PLAN ${text}`)
    .all(...new Array<null>(text.split("?").length - 1).fill(null)) as { detail: string }[];
  return rows.map(({ detail }) => detail);
}

describe("a statement with a list", () => {
  it("is made by every call that takes one", () => {
    const listing = Object.keys(batchedCalls).filter(
      (name) =>
        ![
          "writeSnapshot",
          "startRuns",
          "finishRuns",
          "readRunPartitions",
          "countSnapshotPartitions",
          "sumSnapshotSizes",
          "readSnapshotPartitionsWhole",
          ...withoutList,
        ].includes(name),
    );

    expect(listing.filter((name) => !(statements.get(name) ?? []).some((text) => text.includes("json_each")))).toEqual(
      [],
    );
  });

  it("takes the list first, once, and searches every table by index", () => {
    const wrong: string[] = [];
    let seen = 0;
    for (const text of new Set([...statements.values()].flat())) {
      if (!text.includes("json_each(?)")) continue;
      seen++;
      const plan = planOf(text);
      const loops = plan.filter((line) => /^(SCAN|SEARCH) /.test(line));
      const lists = loops.filter((line) => line.includes("VIRTUAL TABLE"));
      const tables = loops.filter((line) => !line.includes("VIRTUAL TABLE"));
      const inList = /\bIN \(SELECT/.test(text);
      const onPurpose = (line: string): boolean =>
        Object.entries(scans).some(([scan, statement]) => line === scan && statement.test(text));
      const scanned = tables.filter(
        (line) =>
          !/^SEARCH .* USING (COVERING INDEX|INDEX|INTEGER PRIMARY KEY|PRIMARY KEY)/.test(line) && !onPurpose(line),
      );
      // As an outer loop, or as the list behind IN; inside another loop it would be taken apart again for each row.
      const first = inList ? lists.length === 1 : loops[0] !== undefined && lists[0] === loops[0] && lists.length === 1;
      if (scanned.length > 0 || !first) wrong.push(`${text}\n  ${plan.join("\n  ")}`);
    }

    expect(wrong.join("\n\n")).toBe("");
    expect(seen).toBeGreaterThan(20);
  });

  it("would be found out if it let the planner choose", () => {
    const plain = planOf("SELECT q.key FROM json_each(?) q JOIN partition p ON p.key = q.value");

    expect(plain[0]).not.toMatch(/^SCAN q/);
  });
});

describe("a statement without a list", () => {
  it("searches by index as well, or walks an index in the order asked for", () => {
    const wrong: string[] = [];
    for (const text of new Set([...statements.values()].flat())) {
      if (text.includes("json_each") || /^(INSERT|UPDATE counter)/.test(text)) continue;
      const plan = planOf(text);
      // A table's rows are in the order of its number: from either end on, nothing is looked through.
      const inOrder = /ORDER BY [ae]\.number( DESC)? LIMIT/.test(text) && plan.length === 1;
      const bad = plan.filter((line) => !inOrder && /^SCAN (?!.*USING)/.test(line));
      if (bad.length > 0) wrong.push(`${text}\n  ${bad.join("\n  ")}`);
    }

    expect(wrong.join("\n\n")).toBe("");
  });

  it("of a listing of facts walks the index that was made for it, in order", () => {
    for (const [name, [, expected]] of Object.entries(listings)) {
      const text = statements.get(name)!.find((one) => / ORDER BY .* LIMIT /.test(one))!;
      const plan = planOf(text).join("\n");
      expect(plan, `${name}: ${text}`).toMatch(expected);
      // Versions with equal metrics are put in order among themselves.
      expect(plan.replace("USE TEMP B-TREE FOR LAST TERM OF ORDER BY", ""), name).not.toContain("TEMP B-TREE");
    }
  });

  it("of a listing needs no sorting, whatever it is filtered by", async () => {
    const plans: Record<string, string[]> = {
      snapshots: planOf(
        "SELECT * FROM snapshot s JOIN graph g ON g.id = s.graph WHERE true AND s.graph = (SELECT id FROM graph WHERE name = ?) AND s.sequence < ? ORDER BY s.sequence DESC LIMIT ?",
      ),
      builds: planOf(
        "SELECT * FROM run r JOIN graph g ON g.id = r.graph WHERE true AND r.graph = (SELECT id FROM graph WHERE name = ?) AND r.kind = 'build' ORDER BY r.sequence DESC LIMIT ?",
      ),
      running: planOf(
        "SELECT * FROM run r JOIN graph g ON g.id = r.graph WHERE true AND r.graph = (SELECT id FROM graph WHERE name = ?) AND r.kind = 'build' AND r.state = 'running' ORDER BY r.sequence DESC LIMIT ?",
      ),
      steps: planOf(
        "SELECT * FROM run r JOIN graph g ON g.id = r.graph WHERE true AND r.parent = ? ORDER BY r.sequence DESC LIMIT ?",
      ),
      history: planOf(
        "SELECT * FROM tag_change c WHERE c.graph = (SELECT id FROM graph WHERE name = ?) AND c.tag = ? ORDER BY c.sequence DESC LIMIT ?",
      ),
      linked: planOf(
        "SELECT * FROM place l CROSS JOIN link k ON k.snapshot = ? AND k.node = ? AND k.place = l.id CROSS JOIN partition p ON p.id = k.partition WHERE l.node = ? AND l.key > ? ORDER BY l.key LIMIT ?",
      ),
    };

    for (const [name, plan] of Object.entries(plans)) {
      expect(plan.join("\n"), name).not.toContain("USE TEMP B-TREE FOR ORDER BY");
      expect(plan.join("\n"), name).not.toMatch(/SCAN (?!.*USING)/);
    }
  });
});
