// Changes that nobody awaits: what the caller has at once, what follows, and what a backend that is slow or down does to them.

import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { memory, StratigraphError } from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import { describe, expect, it } from "vitest";
import type { RunId } from "../../../src/backend/records.ts";
import { insideRun } from "../../../src/build/run-scope.ts";
import { createHost } from "../../../src/changes/host.ts";
import { readJournal } from "../../../src/journal/files.ts";
import { faulty } from "../../../src/testing/faulty.ts";
import { noteApplier, noteRequest, openFacts, readNote, storedTypes } from "../../support/facts.ts";
import { failureOf, Folder } from "../../support/folder.ts";

const noRetry = { resilience: false } as const;

describe("a change inside a run", () => {
  it("is answered at once, and durable when its receipt says so; hooks and subscribers come after that", async () => {
    await using space = await openFacts();
    const { host, connection } = space;
    const order: string[] = [];
    host.bus.subscribe("*", () => void order.push("event"));
    host.hooks.post("note.keep", () => void order.push("hook"));

    const receipt = await insideRun("run-1" as RunId, () => host.change(noteRequest({ name: "a", value: 1 })));

    expect(receipt.behind).toBe(true);
    expect(order).toEqual([]);
    expect(await receipt.committed).toEqual({ name: "a", times: 1 });
    expect(order).toEqual(["event", "hook"]);
    expect(await readNote(connection, "a")).toEqual({ value: 1, times: 1 });
    expect((await host.bus.history())[0]?.run).toBe("run-1");
  });

  it("is seen by the next decision, also before it is written, and also once it fell back", async () => {
    let isDown = true;
    const connection = faulty(await memory().connect(), ({ name }) =>
      name === "transaction" && isDown ? { kind: "throw" } : undefined,
    );
    await using space = await openFacts({ connection, ...noRetry, mode: "behind", writer: { retryAfter: 0 } });
    const { host } = space;
    const seen: string[][] = [];
    const look = noteRequest(
      { name: "b", value: 1 },
      {
        decide: async (data, { pending }) => {
          seen.push(pending("registry").map(({ data: one }) => (one as { name: string }).name));
          return { data, result: { name: "b", times: 0 } };
        },
      },
    );

    const first = await host.change(noteRequest({ name: "a", value: 1 }));
    await host.change(look);
    const fell = await failureOf(() => first.committed);
    await host.flush();
    await host.change(look);
    isDown = false;
    await host.change(noteRequest({ name: "c", value: 1 }));
    await host.flush();
    await host.change(look);

    expect(fell.code).toBe("METADATA_FELL_BACK");
    expect(seen).toEqual([["a"], ["a", "b"], []]);
    expect(await readNote(connection, "b")).toEqual({ value: 1, times: 3 - 1 });
  });

  it("whose rows are gone when it is written rejects its receipt, is told as a conflict, and is not forced", async () => {
    await using space = await openFacts({ mode: "behind" });
    const { host, connection } = space;
    const version = { namespace: "team", name: "churn", version: "1.0.0" };
    const applier: typeof noteApplier = {
      ...noteApplier,
      apply: async () => {
        throw new StratigraphError("CONFLICT", "the version has changed");
      },
      refused: () => [{ type: "promotion.conflict", subject: "model:team/churn", data: version }],
    };

    const receipt = await host.change(noteRequest({ name: "a", value: 1 }, { applier }));
    const error = await failureOf(() => receipt.committed);
    await host.flush();

    expect(error.code).toBe("CONFLICT");
    expect(await storedTypes(host)).toEqual(["promotion.conflict"]);
    expect((await connection.listAudit()).items).toMatchObject([{ status: "denied", data: { code: "CONFLICT" } }]);
    expect(space.folder.files()).toEqual([]);
  });

  it("that is refused at once leaves its audit row with the writer, and submits nothing else", async () => {
    await using space = await openFacts({ mode: "behind" });
    const { host, connection } = space;

    await failureOf(() =>
      host.change(
        noteRequest(
          { name: "a", value: 1 },
          {
            decide: async () => {
              throw new StratigraphError("PROMOTION_BLOCKED", "no");
            },
          },
        ),
      ),
    );
    await host.flush();

    expect((await connection.listAudit()).items).toMatchObject([{ status: "denied", action: "note.keep" }]);
    expect(host.totals()).toMatchObject({ written: 1 });
  });

  it("is not overtaken by one that is awaited", async () => {
    const connection = faulty(await memory().connect(), ({ name, count }) =>
      name === "transaction" && count === 1 ? { kind: "delay", milliseconds: 30 } : undefined,
    );
    await using space = await openFacts({ connection });
    const { host } = space;

    void host.change(noteRequest({ name: "a", value: 1 }, { mode: "behind" }));
    const { result } = await host.change(noteRequest({ name: "a", value: 2 }, { mode: "durable" }));

    expect(result.times).toBe(2);
    expect(await readNote(connection, "a")).toEqual({ value: 2, times: 2 });
  });
});

