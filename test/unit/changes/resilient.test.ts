// Trying again, leaving alone, remembering: what stands between a program and its backend.

import { setTimeout as wait } from "node:timers/promises";
import { memory, StratigraphError } from "stratigraph";
import { afterEach, describe, expect, it, vi } from "vitest";
import { cached, withoutCache } from "../../../src/changes/cached.ts";
import { resilient } from "../../../src/changes/resilient.ts";
import { withRetry } from "../../../src/changes/with-retry.ts";
import { faulty } from "../../../src/testing/faulty.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { print } from "../../../src/testing/samples.ts";
import { failureOf } from "../../support/folder.ts";

const busy = (): StratigraphError => new StratigraphError("BACKEND_BUSY", "locked");

afterEach(() => {
  vi.useRealTimers();
});

describe("trying again", () => {
  it("makes three calls of which two fail, with delays around 100 and 200 ms", async () => {
    await withRetry(() => Promise.reject(busy()), { maxAttempts: 2, initialDelay: 0 }).catch(() => undefined);
    vi.useFakeTimers();
    const delays: number[] = [];
    const times: number[] = [];
    const done = withRetry(
      async () => {
        times.push(Date.now());
        if (times.length < 3) throw busy();
        return "done";
      },
      { onRetry: ({ delay }) => void delays.push(delay) },
    );
    await vi.runAllTimersAsync();

    expect(await done).toBe("done");
    expect(times).toHaveLength(3);
    expect(delays).toHaveLength(2);
    for (const [index, expected] of [100, 200].entries()) {
      expect(delays[index]).toBeGreaterThanOrEqual(expected * 0.75);
      expect(delays[index]).toBeLessThanOrEqual(expected * 1.25);
      expect(Math.abs(times[index + 1]! - times[index]! - delays[index]!)).toBeLessThanOrEqual(1);
    }
  });

  it("is left to chance within a quarter in both directions", async () => {
    const delayWith = async (random: number): Promise<number | undefined> => {
      let delay: number | undefined;
      const options = {
        maxAttempts: 2,
        initialDelay: 4,
        random: () => random,
        onRetry: (retry: { delay: number }) => void (delay = retry.delay),
      };
      await withRetry(() => Promise.reject(busy()), options).catch(() => undefined);
      return delay;
    };

    expect([await delayWith(0), await delayWith(0.5), await delayWith(1)]).toEqual([3, 4, 5]);
  });

  it("is not done for what trying again cannot help", async () => {
    let calls = 0;
    const work = async (): Promise<never> => {
      calls++;
      throw new StratigraphError("VALIDATION_FAILED", "no");
    };

    expect((await failureOf(() => withRetry(work))).code).toBe("VALIDATION_FAILED");
    expect(calls).toBe(1);
  });

  it("ends with the last error when it has been done often enough", async () => {
    let calls = 0;
    const error = await failureOf(() =>
      withRetry(async () => Promise.reject(new StratigraphError("BACKEND_TIMEOUT", `attempt ${++calls}`)), {
        initialDelay: 1,
      }),
    );

    expect([calls, error.message]).toEqual([3, "attempt 3"]);
  });
});

