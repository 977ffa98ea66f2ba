// One backend comes into another with everything it holds, again and again; what is no copy of it is left alone.

import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findAuditBreak } from "../../../src/backend/audit-chain.ts";
import type { Backend, Connection } from "../../../src/backend/backend.ts";
import { keptKinds } from "../../../src/backend/kept-records.ts";
import { memory } from "../../../src/backend/memory/memory-backend.ts";
import type { PartitionId } from "../../../src/backend/records.ts";
import { sqlite } from "../../../src/backend/sqlite/index.ts";
import { copyBackend } from "../../../src/operations/moving/copy-backend.ts";
import { auditEntry, churn, event, model, task, version } from "../../../src/testing/fact-samples.ts";
import { faulty } from "../../../src/testing/faulty.ts";
import { key, partition, print, refusal, run, runId, snapshot } from "../../../src/testing/samples.ts";
import { everyAnswer, fillStore, wholeStore } from "../../../src/testing/store-samples.ts";
import { Folder } from "../../support/folder.ts";
import { fc } from "../../support/random.ts";

let folder: Folder;
let opened: Connection[];
let next = 0;

beforeEach(() => {
  folder = new Folder();
  opened = [];
});

afterEach(async () => {
  for (const connection of opened) await connection.close();
  folder[Symbol.dispose]();
});

async function connect(backend: Backend): Promise<Connection> {
  const connection = await backend.connect();
  opened.push(connection);
  return connection;
}

const kinds = {
  memory: () => memory(),
  sqlite: () => sqlite(join(folder.path, `${next++}.db`)),
  "sqlite of normal durability": () => sqlite(join(folder.path, `${next++}.db`), { durability: "normal" }),
} as const;

async function filled(kind: keyof typeof kinds = "memory"): Promise<Connection> {
  const connection = await connect(kinds[kind]());
  await fillStore(connection);
  return connection;
}

