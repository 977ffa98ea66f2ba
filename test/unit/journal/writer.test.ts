// The metadata writer: submits cost nothing, what cannot be written is kept, and order is kept where it matters.

import { setTimeout as wait } from "node:timers/promises";
import { StratigraphError } from "stratigraph";
import { afterEach, describe, expect, it } from "vitest";
import type { Intent } from "../../../src/journal/intent.ts";
import { MetadataWriter, type Outcome, type WriterOptions } from "../../../src/journal/writer.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { failureOf } from "../../support/folder.ts";
import { intent } from "../../support/intents.ts";

interface Entry {
  readonly intent: Intent;
}

type Write = (keys: readonly string[]) => Promise<unknown>;

const down = (): StratigraphError => new StratigraphError("BACKEND_FAILED", "down");

function openWriter(write: Write, options: Partial<WriterOptions<Entry>> = {}) {
  const written: string[] = [];
  const journal: string[] = [];
  const outcomes = new Map<string, string[]>();
  const warnings: string[] = [];
  const append = (records: readonly { readonly intent: Intent }[]): void => {
    for (const { intent: one } of records) journal.push(one.key);
  };
  const writer = new MetadataWriter<Entry>({
    async write(entries) {
      const keys = entries.map((entry) => entry.intent.key);
      await write(keys);
      for (const key of keys) written.push(key);
    },
    settled(entry, outcome: Outcome) {
      const { key } = entry.intent;
      outcomes.set(key, [...(outcomes.get(key) ?? []), outcome.kind]);
    },
    journal: { append: async (records) => append(records), appendNow: append },
    clock: systemClock,
    warn: (sentence) => void warnings.push(sentence),
    flushTimeout: 1000,
    ...options,
  });
  const submit = (key: string, changes: Parameters<typeof intent>[1] = {}): void =>
    writer.submit({ intent: intent(key, changes) });
  opened.push(writer);
  return { writer, written, journal, outcomes, warnings, submit };
}

const opened: MetadataWriter<Entry>[] = [];
afterEach(async () => {
  for (const writer of opened.splice(0)) await writer.close({ timeoutMs: 0 }).catch(() => undefined);
});

describe("submitting", () => {
  it("answers at once and writes later, in order, together where it can", async () => {
    const batches: number[] = [];
    const { writer, written, submit } = openWriter(async (keys) => void batches.push(keys.length));

    for (let i = 0; i < 100; i++) submit(String(i), { journal: i % 2 === 0 ? "lineage" : "registry" });
    expect(written).toEqual([]);
    const totals = await writer.flush();

    expect(written).toEqual(Array.from({ length: 100 }, (_, i) => String(i)));
    expect(batches.length).toBeLessThan(50);
    expect(totals).toEqual({ written: 100, fallback: 0, dropped: 0, lost: 0, pending: 0 });
  });

  it("costs the same however many wait", () => {
    const { submit } = openWriter(() => new Promise(() => undefined), { queueSize: 200_000 });
    const time = (count: number): number => {
      const started = performance.now();
      for (let i = 0; i < count; i++) submit(`${count} ${i}`);
      return (performance.now() - started) / count;
    };
    time(2_000);
    const first = time(5_000);
    for (let i = 0; i < 40_000; i++) submit(`more ${i}`);
    const later = time(5_000);

    // Microseconds each; a copy of the queue would make it hundreds of times slower.
    expect(later).toBeLessThan(10 * first + 0.01);
  });

  it("is refused once the writer is closed", async () => {
    const { writer, submit } = openWriter(async () => undefined);
    await writer.close();

    expect(() => submit("late")).toThrow(expect.objectContaining({ code: "WRITER_CLOSED" }));
  });
});

