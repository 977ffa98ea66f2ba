// How fast are a million partitions recorded, and ten thousand of them found again?

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { Connection, Fingerprint, KeyText } from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import type { PartitionQuery, PartitionRecord } from "../src/backend/records.ts";
import type { Bench, Setting } from "./bench.ts";
import { counted } from "./harness/counting.ts";
import { inTurn, milliseconds, timed } from "./harness/in-turn.ts";
import type { Result } from "./harness/result.ts";
import { createRandom } from "./work/random.ts";
import { readSchema } from "./work/rows.ts";

/** Partitions of one artifact, written in one call and asked for in one call. */
const BATCH = 10_000;

export const bench: Bench = {
  question: "How fast are a million partitions recorded, and ten thousand of them found again?",

  async *run(setting) {
    const artifacts = setting.quick ? 10 : 100;
    const folder = setting.space.folder("partitions");
    const [ours, theirs] = [join(folder, "ours"), join(folder, "raw")];
    for (const path of [ours, theirs]) mkdirSync(path);
    const connection = await sqlite(join(ours, "strata.db")).connect();
    const raw = openRaw(join(theirs, "raw.db"), join(ours, "strata.db"));
    try {
      yield* recording(setting, connection, raw, artifacts);
      yield* resolving(setting, connection, raw, artifacts);
    } finally {
      await connection.close();
      raw.close();
    }
  },
};

/** Artifact after artifact: each batch once by us and once raw, into databases that grow alike. */
async function* recording(
  { result }: Setting,
  connection: Connection,
  raw: Raw,
  artifacts: number,
): AsyncGenerator<Result> {
  const pair = { ours: [] as number[], theirs: [] as number[] };
  for (let artifact = 0; artifact < artifacts; artifact++) {
    const records = batch(artifact);
    const ours = async (): Promise<void> => {
      globalThis.gc?.();
      const start = process.hrtime.bigint();
      await connection.writeArtifactPartitions(records);
      pair.ours.push(milliseconds(start));
    };
    const theirs = (): void => {
      globalThis.gc?.();
      const start = process.hrtime.bigint();
      raw.write(artifact, records);
      pair.theirs.push(milliseconds(start));
    };
    if (artifact % 2 === 0) {
      await ours();
      theirs();
    } else {
      theirs();
      await ours();
    }
  }
  const n = artifacts * BATCH;
  yield result({
    case: `recorded, ${BATCH.toLocaleString("en")} a call: time of a call`,
    n,
    unit: "ms",
    against: "prepared insert into the same table",
    target: 1.5,
    gate: 2.5,
    pair,
    note: `${Math.round(n / pair.ours.reduce((sum, time) => sum + time / 1000, 0)).toLocaleString("en")} rows a second`,
  });
  const tenth = Math.max(1, Math.floor(artifacts / 10));
  yield result({
    case: "recorded, the last tenth",
    n,
    unit: "ms",
    against: "prepared insert into the same table",
    target: 1.5,
    gate: 2.5,
    pair: { ours: pair.ours.slice(-tenth), theirs: pair.theirs.slice(-tenth) },
  });
}

async function* resolving(
  { result, quick }: Setting,
  connection: Connection,
  raw: Raw,
  artifacts: number,
): AsyncGenerator<Result> {
  let next = 0;
  const queries = Array.from({ length: artifacts }, (_, artifact) =>
    batch(artifact).map(({ key, input }): PartitionQuery => ({ artifact: artifactOf(artifact), key, input: input! })),
  );
  const ask = (): PartitionQuery[] => queries[next++ % artifacts]!;
  const counts = await counted(async () => {
    const found = await connection.findPartitions(ask());
    if (found.includes(undefined)) throw new Error("a partition that was recorded is not found");
  });
  yield result({
    case: "found again: statements",
    n: BATCH,
    unit: "count",
    against: "2 an artifact",
    target: 1,
    gate: 1,
    count: { ours: counts.statements, theirs: 2 },
    counters: counts,
  });
  const samples = await inTurn(
    {
      ours: timed(() => connection.findPartitions(ask())),
      theirs: timed(() => {
        const list = ask();
        if (raw.find(artifactNumber(list[0]!.artifact), list).length !== BATCH) throw new Error("rows are missing");
      }),
    },
    quick ? 9 : 31,
  );
  yield result({
    case: `found again, of ${(artifacts * BATCH).toLocaleString("en")}`,
    n: BATCH,
    unit: "ms",
    against: "json_each CROSS JOIN by hand",
    target: 1.5,
    gate: 2.5,
    pair: samples,
  });
}

interface Raw {
  write(artifact: number, records: readonly PartitionRecord[]): void;
  find(artifact: number, queries: readonly PartitionQuery[]): unknown[];
  close(): void;
}

/** The same table and the same durability, and nothing but the driver. */
function openRaw(path: string, like: string): Raw {
  const database = new Database(path);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  for (const sql of readSchema(like)) database.exec(sql);
  database.pragma("foreign_keys = OFF");
  const insert = database.prepare(`
    INSERT INTO partition (id, artifact, key, input, content, sequence, damaged, written_at, size, digest, storage, location, run, value)
    VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, NULL, ?, ?, NULL, NULL)`);
  const find = database
    .prepare(
      `SELECT q.key, p.id, p.key, lower(hex(p.input)), lower(hex(p.content)), p.size, p.storage, p.location
       FROM json_each(?) q CROSS JOIN partition p ON p.artifact = ? AND p.key = substr(q.value, 33) AND p.input = unhex(substr(q.value, 1, 32))
       WHERE p.damaged = 0`,
    )
    .raw();
  let id = 0;
  return {
    write(artifact, records) {
      database.exec("BEGIN IMMEDIATE");
      for (const { key, input, content, size, storage, location } of records) {
        id += 1;
        insert.run(
          id,
          artifact,
          key,
          Buffer.from(input!, "hex"),
          Buffer.from(content, "hex"),
          id,
          0,
          size,
          storage,
          location,
        );
      }
      database.exec("COMMIT");
    },
    find: (artifact, queries) => find.all(JSON.stringify(queries.map(({ key, input }) => input + key)), artifact),
    close: () => void database.close(),
  };
}

/** One artifact's partitions, the same ones each time. */
function batch(artifact: number): PartitionRecord[] {
  const random = createRandom(artifact);
  const hex = (): Fingerprint => {
    let text = "";
    for (let word = 0; word < 4; word++)
      text += Math.floor(random() * 2 ** 32)
        .toString(16)
        .padStart(8, "0");
    return text as Fingerprint;
  };
  return Array.from({ length: BATCH }, (_, index) => {
    const input = hex();
    return {
      artifact: artifactOf(artifact),
      key: `node=${index}` as KeyText,
      input,
      content: hex(),
      size: 17,
      digest: undefined,
      storage: "managed",
      location: `data/nodes/node=${index}.${input}-00000000.txt`,
      value: undefined,
      run: undefined,
    };
  });
}

function artifactOf(number: number): Fingerprint {
  return (number + 1).toString(16).padStart(32, "0") as Fingerprint;
}

function artifactNumber(artifact: Fingerprint): number {
  return Number.parseInt(artifact, 16) - 1;
}