describe("a slow backend", () => {
  it("of five seconds for each write slows twelve changes by less than 200 ms, and the event loop by less than 50 ms", async () => {
    const connection = faulty(await memory().connect(), ({ name }) =>
      name === "transaction" ? { kind: "delay", milliseconds: 5_000 } : undefined,
    );
    await using space = await openFacts({ connection, mode: "behind" });
    const { host } = space;
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();

    const started = performance.now();
    for (let i = 0; i < 12; i++) {
      const journal = i < 10 ? "lineage" : "registry";
      await host.change(noteRequest({ name: `n${i}`, value: i }, { journal }));
    }
    const took = performance.now() - started;
    await wait(50);
    delay.disable();

    expect(took).toBeLessThan(200);
    expect(delay.percentile(99) / 1e6).toBeLessThan(50);
    expect(host.totals().pending).toBe(12);
  });
});

describe("a backend that is down", () => {
  it("lets the work go on; its records are in the journal, as they were submitted", async () => {
    const connection = faulty(await memory().connect(), ({ name }) =>
      name === "transaction" ? { kind: "throw", error: new Error("ECONNREFUSED") } : undefined,
    );
    await using space = await openFacts({ connection, ...noRetry, mode: "behind" });
    const { host, folder } = space;
    const told: string[] = [];
    host.bus.subscribe("metadata.*", ({ type }) => void told.push(type));

    await host.change(noteRequest({ name: "a", value: 1 }, { key: "first" }));
    const totals = await host.flush();

    expect(totals).toEqual({ written: 0, fallback: 1, dropped: 0, lost: 0, pending: 0 });
    expect(told).toEqual(["metadata.fell_back"]);
    const [file] = await readJournal(folder.at("home"));
    expect(file?.run).toBe("none");
    expect(file?.lines).toMatchObject([
      {
        intent: { key: "first", action: "note.keep", data: { name: "a", value: 1 }, actor: "ana" },
        reason: { error: "ECONNREFUSED" },
      },
    ]);
  });

  it("opens its circuit after five failures, and from then on is not asked before half a minute has passed", async () => {
    let asked = 0;
    const connection = faulty(await memory().connect(), ({ name }) =>
      name === "transaction" ? (asked++, { kind: "throw" }) : undefined,
    );
    await using space = await openFacts({ connection, mode: "behind" });
    const { host } = space;
    const told: string[] = [];
    host.bus.subscribe("circuit.*", ({ type }) => void told.push(type));

    for (let i = 0; i < 20; i++) {
      await host.change(noteRequest({ name: `n${i}`, value: i }, { journal: "lineage" }));
      await host.flush();
    }

    expect(asked).toBe(5);
    expect(told).toEqual(["circuit.opened"]);
    expect(host.totals()).toMatchObject({ fallback: 20, written: 0 });
  });
});

describe("a thousand records to SQLite", () => {
  it("hold the event loop for less than 50 ms at a time, in 99 of 100 times", async () => {
    using folder = new Folder();
    await using connection = await sqlite(folder.at("strata.db")).connect();
    await using host = createHost({
      connection,
      mode: "behind",
      writer: { home: folder.path, queueSize: 2_000 },
    });
    await host.change(noteRequest({ name: "warm", value: 0 }));
    await host.flush();
    // What other programs on this machine do to a loop that has nothing to do.
    const idle = await loopDelay(() => wait(500));

    const busy = await loopDelay(async () => {
      for (let i = 0; i < 1000; i++) {
        await host.change(noteRequest({ name: `n${i}`, value: i }));
        if (i % 50 === 0) await wait(1);
      }
      await host.flush();
    });

    expect(host.totals()).toMatchObject({ written: 1001, fallback: 0, dropped: 0 });
    expect(busy).toBeLessThan(50 + idle);
  });
});

/** Milliseconds, the 99th of 100. */
async function loopDelay(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 2 });
  delay.enable();
  await work();
  delay.disable();
  return delay.percentile(99) / 1e6;
}
