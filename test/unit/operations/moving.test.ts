// A snapshot leaves one backend as a folder and comes into another one; a folder that does not hold together comes into none.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs"; // prettier-ignore
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Backend, Connection } from "../../../src/backend/backend.ts";
import { memory } from "../../../src/backend/memory/memory-backend.ts";
import { sqlite } from "../../../src/backend/sqlite/index.ts";
import { openWorkspace } from "../../../src/build/workspace.ts";
import { all, artifact, daily, fanOut, graph, integers, local, producer, strings } from "../../../src/index.ts";
import { exportSnapshotIn, type ExportOptions } from "../../../src/operations/moving/export-snapshot.ts";
import { importSnapshotIn, type ImportOptions } from "../../../src/operations/moving/import-snapshot.ts";
import { selectNodes } from "../../../src/graph/selector.ts";
import { resolveSnapshot } from "../../../src/build/snapshot.ts";
import { collectGarbage, exportSnapshot, importSnapshot } from "../../../src/operations/index.ts";
import { verifySnapshots } from "../../../src/operations/verify.ts";
import { Folder } from "../../support/folder.ts";

const Days = artifact({ schema: z.array(z.number()), partitionBy: { date: daily() } });
const Sums = artifact({ schema: z.number(), partitionBy: { date: daily() } });
const Total = artifact({ schema: z.number() });

const sumDay = producer({
  name: "sum-day",
  version: "1.0.0",
  inputs: { amounts: Days },
  output: Sums,
  build: ({ amounts }) => amounts.reduce((sum, amount) => sum + amount, 0),
});
const sumAll = producer({
  name: "sum-all",
  version: "1.0.0",
  inputs: { days: all(Sums) },
  output: Total,
  build: ({ days }) => days.reduce((sum, { value }) => sum + value, 0),
});
const spend = graph("spend", () => {
  const amounts = Days.from(local("data/{date}.json"));
  const days = sumDay({ amounts });
  return { amounts, days, total: sumAll({ days }) };
});

const folder = new Folder().path;
const root = join(folder, "project");
const exported = join(folder, "exported");
const backend = sqlite(join(root, ".strata", "strata.db"));
let next = 0;

function fresh(): string {
  return join(folder, `new-${next++}`);
}

async function write(
  to: string,
  options: ExportOptions = {},
  reference = "latest",
): ReturnType<typeof exportSnapshotIn> {
  await using workspace = await openWorkspace({ backend, root, readOnly: true });
  return await exportSnapshotIn(
    workspace,
    await resolveSnapshot(workspace.connection, "spend", reference),
    to,
    options,
  );
}

async function take(
  to: Backend,
  from: string,
  options: Partial<ImportOptions> = {},
): ReturnType<typeof importSnapshotIn> {
  await using workspace = await openWorkspace({ backend: to, root: folder });
  return await importSnapshotIn(workspace, from, { by: "ana", ...options });
}

