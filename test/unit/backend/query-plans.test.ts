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
import { Handle, storesOf } from "../../../src/backend/sqlite/handle.ts";
import type { Database as Driver } from "../../../src/backend/sqlite/driver.ts";
import { systemClock } from "../../../src/util/clock.ts";
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
  const stores = storesOf(new Recorder(database), { clock: systemClock, names: new Names() });
  const connection = connectionOver({
    name: path,
    readOnly: false,
    read: (work) => work(stores),
    write: async (work) => work(stores),
    markPrecious: () => undefined,
    close: async () => undefined,
  });
  for (const [name, call] of Object.entries(batchedCalls)) {
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
};

/** Look through every row of a table that has no index for it, on purpose and with the reason beside the table. */
const scans: Readonly<Record<string, RegExp>> = {
  "SCAN k": /FROM link k WHERE k\.partition IN/,
  "SCAN run_partition": /DELETE FROM run_partition WHERE partition IN/,
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
          "readSnapshotPartitionsWhole",
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
      const bad = planOf(text).filter((line) => /^SCAN (?!.*USING)/.test(line));
      if (bad.length > 0) wrong.push(`${text}\n  ${bad.join("\n  ")}`);
    }

    expect(wrong.join("\n\n")).toBe("");
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