describe("a full queue", () => {
  it("of lineage drops its oldest records, with a warning for each that names its run", async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const { writer, written, outcomes, warnings, submit } = openWriter(() => gate, { queueSize: 3 });

    submit("0", { run: "0" });
    await wait(5);
    for (let i = 1; i <= 6; i++) submit(String(i), { run: String(i) });
    release();
    const totals = await writer.flush();

    expect(written).toEqual(["0", "4", "5", "6"]);
    expect(totals).toMatchObject({ written: 4, dropped: 3, fallback: 0 });
    expect(["1", "2", "3"].map((key) => outcomes.get(key))).toEqual([["dropped"], ["dropped"], ["dropped"]]);
    expect(
      warnings.map((text) => /queue for lineage is full.*of run (\d).*; (\d) dropped so far/.exec(text)?.slice(1)),
    ).toEqual([
      ["1", "1"],
      ["2", "2"],
      ["3", "3"],
    ]);
  });

  it("of the registry puts them into the journal instead, and later ones wait behind them", async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const { writer, written, journal, submit } = openWriter(() => gate, { queueSize: 2, retryAfter: 60_000 });

    submit("0", { journal: "registry" });
    await wait(5);
    for (let i = 1; i <= 4; i++) submit(String(i), { journal: "registry" });
    release();
    const totals = await writer.flush();

    expect(journal).toEqual(["1", "2", "3", "4"]);
    expect(written).toEqual(["0"]);
    expect(totals).toMatchObject({ written: 1, dropped: 2, fallback: 4 });
    expect(writer.pending("registry").map(({ key }) => key)).toEqual(["1", "2"]);
  });

  it("of the registry drops them where the profile of the original system is asked for", async () => {
    const { writer, journal, submit } = openWriter(async () => undefined, {
      queueSize: 1,
      overflow: { registry: "drop-oldest" },
    });

    for (let i = 0; i < 3; i++) submit(String(i), { journal: "registry" });
    const totals = await writer.flush();

    expect([journal, totals.dropped, totals.written]).toEqual([[], 2, 1]);
  });

  it("must hold at least one record", () => {
    expect(() => openWriter(async () => undefined, { queueSize: 0 })).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
  });
});

describe("a write that fails", () => {
  it("puts its records into the journal, and the ones after it are written", async () => {
    let calls = 0;
    const { writer, written, journal, outcomes, submit } = openWriter(async () => {
      if (calls++ === 0) throw down();
    });

    submit("a");
    await wait(5);
    submit("b");
    const totals = await writer.flush();

    expect([journal, written]).toEqual([["a"], ["b"]]);
    expect(outcomes.get("a")).toEqual(["fell-back"]);
    expect(totals).toMatchObject({ written: 1, fallback: 1 });
  });

  it("because of what one of its records says refuses that one alone, and keeps it nowhere", async () => {
    const { writer, written, journal, outcomes, submit } = openWriter(async (keys) => {
      if (keys.includes("bad")) throw new StratigraphError("CONFLICT", "changed");
    });

    for (const key of ["a", "b", "bad", "c", "d"]) submit(key, { journal: "registry" });
    await writer.flush();

    expect(written).toEqual(["a", "b", "c", "d"]);
    expect(journal).toEqual([]);
    expect(outcomes.get("bad")).toEqual(["refused"]);
  });

  it("for refused credentials stops everything: nothing is kept, nothing more is taken, and a flush says so", async () => {
    const { writer, journal, outcomes, submit } = openWriter(async () => {
      throw new StratigraphError("AUTH_FAILED", "token expired");
    });

    for (const key of ["a", "b", "c"]) submit(key);
    const error = await failureOf(() => writer.flush());

    expect(error.code).toBe("AUTH_FAILED");
    expect(journal).toEqual([]);
    expect([...outcomes.values()]).toEqual([["refused"], ["refused"], ["refused"]]);
    expect(() => submit("d")).toThrow(expect.objectContaining({ code: "AUTH_FAILED" }));
  });

  it("and a journal that fails too lose the record loudly, and the work goes on", async () => {
    let calls = 0;
    const { writer, written, outcomes, warnings, submit } = openWriter(
      async () => {
        if (calls++ === 0) throw down();
      },
      {
        journal: {
          append: async () => {
            throw new Error("disk full");
          },
          appendNow: () => undefined,
        },
      },
    );

    submit("a");
    await wait(5);
    submit("b");
    const totals = await writer.flush();

    expect(totals).toMatchObject({ lost: 1, written: 1 });
    expect(outcomes.get("a")).toEqual(["lost"]);
    expect(written).toEqual(["b"]);
    expect(warnings[0]).toContain("disk full");
  });
});

