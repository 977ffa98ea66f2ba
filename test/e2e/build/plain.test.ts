// A build of plain data is free of all that models, lineage, events and audits need.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "strata-plain-"));
/** The package's own files that were loaded, from dist/ on. */
let loaded: readonly string[] = [];

interface Coverage {
  readonly result: readonly { readonly url: string }[];
}

beforeAll(() => {
  // Node lists every file that it ran, whoever loaded it, where it is asked to say what of it was run.
  const { status, stderr } = spawnSync(process.execPath, [join(root, "test/support/plain-build.mjs"), root, folder], {
    env: { ...process.env, NODE_OPTIONS: "", NODE_V8_COVERAGE: join(folder, "coverage") },
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
  const [report] = readdirSync(join(folder, "coverage"));
  const { result } = JSON.parse(readFileSync(join(folder, "coverage", report!), "utf8")) as Coverage;
  loaded = result.flatMap(({ url }) => url.split(`${root}/dist/`)[1] ?? []);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a build of plain data", () => {
  it("loads no module of the layers above the build, and nothing of the backend that answers calls about facts", () => {
    expect(loaded).toContain("build/scheduler.js");
    expect(loaded).toContain("backend/sql/statements/runs.js");
    expect(loaded.length).toBeGreaterThan(80);

    const layers = /^(journal|changes|lineage|registry|tracking|quality|plugins|interop|mlops|cli|web|testing)\//;
    const facts =
      /^backend\/.*\b(facts?|models?|versions?|aliases|tasks?|lineage|events|audit|submissions)(-\w+)?\.js$/;
    // The main entry point offers one function to those who declare plugins.
    expect(loaded.filter((file) => layers.test(file) && file !== "plugins/define.js")).toEqual([]);
    // The schema is made whole by whoever opens a database first.
    const schema = "backend/sqlite/migrations/0002-facts.js";
    expect(loaded.filter((file) => facts.test(file) && file !== schema)).toEqual([]);
  });

  it("writes the rows that it wrote before there were facts, and none into any other table", () => {
    const database = new Database(join(folder, "strata.db"), { readonly: true });
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all() as string[];
    const counts = tables.map((name): [string, number] => [
      name,
      database.prepare(`SELECT count(*) FROM "${name}"`).pluck().get() as number,
    ]);
    const columns = database
      .prepare("SELECT count(ended_ms), count(namespace), count(name), count(engine), count(task) FROM run")
      .raw()
      .get();
    database.close();

    expect(Object.fromEntries(counts.filter(([, count]) => count > 0))).toEqual({
      ...{ meta: 2, counter: 1, graph: 1, graph_description: 1, manifest: 16 },
      ...{ artifact: 3, node: 3, snapshot: 1, partition: 21, place: 21, link: 21 },
      ...{ run: 12, run_partition: 31 },
    });
    expect(columns).toEqual([0, 0, 0, 0, 0]);
  });

  it("costs 8 statements, one of them for pins, and no write where everything is up to date", () => {
    const [first, second] = JSON.parse(readFileSync(join(folder, "costs.json"), "utf8")) as Record<string, number>[];

    expect(first).toMatchObject({ steps: 11 });
    expect(second).toMatchObject({ steps: 0, rowsWritten: 0, transactions: 0, statements: 8 });
  });
});

describe("the compiled program", () => {
  // TypeScript leaves the paths of dynamic imports alone in a function that also has `await using`.
  it("imports no file that is there in the sources only", () => {
    const dist = join(root, "dist");
    const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".js"));
    const wrong = files.filter((file) =>
      /^(?!\s*(\/\/|\*)).*\bimport\("\.[^"]*\.ts"\)/m.test(readFileSync(join(dist, file), "utf8")),
    );

    expect(files.length).toBeGreaterThan(300);
    expect(wrong).toEqual([]);
  });
});
