// What is known about what happened, at the command line: sync, audit, events, and the end of a build that recorded something.

import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { sqlite } from "stratigraph/sqlite";
import { createHost } from "../../../src/changes/host.ts";
import { FallbackJournal } from "../../../src/journal/fallback-journal.ts";
import type { JournalKind } from "../../../src/journal/intent.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { effectOf } from "../../support/effect.ts";
import { openSpace, type Space } from "../../support/space.ts";
import { noteRequest } from "../../support/facts.ts";
import { intent } from "../../support/intents.ts";

const dist = fileURLToPath(new URL("../../../dist", import.meta.url));
const compiled = (file: string): string => JSON.stringify(pathToFileURL(join(dist, file)).href);

const env = { STRATA_HOME: "journal", STRATA_METADATA_FLUSH_TIMEOUT: "1" };

/** A record that every version of the program can write: it only tells. */
function told(key: string, journal: JournalKind = "audit") {
  const event = { type: "lineage.compacted", subject: key, data: { removed: 0 } };
  const data = { events: [event], audit: [{ action: "test.tell", resource: key, data: {} }] };
  return intent(key, { journal, action: "facts.record", data });
}

async function fallBack(space: Space, ...keys: readonly string[]): Promise<void> {
  const journal = new FallbackJournal({ home: space.path("journal"), clock: systemClock });
  await journal.append(keys.map((key) => ({ intent: told(key), error: new Error("down") })));
}

describe("sync", () => {
  it("delivers what waits, archives it, and has nothing to do the second time", async () => {
    await using space = await openSpace();
    await fallBack(space, "a", "b");

    const first = await space.run(["sync"], { env });
    const second = await space.run(["sync", "--json"], { env });
    const events = await space.strata("events", "--json");

    expect(first).toMatchObject({ code: 0, stdout: "2 records delivered (2 in all)\n" });
    expect(second.json).toMatchObject({ total: 0, remaining: 0 });
    expect(space.list("journal").every((file) => file.startsWith("fallback/synced/run-1/audit."))).toBe(true);
    expect(events.json.events.map((event: { subject: string }) => event.subject).sort()).toEqual(["a", "b", "journal"]);
  });

  it("ends with 1 while something remains, and says what and why", async () => {
    await using space = await openSpace();
    await fallBack(space, "a");
    const file = "journal/fallback/run-1/audit.jsonl";
    const journal = new FallbackJournal({ home: space.path("journal"), clock: systemClock });
    await journal.append([
      { intent: intent("b", { journal: "audit", action: "plugin.thing" }), error: new Error("down") },
    ]);

    const answer = await space.run(["sync", "audit"], { env });
    const json = await space.run(["sync", "--json"], { env });

    expect(answer.code).toBe(1);
    expect(answer.stdout).toContain("plugin.thing");
    expect(answer.stdout).toContain("1 record still waits in the journal");
    expect(json).toMatchObject({
      code: 1,
      json: { failed: 1, remaining: 1, records: [{ key: "b", outcome: "failed" }] },
    });
    expect(space.read(file).trim().split("\n")).toHaveLength(1);
  });

  it("of an unknown run says which there are and ends with 1, of an unknown kind with 2", async () => {
    await using space = await openSpace();
    await fallBack(space, "a");

    const run = await space.run(["sync", "--run-id", "nightly-7"], { env });
    const kind = await space.run(["sync", "lineag"], { env });

    expect([run.code, kind.code]).toEqual([1, 2]);
    expect(run.stderr).toContain("nightly-7");
    expect(run.stderr).toContain("run-1");
    expect(kind.stderr).toContain("Did you mean 'lineage'?");
  });

  it("where nothing waits says so, and makes nothing", async () => {
    await using space = await openSpace({ installed: false });

    const answer = await space.run(["sync"], { env });

    expect(answer).toMatchObject({ code: 0, stdout: "nothing waits in the journal\n" });
    expect(space.list(".")).toEqual([]);
  });
});

async function changeThrice(space: Space): Promise<void> {
  await using connection = await sqlite(space.path(".strata", "strata.db")).connect();
  const host = createHost({ connection, actor: "ana", writer: false });
  for (const name of ["a", "b", "c"]) await host.change(noteRequest({ name, value: 1 }));
}

describe("audit", () => {
  it("lists who did what, by what is asked for", async () => {
    await using space = await openSpace();
    await changeThrice(space);

    const all = await space.strata("audit");
    const one = await space.strata("audit", "list", "--resource", "note:b", "--json");
    const denied = await space.strata("audit", "--status", "denied");
    const wrong = await space.strata("audit", "--status", "forbidden");

    expect(all.stdout.trim().split("\n")).toHaveLength(3);
    expect(all.stdout).toMatch(/^3 .* done +note\.keep +note:c +ana/);
    expect(one.json.rows).toMatchObject([{ resource: "note:b", number: 2, actor: "ana" }]);
    expect(denied.stdout).toBe("no rows\n");
    expect(wrong.code).toBe(2);
  });

  it("is followed from row to row, and the first row that was changed is named", async () => {
    await using space = await openSpace();
    await changeThrice(space);

    const good = await space.strata("audit", "verify", "--json");
    const { default: Database } = await import("better-sqlite3");
    const raw = new Database(space.path(".strata", "strata.db"));
    const [table] = raw
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%audit%'")
      .all() as { name: string }[];
    const triggers = raw
      .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?")
      .all(table!.name);
    for (const { name } of triggers as { name: string }[]) raw.exec(`DROP TRIGGER ${name}`);
    raw.exec(`UPDATE ${table!.name} SET actor = 'eve' WHERE number = 2`);
    raw.close();
    const bad = await space.strata("audit", "verify");
    const exported = await space.strata("audit", "export");

    expect(good).toMatchObject({ code: 0, json: { ok: true, rows: 3, end: { number: 3 } } });
    expect(bad.code).toBe(1);
    expect(bad.stdout).toContain("row 2 is not as it was written");
    expect(
      exported.stdout
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { actor: string }).actor),
    ).toEqual(["ana", "eve", "ana"]);
  });
});