beforeAll(async () => {
  mkdirSync(join(root, "data"), { recursive: true });
  writeFileSync(join(root, "data", "2026-01-01.json"), "[1,3]");
  writeFileSync(join(root, "data", "2026-01-02.json"), "[3]");
  const snapshot = await spend.build({ backend, root });
  await snapshot.tag("prod", { by: "bo", why: "checked" });
  await write(exported, { tags: true });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("an exported snapshot", () => {
  for (const [kind, open] of [
    ["memory", () => memory()],
    ["SQLite", () => sqlite(join(fresh(), "strata.db"))],
  ] as const) {
    it(`comes into ${kind}, where the same graph has nothing to build and everything can be asked`, async () => {
      const target = open();

      const imported = await take(target, exported);
      const plan = await spend.plan({ backend: target, root });
      const again = await spend.build({ backend: target, root });
      const snapshot = await spend.snapshot("prod", { backend: target, root });
      await using workspace = await openWorkspace({ backend: target, root });
      const stored = await resolveSnapshot(workspace.connection, "spend", "latest");
      const verified = await verifySnapshots(workspace, [stored]);
      const [tag] = (await workspace.connection.readSnapshotTagHistory("spend", "prod")).items;

      expect(imported).toMatchObject({ partitions: 5, written: 5, whole: true, tags: ["prod"] });
      expect(plan.changes).toBe(false);
      expect(again.result).toMatchObject({ built: 0, reused: 3 });
      expect(await snapshot.read(spend.artifacts.total)).toBe(7);
      // The source is read from what came along, not from where it once was.
      expect(await snapshot.read(spend.artifacts.amounts, { date: "2026-01-02" })).toEqual([3]);
      expect(verified).toMatchObject({ checked: 3, findings: [] });
      expect(stored).toMatchObject({ id: snapshot.id, state: "complete" });
      expect(tag).toMatchObject({ by: "ana", why: expect.stringMatching(/^imported; tagged by bo at .*: checked$/) });
    });
  }

  it("keeps the lineage of every step", async () => {
    const target = memory();
    await take(target, exported);
    await using workspace = await openWorkspace({ backend: target, root });
    const { connection } = workspace;
    const { id } = await resolveSnapshot(connection, "spend", "latest");
    const total = (await connection.readSnapshotPartitions(id, "total")).items[0]!;

    const walk = await connection.walkLineage([total.id], { direction: "upstream" });
    const run = await connection.readRun(total.run!);

    expect(walk.partitions).toHaveLength(5);
    expect(walk.edges).toHaveLength(4);
    expect(run).toMatchObject({ producer: "sum-all", version: "1.0.0", state: "succeeded" });
  });

  it("is taken in once: what is here stays as it is", async () => {
    const target = sqlite(join(fresh(), "strata.db"));
    await take(target, exported);

    expect(await take(target, exported)).toMatchObject({ written: 0, bytes: 0 });
    expect(readdirSync(join(target.home!, "data", "days"))).toHaveLength(2);
  });

  it("loses nothing to a gc that comes between the writing of its bytes and of their names", async () => {
    const target = sqlite(join(fresh(), "strata.db"));
    await using workspace = await openWorkspace({ backend: target, root: folder });
    const { connection } = workspace;
    let collected: unknown;
    const slow = {
      ...workspace,
      connection: Object.assign(Object.create(connection) as Connection, {
        async transaction<T>(work: (tx: Connection) => Promise<T>): Promise<T> {
          await wait(60); // the bytes are no longer too young to go
          collected = await collectGarbage({ backend: target, root: folder, remove: true, grace: 0 }).catch((error: unknown) => error); // prettier-ignore
          return connection.transaction(work);
        },
      }),
    };

    await importSnapshotIn(slow, exported, { by: "ana" });
    const verified = await verifySnapshots(workspace, [await resolveSnapshot(connection, "spend", "latest")]);

    expect(verified.findings).toEqual([]);
    expect(collected).toMatchObject({ code: "BACKEND_BUSY", received: expect.stringContaining("held by ") as string });
    expect(await collectGarbage({ backend: target, root: folder, remove: true, grace: 0 })).toMatchObject({
      files: [],
    });
  });

  it("is not taken in where its bytes may have been collected while its process stood still", async () => {
    const target = sqlite(join(fresh(), "strata.db"));
    await using workspace = await openWorkspace({ backend: target, root: folder });
    const { connection } = workspace;
    const paused = {
      ...workspace,
      connection: Object.assign(Object.create(connection) as Connection, {
        async transaction<T>(work: (tx: Connection) => Promise<T>): Promise<T> {
          await connection.acquireLeases(["bytes without names"], { holder: "gc", ttl: 60_000, isDead: () => true });
          return connection.transaction(work);
        },
      }),
    };

    const error = await importSnapshotIn(paused, exported, { by: "ana" }).catch((caught: unknown) => caught);

    expect(error).toMatchObject({ code: "BACKEND_BUSY" });
    expect((await connection.listSnapshots(undefined)).items).toEqual([]);
  });

  it("may be of some artifacts only, and then does not pass for the whole", async () => {
    const to = fresh();
    const target = memory();

    const some = await write(to, { select: selectNodes(spend.definition, ["days[2026-01-02]", "total"]) });
    const imported = await take(target, to);
    const again = await spend.build({ backend: target, root });

    expect(some).toMatchObject({ partitions: 2, whole: false });
    expect(imported.snapshot.state).toBe("partial");
    expect(again.result).toMatchObject({ built: 1, reused: 2 });
  });

  it("is refused where it is not the one that was meant", async () => {
    await expect(take(memory(), exported, { digest: "0".repeat(64) })).rejects.toMatchObject({
      code: "EXPORT_INVALID",
    });
  });

  it("moves no tag unless told, and writes nothing then", async () => {
    const target = memory();
    writeFileSync(join(root, "data", "2026-01-03.json"), "[4]");
    const other = await spend.build({ backend: target, root });
    rmSync(join(root, "data", "2026-01-03.json"));
    await other.tag("prod");

    await expect(take(target, exported)).rejects.toMatchObject({ code: "TAG_EXISTS" });
    await expect(spend.snapshot("latest", { backend: target })).resolves.toMatchObject({ id: other.id });
    expect((await take(target, exported, { move: true })).tags).toEqual(["prod"]);
  });

  it("is refused in a sentence below a file", async () => {
    const file = fresh();
    writeFileSync(file, "");

    const error = await write(join(file, "to")).catch((caught: unknown) => caught);

    expect(error).toMatchObject({ code: "STORAGE_FAILED", what: "a file is where a folder should be" });
  });

  it("takes no place that is taken, and leaves nothing where a source has changed", async () => {
    const to = fresh();
    const source = join(root, "data", "2026-01-01.json");
    writeFileSync(source, "[1,9]");

    await expect(write(exported)).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    await expect(write(to)).rejects.toMatchObject({ code: "SOURCE_CHANGED" });

    writeFileSync(source, "[1,3]");
    expect(existsSync(to)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.startsWith(".strata-tmp"))).toEqual([]);
  });
});

/** Changes to a copy of the folder, each of which must be refused. */
const attacks: Readonly<Record<string, (at: string) => void>> = {
  "a changed byte": (at) => writeFileSync(someData(at), "[9]"),
  "a truncated file": (at) => truncateSync(someData(at), 1),
  "a missing file": (at) => rmSync(someData(at)),
  "a truncated table": (at) => truncateSync(join(at, "runs.ndjson"), 20),
  "a truncated index": (at) => truncateSync(join(at, "snapshot.json"), 40),
  "an edited index": (at) => edit(join(at, "snapshot.json"), (text) => text.replace('"complete"', '"open"')),
  "no index": (at) => rmSync(join(at, "snapshot.json")),
  "a link to the same bytes elsewhere": (at) => {
    const file = someData(at);
    renameSync(file, `${at}.outside`);
    symlinkSync(`${at}.outside`, file);
  },
  "a folder that is a link": (at) => {
    renameSync(join(at, "data"), `${at}.data`);
    symlinkSync(`${at}.data`, join(at, "data"));
  },
  "a pipe": (at) => {
    rmSync(someData(at));
    spawnSync("mkfifo", [someData(at, false)]);
  },
  "a path for a digest": (at) => rows(at, "partitions.ndjson", (row) => ({ ...row, sha256: "../../../../etc/passwd" })),
  "an artifact key that is a path": (at) =>
    rows(at, "partitions.ndjson", (row) => ({ ...row, artifactKey: "../../x" })),
  "a location": (at) => rows(at, "partitions.ndjson", (row) => ({ ...row, location: "/etc/passwd" })),
  "another content": (at) => rows(at, "partitions.ndjson", (row) => ({ ...row, content: "0".repeat(32) })),
  "another key": (at) => rows(at, "partitions.ndjson", (row) => ({ ...row, key: "date=2026-01-05" })),
  "no key": (at) => rows(at, "partitions.ndjson", (row) => ({ ...row, key: "date=2026-13-01" })),
  "another artifact": (at) => rows(at, "partitions.ndjson", (row) => ({ ...row, artifact: "0".repeat(32) })),
  "a step nobody knows": (at) => rows(at, "partitions.ndjson", (row) => (row["input"] === undefined ? row : { ...row, input: "0".repeat(32) })), // prettier-ignore
  "a partition too few": (at) => table(at, "partitions.ndjson", (text) => text.split("\n").filter((line) => !line.includes('"amounts"')).join("\n")), // prettier-ignore
  "a partition twice": (at) => table(at, "partitions.ndjson", (text) => text + text),
  "other bytes of a source, with digest and fingerprint": (at) => {
    const [sum] = readTable(at, "partitions.ndjson").filter(({ artifactKey }) => artifactKey === "days");
    rows(at, "partitions.ndjson", (row) => {
      if (row["artifactKey"] !== "amounts") return row;
      const { content, size, sha256 } = sum!;
      return { ...row, content, size, sha256 };
    });
  },
  "another text for a fingerprint": (at) => rows(at, "manifests.ndjson", (row) => ({ ...row, text: `${String(row["text"])} ` })), // prettier-ignore
  "texts that are missing": (at) => table(at, "manifests.ndjson", () => ""),
  "another graph": (at) => table(at, "graph.json", (text) => text.replace('"name":"spend"', '"name":"other"')),
  "an edge to nowhere": (at) => rows(at, "edges.ndjson", (row) => ({ ...row, partition: 99 })),
  "an edge of another step": (at) => rows(at, "edges.ndjson", (row) => ({ ...row, direction: "output" })),
  "a run that goes on": (at) => rows(at, "runs.ndjson", (row) => ({ ...row, state: "running" })),
  "a tag called latest": (at) => rows(at, "tags.ndjson", (row) => ({ ...row, tag: "latest" })),
  "what is not JSON": (at) => table(at, "graph.json", () => "{"),
};

describe("a folder with", () => {
  for (const [what, attack] of Object.entries(attacks)) {
    it(`${what} is refused with one sentence, and nothing is written`, async () => {
      const at = fresh();
      cpSync(exported, at, { recursive: true });
      attack(at);
      const target = sqlite(join(fresh(), "strata.db"));

      const error = await take(target, at).then(
        () => undefined,
        (caught: unknown) => caught,
      );

      expect(error).toMatchObject({ code: what === "a tag called latest" ? "TEXT_INVALID" : "EXPORT_INVALID" });
      expect(String((error as Error).message).split("\n")).toHaveLength(1);
      expect(existsSync(join(target.home!, "data"))).toBe(false);
      await using connection = await target.connect();
      expect((await connection.listSnapshots(undefined)).items).toEqual([]);
      expect((await connection.listGraphs()).items).toEqual([]);
    });
  }
});

type Row = Record<string, unknown>;

let last = "";
function someData(at: string, anew = true): string {
  if (!anew) return last;
  const data = join(at, "data");
  const [name] = readdirSync(data, { recursive: true, encoding: "utf8" }).filter((one) => one.length > 64);
  return (last = join(data, name!));
}

function edit(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, "utf8")));
}