describe("a copy", () => {
  for (const [one, other] of [
    ["memory", "memory"],
    ["memory", "sqlite"],
    ["sqlite", "memory"],
    ["sqlite", "sqlite"],
    ["memory", "sqlite of normal durability"],
  ] as const) {
    it(`from ${one} to ${other} answers every question as the original, and once more brings nothing`, async () => {
      const from = await filled(one);
      const to = await connect(kinds[other]());

      const dry = await copyBackend(from, to, { dryRun: true });
      const nothing = await wholeStore(to);
      const copied = await copyBackend(from, to);
      const again = await copyBackend(from, to);

      for (const kind of keptKinds) expect([kind, nothing[kind]]).toEqual([kind, []]);
      expect(await wholeStore(to)).toEqual(await wholeStore(from));
      expect(await everyAnswer(to)).toEqual(await everyAnswer(from));
      expect(findAuditBreak(undefined, await to.readAudit(1, 100))).toBeUndefined();
      for (const kind of keptKinds) {
        const { records } = copied.kinds[kind];
        expect(copied.kinds[kind]).toEqual({ records, written: records, removed: 0 });
        expect(records).toBeGreaterThan(0);
        expect(again.kinds[kind]).toEqual({ records, written: 0, removed: 0 });
      }
      expect(dry).toEqual({ ...copied, digest: undefined });
      expect(again).toMatchObject({ records: copied.records, written: 0, digest: copied.digest, behind: false });
    });
  }

  it("has the same SHA-256 wherever it is", async () => {
    const from = await filled();
    const [one, two] = [await connect(memory()), await connect(kinds.sqlite())];

    const first = await copyBackend(from, one);
    const second = await copyBackend(one, two);

    expect(second.digest).toBe(first.digest);
    await from.writeManifests([{ fingerprint: print("another"), text: "1" }]);
    expect((await copyBackend(from, one)).digest).not.toBe(first.digest);
  });

  it("holds no leases, and gives no number that was given before", async () => {
    const from = await filled();
    const lease = { holder: "ana", ttl: 60_000 };
    await from.acquireLeases(["step"], lease);
    const to = await connect(kinds.sqlite());

    await copyBackend(from, to);
    const [answer] = await to.acquireLeases(["step"], { ...lease, holder: "bo" });

    expect(answer).toMatchObject({ granted: true });
    expect(answer).not.toMatchObject({ fence: { token: (await from.readCopyState()).given } });
  });

  it("follows what was changed, ended, moved and removed where it comes from, and writes only that", async () => {
    const from = await filled();
    const to = await connect(kinds.sqlite());
    await copyBackend(from, to);

    await from.writeGraph({ name: "spend", fingerprint: print("graph"), description: "told anew" });
    await from.removeSnapshotTag({ graph: "spend", tag: "prod", by: "ana" });
    await from.removeSnapshots([print("one")]);
    await from.finishRuns([
      { id: runId("build"), state: "succeeded", finishedAt: "2026-01-02T03:04:06.000Z", attempts: 1, duration: 2, error: undefined }, // prettier-ignore
    ]);
    const [pin] = (await from.listMarks({ open: true })).items;
    await from.endMarks({ sequences: [pin!.sequence], by: "cy", why: "enough" });
    await from.removeTasks(Date.parse("2027-01-01"));
    await from.removeEvents(Date.parse("2027-01-01"));
    await from.removeSubmissions(Date.now() + 1000);
    await from.writeAlias({ ...churn, alias: "champion", version: undefined, at: "2026-01-04T00:00:00Z", by: "ana" });
    const [live, staged] = (
      await from.listVersions({ ...churn, stages: ["production", "staging"] })
    ).items.toReversed();
    await from.writeVersions([
      { version: { ...live!, stage: "staging", stagedAt: 500 }, expected: live!.revision },
      { version: { ...staged!, stage: "production", stagedAt: 501 }, expected: staged!.revision },
    ]);
    const gone = (await from.listUnlinkedPartitions(Date.now() + 1000)).items.map(({ id }) => id);
    const removed = await from.removeUnlinkedPartitions(gone);
    await from.writeArtifactPartitions([partition({ key: key("lost"), content: print("lost") })]);
    await from.writeAudit([auditEntry(8)]);

    const copied = await copyBackend(from, to);

    expect(removed.length).toBeGreaterThan(0);
    expect(await wholeStore(to)).toEqual(await wholeStore(from));
    expect(await everyAnswer(to)).toEqual(await everyAnswer(from));
    expect(copied.kinds.graphs).toEqual({ records: 2, written: 1, removed: 0 });
    expect(copied.kinds.snapshots).toMatchObject({ removed: 1, written: 0 });
    expect(copied.kinds.audit).toMatchObject({ written: 1, removed: 0 });
    expect(copied.kinds.manifests.written).toBe(0);
    expect(await copyBackend(from, to)).toMatchObject({ written: 0, removed: 0 });
  });

  it("production that goes back and forth between versions is there at most once all the time", async () => {
    const from = await filled("sqlite");
    const to = await connect(kinds.sqlite());
    for (let round = 0; round < 3; round++) {
      await copyBackend(from, to);
      const { items } = await from.listVersions(churn);
      const live = items.find(({ stage }) => stage === "production")!;
      const other = items.find(({ stage }) => stage !== "production")!;
      await from.writeVersions([
        { version: { ...live, stage: "archived" }, expected: live.revision },
        { version: { ...other, stage: "production" }, expected: other.revision },
      ]);
    }

    expect(await copyBackend(from, to)).toMatchObject({ kinds: { versions: { written: 2 } } });
    expect(await wholeStore(to)).toEqual(await wholeStore(from));
  });

  it("is of one moment while the source goes on, and says that it is behind", async () => {
    const from = await filled("sqlite");
    const to = await connect(memory());
    const moment = await wholeStore(from);
    let writing: Promise<unknown> | undefined;

    const copied = await copyBackend(from, to, {
      on: () => void (writing ??= from.startRuns([run({ id: runId("meanwhile") })])),
    });
    await writing;

    expect(await wholeStore(to)).toEqual(moment);
    expect(copied.behind).toBe(true);
    const again = await copyBackend(from, to);
    expect(again).toMatchObject({ written: 1, behind: false });
    expect(await wholeStore(to)).toEqual(await wholeStore(from));
  });

  it("counts what is in files, which it does not have", async () => {
    const from = await connect(memory());
    await from.writeArtifactPartitions([
      partition({ key: key("a"), storage: "managed", size: 10 }),
      partition({ key: key("b"), storage: "managed", size: 5 }),
      partition({ key: key("c"), storage: "local", size: 100 }),
    ]);
    const artifact = { digest: "0f".repeat(32), size: 7, files: 1, location: "x" };
    await from.writeModel(model(), undefined);
    await from.writeVersions([{ version: version(0, { artifact }), expected: undefined }]);

    const { files } = await copyBackend(from, await connect(memory()));

    expect(files).toEqual({ partitions: 2, versions: 1, bytes: 22 });
  });

  it("of an empty backend is one", async () => {
    const copied = await copyBackend(await connect(memory()), await connect(kinds.sqlite()));

    expect(copied).toMatchObject({ records: 0, written: 0, removed: 0, behind: false });
  });

  it("of values that are kept inside brings every byte", async () => {
    const from = await connect(memory());
    const value = new Uint8Array(300_000).map((_, index) => index % 251);
    await from.writeArtifactPartitions(
      Array.from({ length: 450 }, (_, n) =>
        partition({ key: key(`${n}`), value: n === 449 ? value : Buffer.from(`${n}`), storage: "literal" }),
      ),
    );
    const to = await connect(kinds.sqlite());

    await copyBackend(from, to);

    const { items } = await to.readArtifactPartitions(print("artifact"));
    expect(items.find(({ key: of }) => of === "449")?.value).toEqual(value);
    expect(Buffer.from(items.find(({ key: of }) => of === "12")!.value!).toString()).toBe("12");
  });
});