describe("events", () => {
  it("are listed by type, with a hint where a type is nearly one", async () => {
    await using space = await openSpace();
    await changeThrice(space);

    const all = await space.strata("events", "--type", "note.*", "--limit", "2", "--json");
    const none = await space.strata("events", "--type", "model.*");
    const wrong = await space.strata("events", "--type", "model.promotd");

    expect(all.json.events.map((event: { subject: string }) => event.subject)).toEqual(["note:c", "note:b"]);
    expect(all.json.next).not.toBeNull();
    expect(none.stdout).toBe("no events\n");
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.stderr).toContain("Did you mean 'model.promoted'?");
  });

  it("are printed as they happen, until the command is told to stop", async () => {
    await using space = await openSpace();
    await changeThrice(space);
    let changed: Promise<void> | undefined;

    const following = space.run(["events", "--follow"], {
      onOutput: (text, child) => {
        if (text.includes("note:later")) child.kill("SIGINT");
      },
    });
    const more = setInterval(() => {
      changed ??= (async () => {
        await using connection = await sqlite(space.path(".strata", "strata.db")).connect();
        const host = createHost({ connection, actor: "ana", writer: false });
        for (let i = 0; i < 20; i++) {
          await host.change(noteRequest({ name: `later${i}`, value: 1 }));
          await new Promise((resolve) => setTimeout(resolve, 250));
        }
      })();
    }, 500);
    const { stdout } = await following;
    clearInterval(more);
    await changed;

    expect(stdout).toContain("note.kept  note:later");
    expect(stdout).not.toContain("note:a");
  });
});

/** A graph whose producer records something through a host of its own, whose backend fails where `fails` says so. */
function recordingGraph(fails: boolean): string {
  return `
    import { z } from "zod";
    import { artifact, graph, memory, producer } from "stratigraph";
    import { createHost } from ${compiled("changes/host.js")};
    import { faulty } from ${compiled("testing/faulty.js")};

    const connection = faulty(await memory().connect(), ({ name }) =>
      ${String(fails)} && name === "transaction" ? { kind: "throw" } : undefined);
    const host = createHost({ connection, resilience: false, warn: () => undefined });
    const data = z.object({ name: z.string() });
    const keep = (name) => host.change({
      action: "note.keep", resource: () => name, schema: data, input: { name }, journal: "lineage",
      decide: async (given) => ({ data: given, result: undefined }),
      applier: { action: "note.keep", schema: data, apply: async () => ({ result: undefined, events: [], audit: [] }) },
    });
    const Total = artifact({ schema: z.number() });
    const total = producer({
      name: "total", version: "1.0.0", inputs: {}, output: Total,
      build: async () => { for (const name of ["a", "b", "c"]) await keep(name); return 1; },
    });
    export const notes = graph("notes", () => ({ total: total({}) }));
  `;
}

describe("a build whose producers record something", () => {
  it("says how many records went to fallback, and fails for it only when told to", async () => {
    await using space = await openSpace();
    space.write({ "notes.ts": recordingGraph(true) });

    const lenient = await space.run(["build", "notes.ts"], { env });
    const strict = await space.run(["build", "notes.ts", "--force", "--strict-metadata", "--json"], { env });

    expect(lenient.code).toBe(0);
    expect(lenient.stdout).toContain("3 metadata records went to fallback; run `strata sync`");
    expect(strict).toMatchObject({ code: 5, json: { outcome: "succeeded", metadata: { fallback: 3, written: 0 } } });
    expect(space.list("journal").filter((file) => file.endsWith("lineage.jsonl"))).toHaveLength(2);
  });

  effectOf("metadata.strict", "it fails where records fell back", async () => {
    await using space = await openSpace();
    space.write({ "notes.ts": recordingGraph(true) });
    const codeOf = async (strict: boolean): Promise<number | null> => {
      space.write({ "strata.config.ts": `export default { metadata: { strict: ${strict} } };` });
      return (await space.run(["build", "notes.ts", "--force"], { env })).code;
    };

    expect([await codeOf(false), await codeOf(true)]).toEqual([0, 5]);
  });

  it("says nothing where everything was written", async () => {
    await using space = await openSpace();
    space.write({ "notes.ts": recordingGraph(false) });

    const answer = await space.run(["build", "notes.ts", "--strict-metadata"], { env });

    expect(answer.code).toBe(0);
    expect(answer.stdout).not.toContain("fallback");
    expect(space.has("journal")).toBe(false);
  });
});