describe("a write that never answers", () => {
  it("is given up after its time, and its record is in the journal", async () => {
    let calls = 0;
    const { writer, written, journal, submit } = openWriter(
      () => (calls++ === 0 ? new Promise(() => undefined) : Promise.resolve()),
      { writeTimeout: 30 },
    );

    submit("a");
    await wait(5);
    submit("b");
    const totals = await writer.flush();

    expect([journal, written, totals.pending]).toEqual([["a"], ["b"], 0]);
  });

  it("does not hold a flush beyond its time: everything pending goes to the journal, once, and the writer goes on", async () => {
    let hanging = true;
    const { writer, written, journal, outcomes, submit } = openWriter(() =>
      hanging ? new Promise(() => undefined) : Promise.resolve(),
    );

    for (let i = 0; i < 5; i++) submit(String(i));
    await wait(5);
    const started = performance.now();
    const totals = await writer.flush({ timeoutMs: 50 });

    expect(performance.now() - started).toBeLessThan(500);
    expect(journal).toEqual(["0", "1", "2", "3", "4"]);
    expect(totals).toEqual({ written: 0, fallback: 5, dropped: 0, lost: 0, pending: 0 });
    hanging = false;
    submit("next");
    expect(await writer.flush()).toMatchObject({ written: 1, fallback: 5 });
    expect(written).toEqual(["next"]);
    expect([...outcomes.values()].every((kinds) => kinds.length === 1)).toBe(true);
  });
});

describe("records that rely on each other", () => {
  it("wait behind one in the journal, and are all written in order once the backend answers", async () => {
    let isDown = true;
    const { writer, written, journal, outcomes, submit } = openWriter(
      async () => {
        if (isDown) throw down();
      },
      { retryAfter: 0 },
    );
    submit("register", { journal: "registry" });
    await writer.flush();
    submit("measure");
    submit("promote", { journal: "registry" });
    await writer.flush();
    expect(journal.sort()).toEqual(["measure", "promote", "register"]);
    expect(writer.pending("registry").map(({ key }) => key)).toEqual(["register", "promote"]);

    isDown = false;
    submit("archive", { journal: "registry" });
    const totals = await writer.flush();

    expect(written).toEqual(["register", "promote", "archive"]);
    expect(outcomes.get("register")).toEqual(["fell-back", "written"]);
    expect(writer.pending("registry")).toEqual([]);
    expect(totals).toMatchObject({ written: 3, fallback: 1 });
  });

  it("are not overtaken by a write that is awaited, which fails while they cannot be written", async () => {
    let isDown = true;
    const { writer, written, submit } = openWriter(async () => {
      if (isDown) throw down();
    });
    submit("register", { journal: "registry" });
    await writer.flush();

    expect((await failureOf(() => writer.settle("registry"))).code).toBe("BACKEND_FAILED");
    isDown = false;
    await Promise.all([writer.settle("registry"), writer.settle("registry")]);

    expect(written).toEqual(["register"]);
    expect(writer.totals()).toMatchObject({ written: 1, fallback: 0 });
  });

  it("are pending in the order they were decided, whatever became of each", async () => {
    let calls = 0;
    const { writer, submit } = openWriter(() =>
      calls++ === 0 ? Promise.reject(down()) : new Promise(() => undefined),
    );
    submit("a", { journal: "registry" });
    await wait(5);
    submit("b", { journal: "registry" });
    submit("elsewhere");
    submit("c", { journal: "registry" });

    expect(writer.pending("registry").map(({ key }) => key)).toEqual(["a", "b", "c"]);
  });
});