describe("what is refused", () => {
  it("a backend onto itself, whatever it is called, and nothing happens", async () => {
    const path = join(folder.path, "one.db");
    const one = await connect(sqlite(path));
    await fillStore(one);
    symlinkSync(path, join(folder.path, "link.db"));
    const store = memory();

    await refusal(copyBackend(one, await connect(sqlite(path))), "COPY_REFUSED");
    await refusal(copyBackend(one, await connect(sqlite(join(folder.path, "link.db")))), "COPY_REFUSED");
    await refusal(copyBackend(await connect(store), await connect(store)), "COPY_REFUSED");
    await refusal(copyBackend(one, one, { dryRun: true }), "COPY_REFUSED");
  });

  const others: Readonly<Record<string, (target: Connection) => Promise<unknown>>> = {
    "a run of its own": (target) => target.startRuns([run({ id: runId("own") })]),
    "a task of its own": (target) => target.writeTasks([task({ id: runId("own task") })]),
    "a snapshot of its own": (target) => target.writeSnapshot(snapshot({ id: print("own") })),
    "a tag of its own": (target) =>
      target.writeSnapshotTag({ graph: "spend", tag: "own", snapshot: print("two"), by: "bo" }),
    "a partition of its own": (target) => target.writeArtifactPartitions([partition({ content: print("own") })]),
    "a mark of its own": async (target) =>
      target.writeMarks([
        { kind: "taint", graph: "g", artifactKey: "a", key: key("k"), by: "bo", why: "so", partition: await some(target) }, // prettier-ignore
      ]),
    "an event of its own": (target) => target.writeEvents([event(77)]),
    "a row of the audit log of its own": (target) => target.writeAudit([auditEntry(77)]),
    "a model of its own": (target) => target.writeModel(model({ name: "own" }), undefined),
  };
  for (const [what, write] of Object.entries(others)) {
    it(`a copy that was given ${what} since, and it stays as it is`, async () => {
      const from = await filled();
      const to = await connect(kinds.sqlite());
      await copyBackend(from, to);
      await write(to);
      await from.writeAudit([auditEntry(5)]);
      const before = await wholeStore(to);

      const error = await refusal(copyBackend(from, to), "COPY_REFUSED");
      await refusal(copyBackend(from, to, { dryRun: true }), "COPY_REFUSED");

      expect(error.message).toContain("written to since it was copied");
      expect(await wholeStore(to)).toEqual(before);
    });
  }

  it("a target with another history, or with anything at all where the source is empty", async () => {
    const from = await filled();
    const other = await connect(kinds.sqlite());
    await other.writeSnapshot(snapshot({ id: print("other") }));
    const copy = await connect(memory());
    await copyBackend(from, copy);

    expect((await refusal(copyBackend(from, other), "COPY_REFUSED")).message).toContain("a history of its own");
    await refusal(copyBackend(await connect(memory()), copy), "COPY_REFUSED");
    const second = await filled("sqlite");
    await refusal(
      copyBackend(second, await connect(memory())).then(() => copyBackend(second, other)),
      "COPY_REFUSED",
    );
  });

  it("a target that can only be read", async () => {
    const path = join(folder.path, "target.db");
    await (await sqlite(path).connect()).close();
    const to = await sqlite(path).connect({ readOnly: true });
    opened.push(to);

    await refusal(copyBackend(await filled(), to), "BACKEND_READ_ONLY");
  });

  it("what arrived as something else: then nothing is kept", async () => {
    const from = await filled();
    const target = await connect(kinds.sqlite());
    const intact = await wholeStore(target);
    // It says that it wrote what it did not write.
    const lying = new Proxy(target, {
      get: (inner, name) =>
        name !== "transaction"
          ? (Reflect.get(inner, name) as unknown)
          : (work: (tx: Connection) => Promise<unknown>) =>
              inner.transaction((tx) =>
                work(
                  new Proxy(tx, {
                    get: (within, call) =>
                      call === "putKept"
                        ? async (kind: "runs", records: []) =>
                            within.putKept(kind, kind === "runs" ? (records.slice(1) as []) : records)
                        : (Reflect.get(within, call) as unknown),
                  }),
                ),
              ),
    });

    const error = await refusal(copyBackend(from, lying), "BACKEND_FAILED");

    expect(error.message).toContain("runs");
    expect(await wholeStore(target)).toEqual(intact);
  });

  it("a backend that fails on the way: then nothing is kept, and the next time all of it", async () => {
    const from = await filled();
    const target = await connect(kinds.sqlite());
    for (const count of [1, 5, 12, 22]) {
      const failing = faulty(target, (call) =>
        call.name === "putKept" && call.count === count ? { kind: "throw" } : undefined,
      );
      await refusal(copyBackend(from, failing), "BACKEND_FAILED");
      expect((await wholeStore(target)).manifests).toEqual([]);
    }

    await copyBackend(from, target);
    expect(await wholeStore(target)).toEqual(await wholeStore(from));
  });

  it("a copy that was called off: then nothing is kept", async () => {
    const from = await filled();
    const to = await connect(kinds.sqlite());
    const stop = new AbortController();

    const copying = copyBackend(from, to, { signal: stop.signal, on: ({ kind }) => kind === "runs" && stop.abort() });

    await expect(copying).rejects.toThrow();
    expect((await wholeStore(to)).partitions).toEqual([]);
  });
});

