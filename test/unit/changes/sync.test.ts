// A sync of the journal: once, in order, in part where it must be, and never a line less than there was.

import { StratigraphError, memory, type Connection } from "stratigraph";
import { describe, expect, it } from "vitest";
import { replayable, syncJournal, type SyncOptions } from "../../../src/changes/sync.ts";
import type { Intent } from "../../../src/journal/intent.ts";
import { FallbackJournal } from "../../../src/journal/fallback-journal.ts";
import { faulty } from "../../../src/testing/faulty.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { noteApplier, readNote } from "../../support/facts.ts";
import { Folder, failureOf } from "../../support/folder.ts";
import { intent } from "../../support/intents.ts";

interface Space extends AsyncDisposable {
  readonly folder: Folder;
  readonly connection: Connection;
  append(...intents: readonly Intent[]): Promise<void>;
  sync(changes?: Partial<SyncOptions>): ReturnType<typeof syncJournal>;
}

async function openSync(): Promise<Space> {
  const folder = new Folder();
  const connection = await memory().connect();
  const journal = new FallbackJournal({ home: folder.path, clock: systemClock });
  return {
    folder,
    connection,
    append: (...intents) => journal.append(intents.map((one) => ({ intent: one, error: new Error("down") }))),
    sync: (changes) => syncJournal({ home: folder.path, connection, actions: [replayable(noteApplier)], ...changes }),
    async [Symbol.asyncDispose]() {
      await connection.close();
      folder[Symbol.dispose]();
    },
  };
}

const FILE = "fallback/run-1/lineage.jsonl";

