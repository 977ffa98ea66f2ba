// The mutation path: what is written, told and recorded when facts change, and when they do not.

import { isStratigraphError, StratigraphError } from "stratigraph";
import { describe, expect, it } from "vitest";
import { factsApplier } from "../../../src/changes/facts.ts";
import { faulty } from "../../../src/testing/faulty.ts";
import { memory } from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import { loadDriver } from "../../../src/backend/sqlite/driver.ts";
import { failureOf, Folder } from "../../support/folder.ts";
import { noteApplier, noteRequest, openFacts, readNote, storedTypes } from "../../support/facts.ts";

describe("a change", () => {
  it("writes its rows, its events and its audit rows together, and answers what the applier did", async () => {
    await using space = await openFacts();
    const { host, connection } = space;

    const { result, behind } = await host.change(noteRequest({ name: "a", value: 1 }));

    expect(behind).toBe(false);
    expect(result).toEqual({ name: "a", times: 1 });
    expect(await readNote(connection, "a")).toEqual({ value: 1, times: 1 });
    expect(await storedTypes(host)).toEqual(["note.kept"]);
    const { items } = await connection.listAudit();
    expect(items).toMatchObject([{ action: "note.keep", resource: "note:a", status: "done", actor: "ana" }]);
    const [event] = await host.bus.history();
    expect(event).toMatchObject({ subject: "note:a", actor: "ana", correlation: items[0]?.correlation });
  });

  it("writes nothing at all where its applier fails half-way", async () => {
    await using space = await openFacts();
    const { host, connection } = space;
    const seen: string[] = [];
    host.bus.subscribe("*", ({ type }) => seen.push(type));
    const applier = {
      ...noteApplier,
      async apply(...args: Parameters<typeof noteApplier.apply>) {
        await noteApplier.apply(...args);
        throw new StratigraphError("CONFLICT", "somebody was faster");
      },
    };

    const error = await failureOf(() => host.change(noteRequest({ name: "a", value: 1 }, { applier })));

    expect(error.code).toBe("CONFLICT");
    expect(await readNote(connection, "a")).toBeUndefined();
    expect(seen).toEqual([]);
    expect((await connection.listAudit()).items).toMatchObject([
      { status: "denied", resource: "note:a", data: { code: "CONFLICT" } },
    ]);
  });

  it("tells of a refusal at the time of writing what its applier has to say about it", async () => {
    await using space = await openFacts();
    const { host } = space;
    const applier: typeof noteApplier = {
      ...noteApplier,
      apply: async () => {
        throw new StratigraphError("CONFLICT", "the version has changed");
      },
      refused: ({ name }) => [
        { type: "promotion.conflict", subject: name, data: { namespace: "team", name, version: "1.0.0" } },
      ],
    };

    await failureOf(() => host.change(noteRequest({ name: "a", value: 1 }, { applier })));

    expect(await storedTypes(host)).toEqual(["promotion.conflict"]);
  });

  it("that its decision refuses leaves an audit row that says so, what the decision told, and nothing else", async () => {
    await using space = await openFacts();
    const { host, connection } = space;
    const version = { namespace: "team", name: "churn", version: "1.0.0" };

    const error = await failureOf(() =>
      host.change(
        noteRequest(
          { name: "a", value: 1 },
          {
            decide: async (_, context) => {
              context.tell({ type: "gate.failed", subject: "note:a", data: version });
              throw new StratigraphError("PROMOTION_BLOCKED", "accuracy is too low");
            },
          },
        ),
      ),
    );

    expect(error.code).toBe("PROMOTION_BLOCKED");
    expect(await readNote(connection, "a")).toBeUndefined();
    expect(await storedTypes(host)).toEqual(["gate.failed"]);
    const { items } = await connection.listAudit();
    expect(items).toMatchObject([{ action: "note.keep", status: "denied", why: "accuracy is too low" }]);
  });

  it("of something that does not parse is refused with the path, before anything was attempted", async () => {
    await using space = await openFacts();
    const { host, connection } = space;

    const error = await failureOf(() => host.change(noteRequest({ name: "a", value: "many" })));

    expect(error.code).toBe("VALIDATION_FAILED");
    expect(error.message).toContain("value");
    expect((await connection.listAudit()).items).toEqual([]);
  });

  it("cannot write while it decides", async () => {
    await using space = await openFacts();
    const { host } = space;

    const error = await failureOf(() =>
      host.change(
        noteRequest(
          { name: "a", value: 1 },
          {
            decide: async (data, { connection }) => {
              await connection.writeManifests([]);
              return { data, result: { name: "a", times: 0 } };
            },
          },
        ),
      ),
    );

    expect(error.code).toBe("BACKEND_READ_ONLY");
  });

  it("with a key of its own is made once however often it is asked for", async () => {
    await using space = await openFacts();
    const { host, connection } = space;

    await host.change(noteRequest({ name: "a", value: 1 }, { key: "the-only-one" }));
    await host.change(noteRequest({ name: "a", value: 1 }, { key: "the-only-one" }));

    expect(await readNote(connection, "a")).toEqual({ value: 1, times: 1 });
    expect(await storedTypes(host)).toEqual(["note.kept"]);
  });

  it("whose commit is reported as failed although it was made is told once and not made twice", async () => {
    let failures = 0;
    const connection = faulty(await memory().connect(), ({ name }) =>
      name === "transaction" && failures++ === 0
        ? { kind: "after-commit", error: new StratigraphError("BACKEND_TIMEOUT", "no answer") }
        : undefined,
    );
    await using space = await openFacts({ connection, resilience: { retry: { initialDelay: 1 } } });
    const { host } = space;
    const seen: string[] = [];
    host.bus.subscribe("note.*", ({ type }) => seen.push(type));

    const { result } = await host.change(noteRequest({ name: "a", value: 1 }));

    expect(result).toEqual({ name: "a", times: 1 });
    expect(await readNote(connection, "a")).toEqual({ value: 1, times: 1 });
    expect(seen).toEqual(["note.kept"]);
  });

  it("fails with the backend's own error where it is awaited and the backend is down, and keeps nothing for later", async () => {
    const connection = faulty(await memory().connect(), ({ writes }) => (writes ? { kind: "throw" } : undefined));
    await using space = await openFacts({ connection });
    const { host, folder } = space;

    const error = await failureOf(() => host.change(noteRequest({ name: "a", value: 1 })));

    expect(isStratigraphError(error) && error.code).toBe("BACKEND_FAILED");
    expect(folder.files()).toEqual([]);
  });
});

