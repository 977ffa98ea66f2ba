// What do listing, registering and promoting cost in a model with ten thousand versions?

import { copyFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { Connection } from "stratigraph";
import { createRegistry, localStore } from "stratigraph/registry";
import { sqlite } from "stratigraph/sqlite";
import { createHost } from "../src/changes/host.ts";
import { systemClock } from "../src/util/clock.ts";
import { versionFacts, type VersionId, type VersionRecord } from "../src/backend/model-records.ts";
import type { Bench } from "./bench.ts";
import { counted } from "./harness/counting.ts";
import { inTurn, timed } from "./harness/in-turn.ts";

const MODEL = { namespace: "default", name: "churn" } as const;
const NEWEST = 100;

export const bench: Bench = {
  question: "What do listing, registering and promoting cost in a model with ten thousand versions?",

  async *run({ space, quick, result }) {
    const n = quick ? 1_000 : 10_000;
    const rounds = quick ? 5 : 15;
    const folder = space.folder("registry");
    const path = join(folder, "strata.db");
    const filling = await sqlite(path).connect();
    await fill(filling, n);
    await filling.close();
    const copy = join(folder, "raw.db");
    copyFileSync(path, copy);

    const connection = await sqlite(path).connect();
    const host = createHost({ connection, actor: "bench", mode: "durable", writer: false });
    const store = localStore(join(folder, "registry"), { clock: systemClock });
    const registry = createRegistry({ host, store });
    const raw = new Database(copy);
    raw.pragma("synchronous = FULL");
    const list = raw
      .prepare(
        `SELECT v.id, v.version, v.sequence, v.stage, v.staged_at, v.revision, v.body FROM model_version v
         WHERE v.model = 1 AND v.deleted = 0 ORDER BY v.sequence DESC LIMIT ?`,
      )
      .raw();
    const listRaw = (limit: number): unknown[] =>
      (list.all(limit) as string[][]).map((row) => [...row.slice(0, 6), JSON.parse(row[6]!) as unknown]);

    const counters = await counted(() => registry.listVersions(MODEL, { limit: n }));
    yield result({
      case: "listed: statements",
      n,
      unit: "count",
      against: "1",
      target: 1,
      gate: 1,
      count: { ours: counters.statements, theirs: 1 },
      counters,
    });
    const newest = await inTurn(
      {
        ours: timed(() => registry.listVersions(MODEL, { limit: NEWEST })),
        theirs: timed(() => listRaw(NEWEST)),
      },
      rounds * 3,
    );
    yield result({
      case: `the newest ${NEWEST} listed`,
      n,
      unit: "ms",
      against: "a prepared statement and JSON.parse",
      target: 1.5,
      gate: 2.5,
      pair: newest,
    });
    const all = await inTurn(
      { ours: timed(() => registry.listVersions(MODEL, { limit: n })), theirs: timed(() => listRaw(n)) },
      rounds,
    );
    yield result({
      case: "all listed",
      n,
      unit: "ms",
      against: "a prepared statement and JSON.parse",
      target: 1.5,
      gate: 2.5,
      pair: all,
    });

    let bytes = 0;
    const register = (name: string) =>
      timed(() => registry.register({ name, artifact: new TextEncoder().encode(`model ${bytes++}`) }));
    const registered = await inTurn({ ours: register(MODEL.name), theirs: register("other") }, rounds);
    yield result({
      case: "registered, durable",
      n,
      unit: "ms",
      against: "the first versions of a model",
      target: 1.5,
      gate: 3,
      pair: registered,
    });

    let next = 0;
    const promote = timed(() => registry.promote(`churn@1.0.${next++}`, "production"));
    await promote();
    await promote();
    const promoteRaw = promotion(raw, path);
    let nextRaw = 1;
    const promoted = await inTurn({ ours: promote, theirs: timed(() => promoteRaw(nextRaw++)) }, rounds * 2);
    yield result({
      case: "promoted, durable, the one before archived",
      n,
      unit: "ms",
      against: "a prepared transaction of as many rows",
      target: 1.3,
      gate: 2.5,
      pair: promoted,
    });
    raw.close();
    await host.close();
    await connection.close();
  },
};

/** One transaction that writes as many rows as the last promotion of the database at `model` did, with their texts. */
function promotion(raw: Database.Database, model: string): (number: number) => void {
  const source = new Database(model, { readonly: true });
  const { correlation } = source.prepare("SELECT correlation FROM transition ORDER BY number DESC LIMIT 1").get() as {
    readonly correlation: string;
  };
  const rowsOf = (table: string): Record<string, unknown>[] =>
    source.prepare(`SELECT * FROM ${table} WHERE correlation = ?`).all(correlation) as Record<string, unknown>[];
  const copies = ["transition", "event", "audit"].flatMap((table) =>
    rowsOf(table).map((row) => {
      const names = Object.keys(row).filter((name) => name !== "number");
      const places = names.map((name) => `@${name}`).join(", ");
      return { row, insert: raw.prepare(`INSERT INTO ${table} (${names.join(", ")}) VALUES (${places})`) };
    }),
  );
  source.close();
  const find = raw.prepare("SELECT * FROM model_version WHERE model = 1 AND version = ?");
  const live = raw.prepare("SELECT * FROM model_version WHERE model = 1 AND stage = 'production' AND deleted = 0");
  const write = raw.prepare(
    "UPDATE model_version SET stage = ?, staged_at = staged_at + 1, revision = revision + 1, body = ? WHERE number = ?",
  );
  // They let rows only follow each other; the twin need not make a chain of them.
  const triggers = raw.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'audit'");
  for (const name of triggers.pluck().all() as string[]) raw.exec(`DROP TRIGGER ${name}`);
  let ids = 0;
  const run = raw.transaction((number: number) => {
    const version = find.get(`1.0.${number}`) as { readonly number: number; readonly body: string };
    const before = live.get() as { readonly number: number; readonly body: string } | undefined;
    if (before !== undefined) write.run("archived", before.body, before.number);
    write.run("production", version.body, version.number);
    for (const { row, insert } of copies) insert.run("id" in row ? { ...row, id: `raw-${ids++}` } : row);
  });
  return (number) => void run.immediate(number);
}

async function fill(connection: Connection, n: number): Promise<void> {
  await connection.writeModel(
    {
      ...MODEL,
      description: undefined,
      labels: {},
      gates: {},
      createdAt: "2026-01-01T00:00:00.000Z",
      createdBy: "bench",
    },
    undefined,
  );
  for (let from = 0; from < n; from += 1_000) {
    const versions = Array.from({ length: Math.min(1_000, n - from) }, (_, at) => ({
      version: version(from + at),
      expected: undefined,
    }));
    await connection.transaction((tx) => tx.writeVersions(versions));
  }
}

function version(number: number): Omit<VersionRecord, "revision"> {
  return {
    ...MODEL,
    id: String(number).padStart(26, "0") as VersionId,
    version: `1.0.${number}`,
    sequence: number + 1,
    stage: "development",
    stagedAt: number + 1,
    createdAt: "2026-01-01T00:00:00.000Z",
    createdBy: "bench",
    engineVersion: "0.1.0",
    run: undefined,
    source: undefined,
    artifact: { digest: "a".repeat(64), size: 100, files: 1, location: `objects/aa/${"a".repeat(62)}` },
    ...versionFacts({
      framework: "random-forest",
      metrics: { accuracy: 0.9 + number / 1e6, loss: 0.1 },
      params: { depth: 8, trees: 100 },
      labels: { team: "growth" },
    }),
    deleted: undefined,
  };
}
