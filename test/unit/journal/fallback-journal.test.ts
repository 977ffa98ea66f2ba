// The fallback journal: what is in its files, who may read them, and what becomes of damaged ones.

import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FallbackJournal, runFolder } from "../../../src/journal/fallback-journal.ts";
import { emptyFile, readJournal } from "../../../src/journal/files.ts";
import { decodeLine, decodeLines } from "../../../src/journal/line.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { Folder, failureOf } from "../../support/folder.ts";
import { intent } from "../../support/intents.ts";

function openJournal(folder: Folder): FallbackJournal {
  return new FallbackJournal({ home: folder.path, clock: manualClock() });
}

const error = new Error("connection refused");

describe("a line of the journal", () => {
  it("is the record that was submitted, and when and why it is there", async () => {
    using folder = new Folder();
    const journal = openJournal(folder);

    await journal.append([{ intent: intent("a", { data: { text: "ä \u2028 \ud800", numbers: [1, -0.5] } }), error }]);

    const [text = ""] = folder
      .read("fallback/run-1/lineage.jsonl")
      .split("\n")
      .filter((line) => line !== "");
    const { _fallbackAt, _kind, _schemaVersion, _attempt, _error, _check, ...rest } = JSON.parse(text) as Record<
      string,
      unknown
    >;
    expect(rest).toEqual(intent("a", { data: { text: "ä \u2028 \ud800", numbers: [1, -0.5] } }));
    expect({ _fallbackAt, _kind, _schemaVersion, _attempt, _error }).toEqual({
      _fallbackAt: "2026-01-01T00:00:00.000Z",
      _kind: "lineage",
      _schemaVersion: 1,
      _attempt: 1,
      _error: "connection refused",
    });
    expect(_check).toMatch(/^[0-9a-f]{32}$/);
    expect(decodeLine(text)).toMatchObject({ intent: rest, reason: { error: "connection refused" } });
  });

  it("cut off anywhere is torn, and altered anywhere is altered: never read as something else", async () => {
    using folder = new Folder();
    await openJournal(folder).append([{ intent: intent("a"), error }]);
    const text = folder.read("fallback/run-1/lineage.jsonl").trim();

    for (let at = 1; at < text.length; at++) expect(decodeLine(text.slice(0, at)).problem, `cut at ${at}`).toBe("torn");
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === "x" ? "y" : "x";
      const changed = text.slice(0, at) + other + text.slice(at + 1);
      expect(["torn", "altered"], `changed at ${at}`).toContain(decodeLine(changed).problem);
    }
  });

  it("of a newer version is left alone", async () => {
    using folder = new Folder();
    await openJournal(folder).append([{ intent: intent("a"), error }]);
    const { hashText } = await import("../../../src/util/digest.ts");
    const text = folder.read("fallback/run-1/lineage.jsonl").trim().replace('"_schemaVersion":1', '"_schemaVersion":2');
    const body = text.slice(0, text.indexOf(',"_check"'));

    expect(decodeLine(`${body},"_check":"${hashText(body)}"}`).problem).toBe("newer");
  });
});

describe("the journal's files", () => {
  it("are for this user alone, one for each run and kind", async () => {
    using folder = new Folder();
    const journal = openJournal(folder);

    await journal.append([
      { intent: intent("a"), error },
      { intent: intent("b", { journal: "registry" }), error },
      { intent: intent("c", { run: "run-2" }), error },
    ]);
    journal.appendNow([{ intent: intent("d"), error }]);

    expect(folder.files()).toEqual([
      "fallback/run-1/lineage.jsonl",
      "fallback/run-1/registry.jsonl",
      "fallback/run-2/lineage.jsonl",
    ]);
    expect(statSync(folder.at("fallback/run-1/lineage.jsonl")).mode & 0o777).toBe(0o600);
    expect(statSync(folder.at("fallback/run-1")).mode & 0o777).toBe(0o700);
    const lines = decodeLines(readFileSync(folder.at("fallback/run-1/lineage.jsonl")));
    expect(lines.map((line) => (line.problem === undefined ? line.intent.key : line.problem))).toEqual(["a", "d"]);
  });

  it("stay inside the journal whatever a run is called, and never meet", () => {
    const names = ["..", ".", "", "synced", "a/b", "a\\b", "con", "%2E", "a b", "Ä", "x".repeat(500), "x".repeat(501)];
    const folders = names.map((name) => runFolder(name));

    expect(new Set(folders).size).toBe(names.length);
    for (const name of folders) {
      expect(name).not.toMatch(/[/\\]|^\.|^synced$|^con$/);
      expect(name.length).toBeLessThanOrEqual(255);
    }
  });

  it("take a line after one that was torn", async () => {
    using folder = new Folder();
    const journal = openJournal(folder);
    await journal.append([{ intent: intent("a"), error }]);
    appendFileSync(folder.at("fallback/run-1/lineage.jsonl"), '{"key":"half');

    await journal.append([{ intent: intent("b"), error }]);

    const lines = decodeLines(readFileSync(folder.at("fallback/run-1/lineage.jsonl")));
    expect(lines.map((line) => (line.problem === undefined ? line.intent.key : line.problem))).toEqual([
      "a",
      "torn",
      "b",
    ]);
  });

  it("keep what is appended while they are emptied, and go to an archive of their own each time", async () => {
    using folder = new Folder();
    const journal = openJournal(folder);
    const at = new Date(0);
    const empty = async (keys: readonly string[]): Promise<number | undefined> => {
      const [file] = await readJournal(folder.path);
      const done = new Set(
        file!.lines.flatMap((line) =>
          line.problem === undefined && keys.includes(line.intent.key) ? [line.text] : [],
        ),
      );
      return (await emptyFile(file!, { home: folder.path, done, aside: new Set(), at }))?.remaining;
    };
    await journal.append([
      { intent: intent("a"), error },
      { intent: intent("b"), error },
    ]);

    expect(await empty(["a"])).toBe(1);
    expect(folder.files()).toEqual(["fallback/run-1/lineage.jsonl"]);
    await journal.append([{ intent: intent("c"), error }]);
    expect(await empty(["b", "c"])).toBe(0);
    await journal.append([{ intent: intent("d"), error }]);
    expect(await empty(["d"])).toBe(0);

    expect(folder.files()).toEqual([
      "fallback/synced/run-1/lineage.19700101T000000.000Z-2.jsonl",
      "fallback/synced/run-1/lineage.19700101T000000.000Z.jsonl",
    ]);
    expect(await readJournal(folder.path)).toEqual([]);
  });

  it("that a sync took and left behind when it was killed are read again", async () => {
    using folder = new Folder();
    await openJournal(folder).append([{ intent: intent("a"), error }]);
    const text = folder.read("fallback/run-1/lineage.jsonl");
    folder.write("fallback/run-1/lineage.jsonl.taken-0123456789abcdef", text);
    writeFileSync(folder.at("fallback/run-1/lineage.jsonl"), "");

    const files = await readJournal(folder.path, { run: "run-1" });

    expect(files.flatMap(({ lines }) => lines)).toHaveLength(1);
  });

  it("of a run that has none are asked for in vain, and the error says which there are", async () => {
    using folder = new Folder();
    await openJournal(folder).append([{ intent: intent("a"), error }]);

    const failure = await failureOf(() => readJournal(folder.path, { run: "run-7" }));

    expect(failure.code).toBe("RUN_UNKNOWN");
    expect(failure.message).toContain("run-7");
    expect(failure.message).toContain("run-1");
  });
});