describe("a sync", () => {
  it("delivers over all files in the order things were decided, and archives what it delivered", async () => {
    await using space = await openSync();
    const at = (second: number): string => `2026-01-02T00:00:0${second}.000Z`;
    await space.append(
      intent("c", { recordedAt: at(3) }),
      intent("a", { recordedAt: at(1), run: "run-2", journal: "registry" }),
      intent("b", { recordedAt: at(2) }),
    );

    const { lines, counts, remaining, archives } = await space.sync();

    expect(lines.map(({ intent: one, outcome }) => [one?.key, outcome])).toEqual([
      ["a", "delivered"],
      ["b", "delivered"],
      ["c", "delivered"],
    ]);
    expect([counts.delivered, remaining, archives.length]).toEqual([3, 0, 2]);
    expect(space.folder.files().every((file) => file.startsWith("fallback/synced/run-"))).toBe(true);
    expect((await space.connection.listEvents()).items.map(({ subject }) => subject)).toEqual([
      "note:c",
      "note:b",
      "note:a",
    ]);
  });

  it("of the same lines again changes nothing, whether in the same file or after a sync that was lost", async () => {
    await using space = await openSync();
    await space.append(intent("a"), intent("a"), intent("b"));
    await space.append(intent("a"));
    const text = space.folder.read(FILE);

    const first = await space.sync();
    space.folder.write(FILE, text);
    const second = await space.sync();

    expect(first.counts).toMatchObject({ delivered: 2, deduplicated: 2 });
    expect(second.counts).toMatchObject({ delivered: 0, deduplicated: 4 });
    expect(await readNote(space.connection, "a")).toEqual({ value: 1, times: 1 });
    expect(await space.sync()).toMatchObject({ lines: [], remaining: 0 });
  });

  it("leaves every file byte for byte as it is while the backend is down, and does not ask it for each line", async () => {
    await using space = await openSync();
    await space.append(...Array.from({ length: 20 }, (_, i) => intent(`n${i}`)));
    const before = space.folder.read(FILE);
    let asked = 0;
    const down = faulty(space.connection, ({ name }) =>
      name === "transaction" ? (asked++, { kind: "throw" }) : undefined,
    );

    const { counts, remaining, archives } = await space.sync({ connection: down });

    expect([counts.failed, remaining, archives]).toEqual([20, 20, []]);
    expect(space.folder.read(FILE)).toBe(before);
    expect(space.folder.files()).toEqual([FILE]);
    expect(asked).toBeLessThanOrEqual(4);
  });

  it("that gets through in part keeps the lines that did not, and no others", async () => {
    await using space = await openSync();
    await space.append(intent("a"), intent("bad"), intent("c"));
    const applier: typeof noteApplier = {
      ...noteApplier,
      apply: async (tx, data, one) => {
        if (data.name === "bad") throw new StratigraphError("BACKEND_FAILED", "not this one");
        return noteApplier.apply(tx, data, one);
      },
    };

    const first = await space.sync({ actions: [replayable(applier)] });

    expect(first.counts).toMatchObject({ delivered: 2, failed: 1 });
    expect(space.folder.files()).toEqual([FILE]);
    expect(space.folder.read(FILE).trim().split("\n")).toHaveLength(1);
    expect(space.folder.read(FILE)).toContain('"key":"bad"');
    expect((await space.sync()).counts).toMatchObject({ delivered: 1, deduplicated: 0 });
  });

  it("does not force what has changed since: it says so, once in the audit log, and keeps the line until told otherwise", async () => {
    await using space = await openSync();
    await space.append(intent("a", { journal: "registry" }), intent("b", { journal: "registry" }));
    const version = { namespace: "team", name: "churn", version: "1.0.0" };
    const applier: typeof noteApplier = {
      ...noteApplier,
      apply: async (tx, data, one) => {
        if (data.name === "a") throw new StratigraphError("CONFLICT", "the stage has changed");
        return noteApplier.apply(tx, data, one);
      },
      refused: () => [{ type: "promotion.conflict", subject: "model:team/churn", data: version }],
    };

    const first = await space.sync({ actions: [replayable(applier)] });
    const second = await space.sync({ actions: [replayable(applier)] });

    expect(first.lines).toMatchObject([{ outcome: "conflict", error: { code: "CONFLICT" } }, { outcome: "delivered" }]);
    expect(second.lines).toMatchObject([{ outcome: "conflict" }]);
    expect((await space.connection.listEvents({ types: ["promotion.conflict"] })).items).toHaveLength(1);
    expect((await space.connection.listAudit({ status: "denied" })).items).toHaveLength(1);

    expect(await space.sync({ actions: [replayable(applier)], setAside: true })).toMatchObject({ remaining: 0 });
    expect(space.folder.files().filter((file) => file.includes(".aside"))).toHaveLength(1);
    expect((await space.sync()).lines).toEqual([]);
  });

  it("finds a line that somebody altered, keeps it, and delivers the others", async () => {
    await using space = await openSync();
    await space.append(intent("a"), intent("b"));
    space.folder.write(FILE, space.folder.read(FILE).replace('"value":1', '"value":9'));

    const { counts, remaining } = await space.sync();

    expect(counts).toMatchObject({ delivered: 1, damaged: 1 });
    expect(remaining).toBe(1);
    expect(space.folder.read(FILE)).toContain('"value":9');
  });

  it("of a journal cut at every byte delivers all whole lines and reports the torn one", async () => {
    await using full = await openSync();
    await full.append(intent("a"), intent("b"));
    const bytes = Buffer.from(full.folder.read(FILE));
    const ends = [...bytes.keys()].filter((at) => bytes[at] === 0x0a && at > 0).map((at) => at);

    for (let cut = 0; cut <= bytes.length; cut++) {
      await using space = await openSync();
      space.folder.write(FILE, bytes.subarray(0, cut));

      const { counts, remaining } = await space.sync();

      const whole = ends.filter((end) => end <= cut).length;
      const torn = cut > (whole === 0 ? 1 : ends[whole - 1]! + 1) ? 1 : 0;
      expect([counts.delivered, counts.torn, counts.damaged, remaining], `cut at ${cut}`).toEqual([whole, torn, 0, 0]);
      const found = await Promise.all(["a", "b"].map((name) => readNote(space.connection, name)));
      expect(found.filter((one) => one !== undefined)).toHaveLength(whole);
      // A file without a line in it has nothing to be archived for.
      expect(space.folder.files().every((file) => file.includes("synced") || cut <= 1)).toBe(true);
    }
  }, 120_000);

  it("of what was delivered and reported as failed delivers it once", async () => {
    await using space = await openSync();
    await space.append(intent("a"));
    const flaky = faulty(space.connection, ({ name }) =>
      name === "transaction" ? { kind: "after-commit" } : undefined,
    );

    const first = await space.sync({ connection: flaky });
    const second = await space.sync();

    expect(first.counts).toMatchObject({ failed: 1 });
    expect(second.counts).toMatchObject({ deduplicated: 1 });
    expect(await readNote(space.connection, "a")).toEqual({ value: 1, times: 1 });
  });

  it("beside another one delivers everything once and loses nothing", async () => {
    await using space = await openSync();
    await space.append(...Array.from({ length: 200 }, (_, i) => intent(`n${i}`, { run: `run-${i % 3}` })));

    const results = await Promise.all([space.sync(), space.sync(), space.sync()]);

    const delivered = results.reduce((sum, { counts }) => sum + counts.delivered, 0);
    expect(delivered).toBe(200);
    expect(results.every(({ remaining }) => remaining === 0)).toBe(true);
    expect((await space.sync()).lines).toEqual([]);
    expect((await space.connection.listEvents({}, { limit: 1000 })).items).toHaveLength(200);
  });

  it("of one kind or run leaves the others alone, and of an unknown run says what there is", async () => {
    await using space = await openSync();
    await space.append(intent("a"), intent("b", { journal: "registry" }), intent("c", { run: "run-2" }));

    expect((await space.sync({ kind: "lineage", run: "run-1" })).counts.delivered).toBe(1);
    expect(space.folder.files().filter((file) => !file.includes("synced"))).toEqual([
      "fallback/run-1/registry.jsonl",
      "fallback/run-2/lineage.jsonl",
    ]);
    expect((await failureOf(() => space.sync({ run: "run-9" }))).code).toBe("RUN_UNKNOWN");
  });

  it("without somebody who can write an action keeps its lines", async () => {
    await using space = await openSync();
    await space.append(intent("a"), intent("b", { action: "plugin.thing" }));

    const { lines, remaining } = await space.sync();

    expect(lines.map(({ outcome }) => outcome)).toEqual(["delivered", "failed"]);
    expect(lines[1]?.error?.message).toContain("plugin.thing");
    expect(remaining).toBe(1);
  });
});