describe("a resilient connection", () => {
  const reset = (): Error => Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });

  it("repeats reads and harmless writes, but not a write that may have been made already", async () => {
    const counts: Record<string, number> = {};
    const inner = faulty(await memory().connect(), ({ name }) => {
      counts[name] = (counts[name] ?? 0) + 1;
      return counts[name] < 3 ? { kind: "throw", error: reset() } : undefined;
    });
    await using connection = resilient(inner, { retry: { initialDelay: 1 } });

    await connection.listGraphs();
    await connection.writeManifests([{ fingerprint: print("x"), text: "{}" }]);
    const error = await failureOf(() => connection.takeSubmissions(["key"]));

    expect(error.message).toContain("ECONNRESET");
    expect(counts).toEqual({ listGraphs: 3, writeManifests: 3, takeSubmissions: 1 });
  });

  it("repeats a transaction that could not begin, and none whose work has begun", async () => {
    let begins = 0;
    const inner = faulty(await memory().connect(), ({ name }) =>
      name === "transaction" && begins++ === 0 ? { kind: "throw", error: busy() } : undefined,
    );
    await using connection = resilient(inner, { retry: { initialDelay: 1 } });
    let works = 0;

    expect(await connection.transaction(async () => ++works)).toBe(1);
    const error = await failureOf(() =>
      connection.transaction(async () => {
        works++;
        throw busy();
      }),
    );

    expect([error.code, works]).toEqual(["BACKEND_BUSY", 2]);
  });

  it("leaves a backend alone after five failures, tries it after half a minute, and trusts it after two successes", async () => {
    const clock = manualClock();
    let calls = 0;
    let isDown = true;
    const states: string[] = [];
    const inner = faulty(await memory().connect(), () => (calls++, isDown ? { kind: "throw" } : undefined));
    await using connection = resilient(inner, { clock, retry: false, onCircuit: (state) => void states.push(state) });
    const ask = async (): Promise<string | undefined> =>
      connection.listGraphs().then(
        () => "answered",
        (error: { code?: string }) => error.code,
      );

    for (let i = 0; i < 5; i++) expect(await ask()).toBe("BACKEND_FAILED");
    expect([await ask(), calls]).toEqual(["CIRCUIT_OPEN", 5]);
    clock.advance(29_999);
    expect([await ask(), calls]).toEqual(["CIRCUIT_OPEN", 5]);
    clock.advance(1);
    expect([await ask(), calls]).toEqual(["BACKEND_FAILED", 6]); // one probe, and it is open again
    expect([await ask(), calls]).toEqual(["CIRCUIT_OPEN", 6]);
    clock.advance(30_000);
    isDown = false;
    expect([await ask(), await ask(), await ask()]).toEqual(["answered", "answered", "answered"]);
    expect(states).toEqual(["open", "half_open", "open", "half_open", "closed"]);
  });

  it("tries a backend with three calls at a time at most", async () => {
    const clock = manualClock();
    let hanging = false;
    const inner = faulty(await memory().connect(), () => (hanging ? { kind: "hang" } : { kind: "throw" }));
    const connection = resilient(inner, { clock, retry: false });
    for (let i = 0; i < 5; i++) await failureOf(() => connection.listGraphs());
    clock.advance(30_000);
    hanging = true;

    for (let i = 0; i < 3; i++) void connection.listGraphs();
    await wait(1);

    expect((await failureOf(() => connection.listGraphs())).code).toBe("CIRCUIT_OPEN");
  });

  it("does not blame the backend for what it refuses rightly, nor for what the user's own code throws", async () => {
    await using connection = resilient(await memory().connect(), { retry: false });
    for (let i = 0; i < 10; i++) {
      await failureOf(() => connection.setSnapshotState(print("none"), "complete"));
      await failureOf(() => connection.transaction(async () => Promise.reject(new Error("a bug"))));
    }

    expect((await connection.listGraphs()).items).toEqual([]);
  });

  it("gives a call up after its time", async () => {
    const inner = faulty(await memory().connect(), () => ({ kind: "hang" }));
    const connection = resilient(inner, { retry: false, timeout: 20 });

    // The limit keeps no process alive, so somebody else must.
    const [error] = await Promise.all([failureOf(() => connection.listGraphs()), wait(60)]);

    expect(error.code).toBe("BACKEND_TIMEOUT");
  });

  it("is what connecting to a resilient backend gives", async () => {
    let calls = 0;
    const backend = resilient(
      faulty(memory(), () => (calls++ < 2 ? { kind: "throw", error: busy() } : undefined)),
      {
        retry: { initialDelay: 1 },
      },
    );
    await using connection = await backend.connect();

    expect((await connection.listGraphs()).items).toEqual([]);
    expect(backend.kind).toBe("memory");
  });
});

describe("a cached connection", () => {
  async function openCached(ttl?: number) {
    const asked: string[] = [];
    const inner = faulty(await memory().connect(), ({ name, inTransaction }) => {
      asked.push(inTransaction ? `in transaction ${name}` : name);
      return undefined;
    });
    return { asked, inner, connection: cached(inner, { ttl }) };
  }
  const manifest = { fingerprint: print("x"), text: "{}" };

  it("asks for a manifest once, also in another list, and again for one that was not there", async () => {
    const { asked, connection } = await openCached();

    expect(await connection.readManifests([manifest.fingerprint])).toEqual([undefined]);
    await connection.writeManifests([manifest]);
    expect(await connection.readManifests([manifest.fingerprint])).toEqual([manifest]);
    expect(await connection.readManifests([print("y"), manifest.fingerprint])).toEqual([undefined, manifest]);
    await connection.readManifests([manifest.fingerprint]);

    expect(asked).toEqual(["readManifests", "writeManifests", "readManifests", "readManifests"]);
  });

  it("remembers what may change for a moment only, and not beyond a write of its own", async () => {
    const { asked, connection, inner } = await openCached(30);
    const read = async (): Promise<unknown> => (await connection.readGraph("g", print("g")))?.description;
    const write = (on: typeof inner, description: string) =>
      on.writeGraph({ name: "g", fingerprint: print("g"), description });
    await write(connection, "first");

    expect([await read(), await read()]).toEqual(["first", "first"]);
    await write(connection, "second");
    expect(await read()).toBe("second");
    await write(inner, "by somebody else");
    expect(await read()).toBe("second");
    await wait(40);
    expect(await read()).toBe("by somebody else");
    await connection.transaction((tx) => write(tx as never, "in a transaction"));
    expect(await read()).toBe("in a transaction");
    expect(asked.filter((name) => name === "readGraph")).toHaveLength(4);
  });

  it("hands out answers that nobody can change for the others", async () => {
    const { connection } = await openCached();
    await connection.writeGraph({ name: "g", fingerprint: print("g"), description: { tags: ["a"] } });
    const found = await connection.readGraph("g", print("g"));

    expect(() => (found?.description as { tags: string[] }).tags.push("b")).toThrow(TypeError);
  });

  it("is never what a decision reads", async () => {
    const { connection, inner } = await openCached();

    expect(withoutCache(connection)).toBe(inner);
    expect(withoutCache(inner)).toBe(inner);
  });
});