describe("a transaction", () => {
  it("makes all its changes or none, and tells nothing of those that were rolled back", async () => {
    await using space = await openFacts();
    const { host, connection } = space;
    const seen: string[] = [];
    host.bus.subscribe("*", ({ subject }) => seen.push(subject));

    await failureOf(() =>
      host.transaction(async (tx) => {
        await tx.change(noteRequest({ name: "a", value: 1 }));
        await tx.change(noteRequest({ name: "b", value: 2 }));
        throw new Error("third time unlucky");
      }),
    );
    expect([await readNote(connection, "a"), await readNote(connection, "b")]).toEqual([undefined, undefined]);
    expect([seen, await storedTypes(host), (await connection.listAudit()).items]).toEqual([[], [], []]);

    await host.transaction(async (tx) => {
      await tx.change(noteRequest({ name: "a", value: 1 }));
      expect(seen).toEqual([]);
      await tx.transaction((inner) => inner.change(noteRequest({ name: "b", value: 2 })));
    });
    expect(seen).toEqual(["note:a", "note:b"]);
    expect(await readNote(connection, "b")).toEqual({ value: 2, times: 1 });
  });

  it("that fails at the third of five changes leaves a database as it was, byte for byte, and no event", async () => {
    using folder = new Folder();
    const path = folder.at("strata.db");
    await using connection = await sqlite(path).connect();
    await using space = await openFacts({ connection, writer: false });
    await space.host.change(noteRequest({ name: "before", value: 0 }));
    const dump = async (): Promise<string> => {
      const { Database } = await loadDriver();
      const raw = new Database(path, { timeout: 1000 });
      const tables = raw.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").raw(true).all();
      const rows = tables.map((name) => [
        name,
        raw
          .prepare(`SELECT * FROM "${String(name)}"`)
          .raw(true)
          .all(),
      ]);
      raw.close();
      return JSON.stringify(rows, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
    };
    const before = await dump();
    const seen: string[] = [];
    space.host.bus.subscribe("*", ({ type }) => seen.push(type));

    await failureOf(() =>
      space.host.transaction(async (tx) => {
        for (let i = 0; i < 5; i++) {
          if (i === 2) throw new Error("no");
          await tx.change(noteRequest({ name: `n${i}`, value: i }));
        }
      }),
    );

    expect(await dump()).toBe(before);
    expect(seen).toEqual([]);
  });

  it("reads in its decisions what it wrote before", async () => {
    await using space = await openFacts();
    const found: unknown[] = [];

    await space.host.transaction(async (tx) => {
      await tx.change(noteRequest({ name: "a", value: 1 }));
      await tx.change(
        noteRequest(
          { name: "b", value: 2 },
          {
            decide: async (data, context) => {
              found.push(await readNote(context.connection, "a"));
              return { data, result: { name: "b", times: 0 } };
            },
          },
        ),
      );
    });

    expect(found).toEqual([{ value: 1, times: 1 }]);
  });

  it("that is rolled back keeps the audit rows of what was denied in it", async () => {
    await using space = await openFacts();
    const { host, connection } = space;

    await failureOf(() =>
      host.transaction((tx) =>
        tx.change(
          noteRequest(
            { name: "a", value: 1 },
            {
              decide: async () => {
                throw new StratigraphError("INVALID_TRANSITION", "not from there");
              },
            },
          ),
        ),
      ),
    );

    expect((await connection.listAudit()).items).toMatchObject([{ status: "denied", resource: "note:a" }]);
  });
});

describe("an event", () => {
  it("whose data lacks what its type says is refused, with everything it belongs to", async () => {
    await using space = await openFacts();
    const { host, connection } = space;
    const applier: typeof noteApplier = {
      ...noteApplier,
      apply: async (tx, data, intent) => ({
        ...(await noteApplier.apply(tx, data, intent)),
        events: [{ type: "model.promoted", subject: "x", data: { name: "churn" } }],
      }),
    };

    const error = await failureOf(() => host.change(noteRequest({ name: "a", value: 1 }, { applier })));

    expect(error.code).toBe("RECORD_INVALID");
    expect(await readNote(connection, "a")).toBeUndefined();
  });

  it("alone is an intent like any other, for a journal", () => {
    expect(factsApplier.schema.safeParse({ events: [], audit: [] }).success).toBe(true);
  });
});