/** Changes a table and seals it anew, as somebody would who means harm. */
function table(at: string, name: string, change: (text: string) => string): void {
  edit(join(at, name), change);
  const bytes = readFileSync(join(at, name));
  edit(join(at, "snapshot.json"), (text) => {
    const index = JSON.parse(text) as { files: Record<string, object> };
    index.files[name] = { size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
    return JSON.stringify(index);
  });
}

function readTable(at: string, name: string): Row[] {
  const text = readFileSync(join(at, name), "utf8").trim();
  return text.split("\n").map((line) => JSON.parse(line) as Row);
}

function rows(at: string, name: string, change: (row: Row) => Row): void {
  table(at, name, () =>
    readTable(at, name)
      .map((row) => `${JSON.stringify(change(row))}\n`)
      .join(""),
  );
}

it("a fan-out comes along with the list that stands for it, and nothing is built for it there", async () => {
  const Parts = artifact({ schema: z.number(), partitionBy: { date: daily(), part: strings() } });
  const split = producer({
    name: "split",
    version: "1.0.0",
    inputs: { amounts: Days },
    output: fanOut(Parts, "part"),
    build: ({ amounts }) => amounts.map((value, at) => ({ key: { part: `p${at}` }, value })),
  });
  const fanned = graph("spend", () => {
    const amounts = Days.from(local("data/{date}.json"));
    return { amounts, parts: split({ amounts }) };
  });
  const [here, there] = [fresh(), fresh()];
  cpSync(join(root, "data"), join(here, "data"), { recursive: true });
  cpSync(join(root, "data"), join(there, "data"), { recursive: true });
  const [from, to] = [here, there].map((place) => ({ root: place, backend: sqlite(join(place, ".strata/strata.db")) }));
  const { result } = await fanned.build(from);
  const out = fresh();
  {
    await using workspace = await openWorkspace({ ...from!, readOnly: true });
    await exportSnapshotIn(workspace, await resolveSnapshot(workspace.connection, "spend", "latest"), out, {});
  }
  {
    await using workspace = await openWorkspace(to!);
    await importSnapshotIn(workspace, out, { by: "ana" });
  }

  const again = await fanned.build(to);

  expect(result.built).toBeGreaterThan(2);
  expect(again.result).toMatchObject({ snapshot: result.snapshot, built: 0, reused: result.built });
});

it("a source whose numbers are in another order than their texts comes along", async () => {
  const Numbers = artifact({ schema: z.number(), partitionBy: { n: integers(), region: strings() } });
  const numbers = graph("numbers", () => ({ numbers: Numbers.from(local("numbers/{n}-{region}.json")) }));
  mkdirSync(join(root, "numbers"), { recursive: true });
  for (const n of [-1, 2, 10, 9, 100]) for (const region of ["eu", "us"]) writeFileSync(join(root, "numbers", `${n}-${region}.json`), `${n}`); // prettier-ignore
  const here = memory();
  const there = memory();
  const to = fresh();
  await numbers.build({ backend: here, root });

  await exportSnapshot(numbers, { to, backend: here, root });
  const { partitions } = await importSnapshot({ from: to, backend: there, root });

  expect(partitions).toBe(10);
});