async function some(connection: Connection): Promise<PartitionId> {
  return (await connection.listKept("partitions", { limit: 1 })).items[0]!.id;
}

it("two copies at once into one target end with the same", async () => {
  const from = await filled("sqlite");
  const path = join(folder.path, "both.db");
  const [one, two] = [await connect(sqlite(path)), await connect(sqlite(path))];

  const both = await Promise.all([copyBackend(from, one), copyBackend(from, two)]);

  expect(both.map(({ written }) => written).filter((written) => written > 0)).toHaveLength(1);
  expect(both[0].digest).toBe(both[1].digest);
  expect(await wholeStore(one)).toEqual(await wholeStore(from));
});

it(
  "a copy of a copy, in any order of kinds of backends, after any changes, is the original",
  { timeout: 120_000 },
  async () => {
    const names = ["a", "b", "c"];
    const some = fc.constantFrom(...names);
    type Step = (on: Connection) => Promise<unknown>;
    const ids = async (on: Connection): Promise<readonly PartitionId[]> =>
      (await on.listKept("partitions")).items.map(({ id }) => id);
    const step: fc.Arbitrary<Step> = fc.oneof(
      some.map(
        (id): Step =>
          (on) =>
            on.writeSnapshot(snapshot({ id: print(id), graph: `g${id}` })),
      ),
      some.map(
        (id): Step =>
          (on) =>
            on.removeSnapshots([print(id)]),
      ),
      fc.tuple(some, some, some).map(
        ([id, name, content]): Step =>
          (on) =>
            on.writeArtifactAndGraphPartitions(print(id), [
              { artifactKey: name, partition: partition({ key: key(name), content: print(content) }) },
            ]),
      ),
      fc.tuple(some, some).map(
        ([name, content]): Step =>
          (on) =>
            on.writeArtifactPartitions([partition({ key: key(name), content: print(content), location: content })]),
      ),
      fc.nat({ max: 3 }).map(
        (n): Step =>
          async (on) =>
            on.markPartitionsDamaged((await ids(on)).slice(n, n + 1)),
      ),
      fc.nat({ max: 3 }).map(
        (n): Step =>
          async (on) =>
            on.removeUnlinkedPartitions((await ids(on)).slice(n)),
      ),
      fc.nat({ max: 3 }).map(
        (n): Step =>
          async (on) =>
            on.writeQuality(
              (await ids(on)).slice(n, n + 1).map((id) => ({ partition: id, statistics: n, findings: [] })),
            ),
      ),
      fc.tuple(some, some).map(
        ([tag, id]): Step =>
          (on) =>
            on.writeSnapshotTag({ graph: `g${id}`, tag, snapshot: print(id), by: "ana", expected: "any" }),
      ),
      fc.tuple(some, some).map(
        ([tag, id]): Step =>
          (on) =>
            on.removeSnapshotTag({ graph: `g${id}`, tag, by: "bo" }),
      ),
      fc.tuple(some, fc.nat({ max: 3 })).map(([name, n]): Step => async (on) =>
      on.writeMarks((await ids(on)).slice(n, n + 1).map((id) => ({
        kind: "pin", graph: "ga", artifactKey: name, key: key("k"), partition: id, by: "ana", why: "so",
      }) as const))), // prettier-ignore
      some.map(
        (id): Step =>
          (on) =>
            on.startRuns([run({ id: runId(id) })]),
      ),
      fc.tuple(some, fc.nat({ max: 3 })).map(
        ([id, n]): Step =>
          async (on) =>
            on.writeRunPartitions({
              inputs: (await ids(on)).slice(n).map((of) => ({ run: runId(id), name: id, partition: of })),
              outputs: [],
            }),
      ),
      some.map(
        (id): Step =>
          (on) =>
            on.writeTasks([task({ id: runId(`t${id}`), state: "succeeded" })]),
      ),
      fc.constant<Step>((on) => on.removeTasks(Date.parse("2030-01-01"))),
      fc.constant<Step>((on) => on.removeEvents(Date.parse("2030-01-01"))),
      fc.nat({ max: 3 }).map(
        (n): Step =>
          (on) =>
            on.writeEvents([event(n)]),
      ),
      fc.nat({ max: 3 }).map(
        (n): Step =>
          (on) =>
            on.writeAudit([auditEntry(n)]),
      ),
      some.map(
        (name): Step =>
          (on) =>
            on.takeSubmissions([name]),
      ),
    );
    const round = fc.array(step, { maxLength: 12 });

    await fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 3 }), fc.boolean(), async (rounds, turned) => {
        const made = [await memory().connect(), await kinds.sqlite().connect(), await memory().connect()];
        const [from, middle, last] = turned
          ? [made[1]!, made[0]!, made[2]!]
          : (made as [Connection, Connection, Connection]);
        for (const steps of rounds) {
          // What a step refuses is nothing to us.
          for (const one of steps) await one(from).catch(() => undefined);
          await copyBackend(from, middle);
          await copyBackend(middle, last);
          expect(await wholeStore(last)).toEqual(await wholeStore(from));
          expect(await everyAnswer(middle)).toEqual(await everyAnswer(from));
        }
        for (const connection of made) await connection.close();
      }),
      { numRuns: 40 },
    );
  },
);
