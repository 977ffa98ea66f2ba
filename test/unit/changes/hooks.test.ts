// Hooks before and after a change, as T-40 and T-41 ask of them.

import { setTimeout as wait } from "node:timers/promises";
import { memory, StratigraphError } from "stratigraph";
import { describe, expect, it } from "vitest";
import type { Note } from "../../support/facts.ts";
import { noteRequest, openFacts, readNote, storedTypes } from "../../support/facts.ts";
import { faulty } from "../../../src/testing/faulty.ts";
import { failureOf } from "../../support/folder.ts";

describe("a hook before a change", () => {
  it("that throws forbids it: nothing is decided, written or told, and the cause is kept", async () => {
    await using space = await openFacts();
    const { host, connection } = space;
    let decided = 0;
    host.hooks.pre("note.keep", function accuracyFloor(data) {
      if ((data as Note).value < 0.5) throw new Error("accuracy below 0.5");
    });

    const error = (await failureOf(() =>
      host.change(
        noteRequest(
          { name: "a", value: 0.4 },
          {
            decide: async (data) => {
              decided++;
              return { data, result: { name: "a", times: 0 } };
            },
          },
        ),
      ),
    )) as StratigraphError;

    expect(error.code).toBe("HOOK_VETO");
    expect(error.message).toContain("accuracyFloor");
    expect((error.cause as Error).message).toBe("accuracy below 0.5");
    expect([decided, await readNote(connection, "a"), await storedTypes(host)]).toEqual([0, undefined, []]);
    expect((await connection.listAudit()).items).toMatchObject([{ status: "denied", data: { code: "HOOK_VETO" } }]);
    expect((await host.change(noteRequest({ name: "a", value: 0.6 }))).result.times).toBe(1);
  });

  it("may alter what is written, and what it makes of it is checked like what the caller gave", async () => {
    await using space = await openFacts();
    const { host, connection } = space;
    const remove = host.hooks.pre("note.*", (data) => ({ ...(data as Note), value: 7 }));

    await host.change(noteRequest({ name: "a", value: 1 }));
    expect(await readNote(connection, "a")).toEqual({ value: 7, times: 1 });

    remove();
    host.hooks.pre("*", () => ({ name: "a", value: "seven" }));
    const error = await failureOf(() => host.change(noteRequest({ name: "a", value: 1 })));
    expect(error.code).toBe("VALIDATION_FAILED");
    expect(error.message).toContain("after its hooks");
  });

  it("runs in the order of priorities, then of registration", async () => {
    await using space = await openFacts();
    const { host } = space;
    const order: string[] = [];
    host.hooks.pre("note.keep", () => void order.push("third"), { priority: 200 });
    host.hooks.pre("note.keep", async () => void (await wait(5), order.push("first")), { priority: 1 });
    host.hooks.pre("note.keep", () => void order.push("second"), { priority: 1 });
    host.hooks.pre("other.thing", () => void order.push("never"));

    await host.change(noteRequest({ name: "a", value: 1 }));

    expect(order).toEqual(["first", "second", "third"]);
  });

  it("that takes too long forbids the change, and is told to stop", async () => {
    await using space = await openFacts();
    const { host, connection } = space;
    let signal: AbortSignal | undefined;
    host.hooks.pre("note.keep", (_, context) => ((signal = context.signal), new Promise(() => undefined)), {
      timeout: 20,
    });

    const error = await failureOf(() => host.change(noteRequest({ name: "a", value: 1 })));

    expect(error.code).toBe("HOOK_TIMEOUT");
    expect(signal?.aborted).toBe(true);
    expect(await readNote(connection, "a")).toBeUndefined();
  });

  it("is told who acts and on what, and may read but not write", async () => {
    await using space = await openFacts();
    const { host } = space;
    await host.change(noteRequest({ name: "a", value: 1 }));
    const seen: unknown[] = [];
    host.hooks.pre("note.keep", async (_, { actor, resource, reader }) => {
      seen.push(actor, resource, await readNote(reader as never, "a"));
      seen.push((await failureOf(() => (reader as never as { writeGraph(): unknown }).writeGraph())).code);
    });

    await host.change(noteRequest({ name: "b", value: 1 }, { actor: "ben" }));

    expect(seen).toEqual(["ben", "note:b", { value: 1, times: 1 }, "BACKEND_READ_ONLY"]);
  });

  it("does not run where the call says so", async () => {
    await using space = await openFacts();
    space.host.hooks.pre("*", () => {
      throw new Error("never");
    });

    const { result } = await space.host.change(noteRequest({ name: "a", value: 1 }, { hooks: false }));

    expect(result.times).toBe(1);
  });
});

describe("a hook after a change", () => {
  it("that fails leaves the change as it is: the call resolves, and an event and a warning say so", async () => {
    await using space = await openFacts();
    const { host, connection, warnings } = space;
    host.hooks.post("note.keep", function notify() {
      throw new Error("the mail server is down");
    });

    const { result } = await host.change(noteRequest({ name: "a", value: 1 }));

    expect(result.times).toBe(1);
    expect(await readNote(connection, "a")).toEqual({ value: 1, times: 1 });
    expect(await storedTypes(host)).toEqual(["note.kept", "hook.failed"]);
    const [event] = await host.bus.history({ type: "hook.failed" });
    expect(event?.data).toEqual({ action: "note.keep", hook: "notify", error: "the mail server is down" });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("the mail server is down");
  });

  it("gets what was given and what came of it, once it is durable", async () => {
    await using space = await openFacts();
    const { host, connection } = space;
    const seen: unknown[] = [];
    host.hooks.post("note.keep", async ({ data, result }) => {
      seen.push(data, result, await readNote(connection, "a"));
    });

    await host.change(noteRequest({ name: "a", value: 1 }));

    expect(seen).toEqual([
      { name: "a", value: 1 },
      { name: "a", times: 1 },
      { value: 1, times: 1 },
    ]);
  });
});

describe("a hook of errors", () => {
  it("gets the error the caller gets, and cannot hide it", async () => {
    await using space = await openFacts();
    const { host } = space;
    const seen: unknown[] = [];
    host.hooks.onError("note.*", (error) => void seen.push((error as StratigraphError).code));
    host.hooks.onError("note.keep", () => {
      throw new Error("me too");
    });

    const error = await failureOf(() =>
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

    expect([error.code, seen]).toEqual(["PROMOTION_BLOCKED", ["PROMOTION_BLOCKED"]]);
  });
});

describe("a hook of retries", () => {
  it("is called before each repetition, and so is who listens for it", async () => {
    let failures = 0;
    const connection = faulty(await memory().connect(), ({ name }) =>
      name === "transaction" && failures++ < 2
        ? { kind: "throw", error: new StratigraphError("BACKEND_BUSY", "locked") }
        : undefined,
    );
    await using space = await openFacts({ connection, resilience: { retry: { initialDelay: 1 } } });
    const { host } = space;
    const hooked: unknown[] = [];
    const told: unknown[] = [];
    host.hooks.onRetry(({ call, attempt }) => void hooked.push([call, attempt]));
    host.bus.subscribe("backend.retried", ({ data }) => void told.push([data.call, data.attempt]));

    await host.change(noteRequest({ name: "a", value: 1 }));

    const expected = [
      ["transaction", 1],
      ["transaction", 2],
    ];
    expect([hooked, told]).toEqual([expected, expected]);
  });
});
