// The event bus: who hears what, in which order, and what a failing subscriber does to the others.

import { setTimeout as wait } from "node:timers/promises";
import { sqlite } from "stratigraph/sqlite";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { HappenedEvent } from "../../../src/changes/event-bus.ts";
import { createHost } from "../../../src/changes/host.ts";
import { noteRequest, openFacts, storedTypes } from "../../support/facts.ts";
import { Folder } from "../../support/folder.ts";

describe("a subscriber", () => {
  it("that throws does not stop the others, nor the change; it is counted, and told as listener.error", async () => {
    await using space = await openFacts();
    const { host, warnings } = space;
    const heard: string[] = [];
    const errors: unknown[] = [];
    host.bus.subscribe("*", ({ type }) => void heard.push(`first ${type}`));
    host.bus.subscribe("note.*", function broken() {
      throw new Error("no");
    });
    host.bus.subscribe("note.*", async () => {
      throw new Error("later");
    });
    host.bus.subscribe("note.*", ({ type }) => void heard.push(`last ${type}`));
    host.bus.subscribe("listener.error", ({ data }) => void errors.push([data.listener, data.error]));

    await host.change(noteRequest({ name: "a", value: 1 }));
    await wait(1);

    expect(heard).toContain("first note.kept");
    expect(heard).toContain("last note.kept");
    expect(host.bus.failures).toBe(2);
    expect(errors).toEqual([
      ["broken", "no"],
      ["subscriber of 'note.*'", "later"],
    ]);
    expect(warnings).toHaveLength(2);
  });

  it("of listener.error that throws is counted and not told of itself", async () => {
    await using space = await openFacts();
    const { host } = space;
    host.bus.subscribe("listener.error", () => {
      throw new Error("again");
    });
    host.bus.subscribe("note.*", () => {
      throw new Error("no");
    });

    await host.change(noteRequest({ name: "a", value: 1 }));

    expect(host.bus.failures).toBe(2);
  });

  it("hears only what its pattern, filter and signal let through", async () => {
    await using space = await openFacts();
    const { host } = space;
    const heard: string[] = [];
    const stop = new AbortController();
    const options = { filter: ({ subject }: { subject: string }) => subject !== "note:b", signal: stop.signal };
    host.bus.subscribe("note.*", ({ subject }) => void heard.push(subject), options);
    host.bus.subscribe("model.*", ({ subject }) => void heard.push(`model ${subject}`));

    for (const name of ["a", "b", "c"]) await host.change(noteRequest({ name, value: 1 }));
    stop.abort();
    await host.change(noteRequest({ name: "d", value: 1 }));

    expect(heard).toEqual(["note:a", "note:c"]);
  });

  it("in async mode gets one event after the other, in order, and holds nobody up", async () => {
    await using space = await openFacts();
    const { host } = space;
    const heard: string[] = [];
    let atOnce = 0;
    const handler = async ({ subject }: HappenedEvent): Promise<void> => {
      expect(++atOnce).toBe(1);
      await wait(5);
      atOnce--;
      heard.push(subject);
    };
    host.bus.subscribe("*", handler, { mode: "async" });

    for (const name of ["a", "b", "c"]) await host.change(noteRequest({ name, value: 1 }));
    const before = [...heard];
    await wait(60);

    expect(before.length).toBeLessThan(3);
    expect(heard).toEqual(["note:a", "note:b", "note:c"]);
    expect(host.bus.failures).toBe(0);
  });

  it("has the data of the event it asked for, as the compiler sees it", async () => {
    await using space = await openFacts();
    const { bus } = space.host;

    bus.subscribe("model.promoted", ({ data }) => {
      expectTypeOf(data.version).toEqualTypeOf<string>();
      expectTypeOf(data.from).toEqualTypeOf<string>();
    });
    bus.subscribe("alias.*", ({ type }) => expectTypeOf(type).toEqualTypeOf<"alias.set" | "alias.removed">());
    bus.subscribe("sync.finished", ({ data }) => expectTypeOf(data.remaining).toEqualTypeOf<number>());
    // @ts-expect-error there is no such event
    bus.subscribe("model.promotd", () => undefined);

    expect(bus.failures).toBe(0);
  });
});

describe("a stream", () => {
  it("gives events as they come and ends with its loop, leaving no subscriber behind", async () => {
    await using space = await openFacts();
    const { host } = space;
    const heard: string[] = [];
    const reading = (async () => {
      for await (const { subject } of host.bus.stream("*")) {
        heard.push(subject);
        if (heard.length === 2) break;
      }
    })();

    for (const name of ["a", "b", "c"]) await host.change(noteRequest({ name, value: 1 }));
    await reading;

    expect(heard).toEqual(["note:a", "note:b"]);
  });

  it("ends with its signal, after what it held already", async () => {
    await using space = await openFacts();
    const { host } = space;
    const stop = new AbortController();
    const stream = host.bus.stream("*", { signal: stop.signal });
    await host.change(noteRequest({ name: "a", value: 1 }));
    stop.abort();

    const heard: string[] = [];
    for await (const { subject } of stream) heard.push(subject);

    expect(heard).toEqual(["note:a"]);
  });
});

describe("history", () => {
  it("has what earlier processes did, newest first, by type and time", async () => {
    using folder = new Folder();
    const backend = sqlite(folder.at("strata.db"));
    const first = await backend.connect();
    const host = createHost({ connection: first, writer: false });
    await host.change(noteRequest({ name: "a", value: 1 }));
    await host.change(noteRequest({ name: "b", value: 1 }));
    await first.close();

    await using second = await backend.connect();
    const { bus } = createHost({ connection: second, writer: false });

    expect((await bus.history()).map(({ subject }) => subject)).toEqual(["note:b", "note:a"]);
    expect((await bus.history({ limit: 1 })).map(({ subject }) => subject)).toEqual(["note:b"]);
    expect(await bus.history({ type: "model.*" })).toEqual([]);
    expect(await bus.history({ since: Date.now() + 60_000 })).toEqual([]);
  });
});

describe("following", () => {
  it("gives every stored event once and in order, from the number on that it is told", async () => {
    await using space = await openFacts();
    const { host, connection } = space;
    const other = createHost({ connection, writer: false });
    await host.change(noteRequest({ name: "a", value: 1 }));
    const stop = new AbortController();
    const heard: string[] = [];
    const reading = (async () => {
      for await (const event of other.bus.follow({ after: 0, interval: 2, signal: stop.signal })) {
        heard.push(event.subject);
        if (heard.length === 3) stop.abort();
      }
    })();

    await host.change(noteRequest({ name: "b", value: 1 }));
    await wait(10);
    await host.change(noteRequest({ name: "c", value: 1 }));
    await reading;

    expect(heard).toEqual(["note:a", "note:b", "note:c"]);
    expect(await storedTypes(host)).toHaveLength(3);
  });
});
