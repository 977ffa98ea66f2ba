// Which bytes of the store may go: those that no version has, wherever the version is on its way.

import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { memory } from "../../../src/backend/memory/memory-backend.ts";
import { createHost, type Host, type HostOptions } from "../../../src/changes/host.ts";
import { syncJournal } from "../../../src/changes/sync.ts";
import { FallbackJournal } from "../../../src/journal/fallback-journal.ts";
import { readJournal } from "../../../src/journal/files.ts";
import type { ArtifactStore } from "../../../src/registry/artifact-store.ts";
import { registryActions } from "../../../src/registry/appliers.ts";
import { createRegistry, type ModelRegistry } from "../../../src/registry/registry.ts";
import { memoryStore } from "../../../src/registry/store/memory-store.ts";
import { sweepUnused, type UnusedBytes } from "../../../src/registry/unused-bytes.ts";
import { faulty, type Fault } from "../../../src/testing/faulty.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { Folder } from "../../support/folder.ts";
import { intent } from "../../support/intents.ts";
import { bytes } from "../../support/registry.ts";

const HOUR = 3_600_000;

interface Space extends AsyncDisposable {
  readonly folder: Folder;
  readonly store: ArtifactStore;
  readonly host: Host;
  readonly registry: ModelRegistry;
  /** Of a process whose database behaves like that. */
  other(fault: Fault, options?: Partial<HostOptions>): ModelRegistry;
  /** After as many hours; of what is more than one hour old. */
  sweep(remove?: boolean): Promise<UnusedBytes>;
}

async function openSpace(): Promise<Space> {
  const folder = new Folder();
  const clock = manualClock();
  const connection = await memory({ clock }).connect();
  const store = memoryStore({ clock });
  const writer = { home: folder.path, retryAfter: 1_000_000 };
  const host = createHost({ connection, clock, actor: "ana", mode: "durable", writer });
  return {
    folder,
    store,
    host,
    registry: createRegistry({ host, store }),
    other(fault, options) {
      const broken = faulty(connection, ({ name }) => (name === "transaction" ? fault : undefined));
      const theirs = createHost({ connection: broken, clock, mode: "behind", resilience: false, writer, ...options });
      return createRegistry({ host: theirs, store });
    },
    async sweep(remove = true) {
      clock.advance(2 * HOUR);
      return sweepUnused({ host, store }, { grace: HOUR, remove });
    },
    async [Symbol.asyncDispose]() {
      await host.close();
      await connection.close();
      folder[Symbol.dispose]();
    },
  };
}

const nothing = { artifacts: [], objects: 0, size: 0 };

describe("bytes in the store", () => {
  it("stay for every version there is, and go when the last one is deleted, with its name", async () => {
    await using space = await openSpace();
    const { registry, sweep } = space;
    await registry.register({ name: "team/churn", artifact: bytes("same") });
    await registry.register({ name: "other", artifact: bytes("same") });
    // What was put again a moment ago is not removed at once.
    await registry.deleteVersion("team/churn@1.0.0");
    expect(await sweep()).toEqual(nothing);
    await space.store.put({ bytes: bytes("same") });
    await registry.deleteVersion("other@1.0.0");

    const looked = await sweep(false);
    const swept = await sweep();

    expect(looked).toEqual(swept);
    expect(swept).toMatchObject({ artifacts: [{ size: 4, files: 1 }], objects: 1, size: 4 });
    expect(swept.artifacts[0]!.lastReferrer).toMatchObject({ resource: "model:default/other@1.0.0", by: "ana" });
    expect(await sweep()).toEqual(nothing);
  });

  it("stay while their version waits in the journal, and after the sync", async () => {
    await using space = await openSpace();
    const { committed } = await space.other({ kind: "throw" }).register({ name: "churn", artifact: bytes("waits") });
    await expect(committed).rejects.toMatchObject({ code: "METADATA_FELL_BACK" });

    expect(await space.sweep()).toEqual(nothing);
    const { connection } = space.host;
    const { counts } = await syncJournal({ home: space.folder.path, connection, actions: registryActions });
    expect(counts.delivered).toBe(1);
    expect(await space.sweep()).toEqual(nothing);

    await using opened = await space.registry.open("churn@1.0.0");
    expect(opened.path).toContain("model");
  });

  it("stay for a version in the journal when another with the same bytes is deleted", async () => {
    await using space = await openSpace();
    await space.registry.register({ name: "churn", artifact: bytes("same") });
    const { committed } = await space.other({ kind: "throw" }).register({ name: "late", artifact: bytes("same") });
    await committed.catch(() => undefined);
    await space.sweep(false);

    await space.registry.deleteVersion("churn@1.0.0");

    expect((await space.store.stats()).objects).toBe(1);
  });

  it("stay while their version waits in the memory of a process", async () => {
    await using space = await openSpace();
    await space.other({ kind: "hang" }).register({ name: "churn", artifact: bytes("hangs") });

    expect(await space.sweep()).toEqual(nothing);
  });

  it("stay for lines that cannot be read any more, and for those of other kinds and plugins", async () => {
    await using space = await openSpace();
    const journal = new FallbackJournal({ home: space.folder.path, clock: space.host.clock });
    const stored = await Promise.all(["altered", "plugin"].map((text) => space.store.put({ bytes: bytes(text) })));
    const [altered, plugin] = stored.map(({ digest }) => digest);
    await journal.append([{ intent: intent("a", { data: { digest: altered! } }), error: new Error("down") }]);
    await journal.append([{ intent: intent("b", { action: "x.y", data: [plugin!] }), error: new Error("down") }]);
    const [file] = await readJournal(space.folder.path);
    writeFileSync(file!.path, `{"altered":true,"what":"${altered}"}\n${file!.lines.at(-1)!.text}\n`);

    expect(await space.sweep()).toEqual(nothing);
  });
});
