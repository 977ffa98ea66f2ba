// strata build and strata plan, as users run them.

import { spawnSync } from "node:child_process";
import { statSync, symlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sqlite } from "../../../src/backend/sqlite/index.ts";
import { openSpace } from "../../support/space.ts";
import { day, openSpend, spendFile } from "./spend.ts";

const DURATION = /\d+\.\d\d s/;

describe("the first build", () => {
  it("builds everything, says so, and says what to type next", async () => {
    await using space = await openSpend();

    const { code, stdout, stderr } = await space.strata("build", "spend.ts");

    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout.replace(DURATION, "<time>").replace(/snapshot [0-9a-f]{8}/, "snapshot <id>")).toBe(
      [
        "  days[date=2026-01-01]  built  for the first time",
        "  days[date=2026-01-02]  built  for the first time",
        "  days[date=2026-01-03]  built  for the first time",
        "  total                  built  for the first time",
        "4 built, 0 reused in <time> · snapshot <id>",
        "next: strata read total · change a file, then strata build",
        "",
      ].join("\n"),
    );
  });

  it("keeps its state in one folder that is its owner's alone", async () => {
    await using space = await openSpend();

    await space.strata("build", "spend.ts");

    expect(statSync(space.path(".strata")).mode & 0o777).toBe(0o700);
    expect(space.read(".strata/.gitignore")).toBe("*\n");
    expect(space.list(".").filter((file) => !/^(\.strata|node_modules|data)\//.test(file))).toEqual(["spend.ts"]);
  });
});

describe("the next build", () => {
  it("does nothing, and needs not be told the file", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");

    const { code, stdout } = await space.strata("build");

    expect(code).toBe(0);
    expect(stdout).toMatch(/^nothing to do: 4 partitions up to date \(\d+\.\d\d s\)\n$/);
  });

  it("after one file was changed builds that day and the total, with the reason of each", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    space.write({ "data/2026-01-02.json": day(5) });

    const { stdout } = await space.strata("build");

    expect(stdout.split("\n").slice(0, 2)).toEqual([
      "  days[date=2026-01-02]  built  input 'transactions'[date=2026-01-02] changed",
      "  total                  built  input 'days'[date=2026-01-02] changed",
    ]);
    expect(stdout).toContain("2 built, 2 reused in");
    expect(stdout).toContain("next: strata why total");
  });

  it("goes back to what was built before without running anything", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    const before = space.read("data/2026-01-02.json");
    space.write({ "data/2026-01-02.json": day(5) });
    await space.strata("build");
    space.write({ "data/2026-01-02.json": before });

    const { json } = await space.strata("build", "--json");

    expect(json).toMatchObject({ built: 0, reused: 4 });
  });

  it("stops where a changed input came out the same", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    space.write({ "data/2026-01-02.json": day(4, 0.75) });

    const { json } = await space.strata("build", "--json");

    expect(json).toMatchObject({ built: 1, reused: 3 });
  });
});

describe("--json", () => {
  it("prints one document: counts of partitions, and every step with its reason", async () => {
    await using space = await openSpend();

    const { code, stdout, stderr, json } = await space.strata("build", "spend.ts", "--json");

    expect(code).toBe(0);
    expect(stderr).toBe("");
    expect(stdout.endsWith("}\n")).toBe(true);
    expect(json).toMatchObject({
      graph: "spend",
      outcome: "succeeded",
      built: 4,
      reused: 0,
      skipped: 0,
      failed: 0,
      strays: [],
      steps: [
        { key: "days", partition: "date=2026-01-01", state: "built", reason: "never-built", because: "never built" },
        { key: "days", partition: "date=2026-01-02", state: "built", reason: "never-built" },
        { key: "days", partition: "date=2026-01-03", state: "built", reason: "never-built" },
        { key: "total", partition: "", state: "built", reason: "never-built" },
      ],
    });
    expect(json.snapshot).toMatch(/^[0-9a-f]{32}$/);
  });

  it("keeps standard output to itself, whatever the user's code prints", async () => {
    await using space = await openSpend({
      build: 'console.log("from a producer"); process.stdout.write("again\\n"); context.log("logged"); return 1;',
      extra: 'console.log("from the file");',
    });

    const { json, stderr } = await space.strata("build", "spend.ts", "--json");

    expect(json.built).toBe(4);
    expect(stderr).toContain("from the file");
    expect(stderr).toContain("from a producer");
  });

  it("has the same shape for a plan, which does nothing", async () => {
    await using space = await openSpend();
    const planned = await space.strata("build", "spend.ts", "--plan", "--json");
    const same = await space.strata("plan", "spend.ts", "--json");
    const built = await space.strata("build", "spend.ts", "--json");

    expect(planned.code).toBe(3);
    expect(same.json).toEqual(planned.json);
    expect(planned.json).toMatchObject({
      graph: "spend",
      outcome: "planned",
      built: 3,
      reused: 0,
      pending: 1,
      skipped: 0,
      failed: 0,
      changes: true,
    });
    expect(planned.json.snapshot).toBe(built.json.snapshot);
    expect(built.json.built).toBe(4);
    for (const name of Object.keys(planned.json)) expect(Object.keys(built.json)).toContain(name);
  });
});

describe("a plan", () => {
  it("ends with 3 if a build would change something, and with 0 if not", async () => {
    await using space = await openSpend();

    const first = await space.strata("plan", "spend.ts");
    expect(first.code).toBe(3);
    expect(first.stdout).toMatch(/^next: strata build spend\.ts$/m);
    await space.strata("build", "spend.ts");
    const { code, stdout } = await space.strata("plan");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^nothing to do: 4 partitions up to date/);

    space.write({ "data/2026-01-04.json": day(1) });
    const again = await space.strata("plan");
    expect(again.code).toBe(3);
    expect(again.stdout.split("\n").slice(0, 3)).toEqual([
      "  days[date=2026-01-04]  missing  never built",
      "  total                  pending  waits for days[date=2026-01-04]",
      "1 missing, 1 pending (they run only if what is above them changes), 3 up to date",
    ]);
  });
});

describe("a part of the graph", () => {
  it("is built when it is selected, with what it needs", async () => {
    await using space = await openSpend();

    const one = await space.strata("build", "spend.ts", "days[2026-01-02]", "--json");
    expect(one.json.steps).toMatchObject([{ key: "days", partition: "date=2026-01-02", state: "built" }]);

    const all = await space.strata("build", "total", "--json");
    expect(all.json).toMatchObject({ built: 3, reused: 1 });
  });

  it("that does not exist is an error with the nearest name", async () => {
    await using space = await openSpend();

    const { code, stderr } = await space.strata("build", "spend.ts", "totl");

    expect(code).toBe(1);
    expect(stderr).toContain("SELECTOR_UNKNOWN");
    expect(stderr).toContain("total");
    expect(stderr).not.toContain("    at ");
  });

  it("is run whatever is remembered when forced", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");

    const { json } = await space.strata("build", "--json", "--force", "days[2026-01-01]");

    expect(json).toMatchObject({ built: 1, reused: 3 });
    expect(json.steps[0]).toMatchObject({ state: "built", reason: "forced" });
  });
});

describe("a failing producer", () => {
  const failing = {
    build:
      'if (transactions.length === 1) {\n      throw new RangeError("amount is not a number");\n    }\n    return 1;',
  };

  it("fails its partition with the user's words and place, skips what needs it, and lets the rest finish", async () => {
    await using space = await openSpend(failing);

    const { code, stdout, stderr } = await space.strata("build", "spend.ts");

    expect(code).toBe(1);
    expect(stderr).toBe("");
    const lines = stdout.split("\n");
    expect(lines).toContain("  days[date=2026-01-02]  failed  the producer failed: amount is not a number");
    expect(stdout).toMatch(/ {4}at {8}spend\.ts:16:13 in build\n/);
    expect(lines).toContain("  total  skipped  days[date=2026-01-02] failed");
    expect(stdout).toContain("2 built, 0 reused, 1 failed, 1 skipped in");
    expect(stdout).toContain("next: mend it, then the same command again: what is built is kept");
    expect(stdout).not.toContain("node:internal");
    expect(stdout).not.toContain("dist/");
  });

  it("is told with code and place in JSON", async () => {
    await using space = await openSpend(failing);

    const { code, json } = await space.strata("build", "spend.ts", "--json");

    expect(code).toBe(1);
    expect(json).toMatchObject({ outcome: "failed", built: 2, failed: 1, skipped: 1 });
    const failed = json.steps.find((step: { state: string }) => step.state === "failed");
    expect(failed.error).toMatchObject({ code: "STEP_FAILED", at: ["spend.ts:16:13"] });
    expect(failed.error.message).toContain("amount is not a number");
  });

  it("is cut to a screen where its message is a document, with a word on where all of it is", async () => {
    await using space = await openSpend({ build: 'throw new Error("ä".repeat(60_000));' });

    const { stdout } = await space.strata("build", "spend.ts", "days[2026-01-01]");
    const connection = await sqlite(space.path(".strata", "strata.db")).connect({ readOnly: true });
    const { items } = await connection.listRuns({ kind: "step", state: "failed" });
    await connection.close();
    const shown = await space.strata("show", items[0]!.id);
    const { json } = await space.strata("show", items[0]!.id, "--json");

    for (const printed of [stdout, shown.stdout]) {
      expect(printed.length).toBeLessThan(4_000);
      expect(printed).toMatch(/ä{1900}.*… and 58,\d\d\d more characters: --json has the whole text/s);
    }
    expect(json.run.error.message).toContain("ä".repeat(60_000));
  });

  it("is taken up by the same command after it was mended", async () => {
    await using space = await openSpend(failing);
    await space.strata("build", "spend.ts");
    space.write({ "spend.ts": spendFile({ build: "return 1;" }) });

    const { code, json } = await space.strata("build", "--json");

    expect(code).toBe(0);
    expect(json).toMatchObject({ built: 2, reused: 2 });
  });

  it("stops what has not begun with --no-keep-going", async () => {
    await using space = await openSpend({ build: 'throw new Error("no");' });

    const { code, json } = await space.strata("build", "spend.ts", "--no-keep-going", "--concurrency", "1", "--json");

    expect(code).toBe(1);
    expect(json).toMatchObject({ failed: 1, skipped: 3 });
  });

  it.each([
    ["calls process.exit", "process.exit(0);", "STEP_EXITED"],
    ["never answers", "await new Promise(() => undefined);", "STEP_UNSETTLED"],
    ["returns the wrong shape", 'return "much";', "DATA_INVALID"],
    ["returns nothing", "return undefined;", "DATA_INVALID"],
    ["throws a string", 'throw "bad day";', "STEP_FAILED"],
  ])("that %s still gets a summary, and exit code 1", async (_what, build, errorCode) => {
    await using space = await openSpend({ build: `${build} // @ts-ignore` });

    const { code, stdout } = await space.strata("build", "spend.ts");
    const { json } = await space.strata("build", "spend.ts", "--json");

    expect(code).toBe(1);
    expect(stdout).toContain("0 built, 0 reused, 3 failed, 1 skipped in");
    expect(json.steps[0].error.code).toBe(errorCode);
  });

  it("that leaves an error behind which nobody awaits is named with its place", async () => {
    await using space = await openSpend({
      build:
        'setTimeout(() => { throw new Error("left behind"); }, 1); await new Promise((done) => setTimeout(done, 300)); return 1;',
    });

    const { code, stderr } = await space.strata("build", "spend.ts");

    expect(code).toBe(1);
    expect(stderr).toContain("error: left behind");
    expect(stderr).toMatch(/at {8}spend\.ts:15:\d+/);
    expect(stderr).not.toContain("mistake in stratigraph");
  });
});

describe("sources", () => {
  it("that match no partition are a warning, never fatal", async () => {
    await using space = await openSpend();
    space.write({ "data/notes.json": "{}", "data/2026-02-30.json": "[]" });

    const { code, stdout } = await space.strata("build", "spend.ts");
    const { json } = await space.strata("build", "--json");

    expect(code).toBe(0);
    expect(stdout).toMatch(
      /warning: vendor\.transactions: 2 files match no partition: data\/2026-02-30\.json \(.*\), data\/notes\.json \(.*\)/,
    );
    expect(json.strays).toMatchObject([{ key: "vendor.transactions", count: 2 }]);
  });

  it("that are missing are one error that names the artifact and the template", async () => {
    await using space = await openSpend();
    space.remove("data");

    const { code, stderr } = await space.strata("build", "spend.ts");

    expect(code).toBe(1);
    expect(stderr).toContain("SOURCE_MISSING");
    expect(stderr).toContain("vendor.transactions");
    expect(stderr).toContain("data/{date}.json");
  });

  it("that cannot be parsed are told by file and place", async () => {
    await using space = await openSpend();
    space.write({ "data/2026-01-02.json": '[\n  {"id": 1, "amount": 4.75},\n  {"id": 2, "amount": }\n]' });

    const { code, stdout } = await space.strata("build", "spend.ts");

    expect(code).toBe(1);
    expect(stdout).toContain("data/2026-01-02.json");
    expect(stdout).toMatch(/line 3/);
  });

  it("whose rows do not fit the schema are told by row and field", async () => {
    await using space = await openSpend();
    space.write({ "data/2026-01-02.json": '[{"id": 1, "amount": "much"}]' });

    const { stdout } = await space.strata("build", "spend.ts");

    expect(stdout).toContain("data/2026-01-02.json");
    expect(stdout).toContain("amount");
  });
});

describe("called wrongly", () => {
  it.each([
    [["build", "--forse"], "unknown option '--forse'", "--force"],
    [["bulid"], "there is no command 'bulid'", "strata build"],
    [["build", "spend.ts", "--move"], "--move needs --tag", ""],
    [["build", "spend.ts", "--verify", "--trust"], "exclude each other", ""],
    [["build", "--concurrency", "0"], "--concurrency cannot be that", "at least 1"],
    [["why"], "missing required argument", "strata why --help"],
    [["--color", "ls"], "no option '--color' before the command", "strata --help"],
  ])("%j ends with 2 and says what is wrong", async (args, message, hint) => {
    await using space = await openSpend();

    const { code, stdout, stderr } = await space.run(args);
    const asJson = await space.run([...args, "--json"]);

    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
    expect(stderr).not.toContain("    at ");
    expect(asJson.code).toBe(2);
    expect(asJson.json.error.code).toBe("USAGE");
    expect(asJson.stderr).toBe("");
  });
});

describe("the file", () => {
  it("that is not there is named, with the nearest one", async () => {
    await using space = await openSpend();

    const { code, stderr } = await space.strata("build", "sped.ts");

    expect(code).toBe(1);
    expect(stderr).toContain("there is no file sped.ts (MODULE_NOT_LOADED)");
    expect(stderr).toContain("Did you mean spend.ts?");
    expect(space.has(".strata")).toBe(false);
  });

  it.each([
    ["a path", `${"a".repeat(200)}/`.repeat(22), /^error: the path of this file is longer .*\(LOCATION_TOO_LONG\)$/],
    ["a name", "b".repeat(300), /^error: the name of this file is longer .*\(LOCATION_TOO_LONG\)$/],
  ])("with %s that no file system takes is told so, with its length", async (_what, start, sentence) => {
    await using space = await openSpace();

    const { code, stderr } = await space.strata("plan", `${start}x.ts`);

    const [first = "", ...lines] = stderr.split("\n");
    expect(code).toBe(1);
    expect(first).toMatch(sentence);
    const length = start.length > 300 ? space.folder.length + start.length + 5 : start.length + 4;
    expect(lines.join("\n")).toMatch(new RegExp(`received +${length} bytes`));
    expect(stderr.length).toBeLessThan(500);
  });

  it("is needed, where there is none to be found", async () => {
    await using space = await openSpace();

    const { code, stderr } = await space.strata("build");

    expect(code).toBe(2);
    expect(stderr).toContain("there is no graph file here");
    expect(stderr).toContain("strata init");
  });

  it.each([
    ["does not parse", "export const a: number = ;", /spend\.ts:1:26/],
    ["throws", "const x: string[] = [];\nexport const y = x[3]!.length;", /spend\.ts:2:24/],
    ["throws on its first line", 'const text: string = "no";   throw new Error(text);', /spend\.ts:1:36/],
    ["names what is not there", "const n = 1;\nexport default { n, graph: missing };", /spend\.ts:2:28/],
    [
      "imports a package that is not there",
      'import nothing from "no-such-package";\nexport { nothing };',
      /package 'no-such-package' is not installed/,
    ],
    ["imports a file that is not there", 'import { x } from "./nothing.ts";\nexport { x };', /nothing\.ts/],
    ["exports no graph", "export const graph = 1;", /exports no graph/],
    ["ends the process", "process.exit(0);", /calls process\.exit while it is loaded/],
    ["waits for ever", "await new Promise(() => undefined);\nexport {};", /never finishes/],
    [
      "declares a graph wrongly",
      'import { graph } from "stratigraph";\nexport const g = graph("g", () => 1 as never);',
      /graph 'g'/,
    ],
  ])("that %s is one message with the user's place, and no stack", async (_what, text, message) => {
    await using space = await openSpend();
    space.write({ "spend.ts": text });

    const { code, stdout, stderr } = await space.strata("build", "spend.ts");
    const asJson = await space.strata("build", "spend.ts", "--json");

    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^error: /);
    expect(stderr).not.toMatch(/node:internal|jiti|dist\//);
    expect(asJson.code).toBe(1);
    expect(asJson.json.error.message).toMatch(message);
  });

  it("is loaded with the path aliases of its tsconfig.json, and without them where that cannot be read", async () => {
    await using space = await openSpend({
      extra: 'import { one } from "@lib/one";\nif (one !== 1) throw new Error("not one");',
    });
    space.write({
      "tsconfig.json": '{ "compilerOptions": { "paths": { "@lib/*": ["./lib/*"] } } }',
      "lib/one.ts": "export const one: number = 1;",
    });

    const aliased = await space.strata("plan", "spend.ts");
    space.write({ "spend.ts": spendFile(), "tsconfig.json": '{ "extends": "./nothing.json", "compilerOptions": {' });
    const broken = await space.strata("plan", "spend.ts");

    expect(aliased).toMatchObject({ code: 3, stderr: "" });
    expect(broken).toMatchObject({ code: 3, stderr: "" });
  });

  it("may declare several graphs, one of which must then be named", async () => {
    await using space = await openSpend();
    space.write({
      "spend.ts": `${spendFile()}\nexport const other = graph("other", () => ({ transactions: Transactions.from(local("data/{date}.json")) }));\n`,
    });

    const unnamed = await space.strata("build", "spend.ts");
    const wrong = await space.strata("build", "spend.ts", "--graph", "spand");
    const named = await space.strata("build", "spend.ts", "--graph", "spend", "--json");

    expect(unnamed.code).toBe(2);
    expect(unnamed.stderr).toContain("--graph with one of 'other', 'spend'");
    expect(wrong.stderr).toContain("Did you mean 'spend'?");
    expect(named.json.graph).toBe("spend");
  });

  it("may be in another folder: that folder is the project", async () => {
    await using space = await openSpend();
    space.write({ "elsewhere/note.txt": "" });

    const { code } = await space.run(["build", "../spend.ts"], { cwd: "elsewhere" });
    const again = await space.run(["build", "-f", "../spend.ts", "total", "--json"], { cwd: "elsewhere" });

    expect(code).toBe(0);
    expect(space.has(".strata/strata.db")).toBe(true);
    expect(space.has("elsewhere/.strata")).toBe(false);
    expect(again.json).toMatchObject({ built: 0, reused: 4 });
  });

  it("may be plain JavaScript, or a folder with a main.ts", async () => {
    await using space = await openSpend();
    space.write({
      "plain/main.mjs":
        'import { z } from "zod"; import { artifact, graph, literal } from "stratigraph";\nexport const g = graph("plain", () => ({ a: artifact({ schema: z.number() }).from(literal(1)) }));\n',
      "here/main.ts": spendFile().replaceAll("data/{date}.json", "../data/{date}.json"),
    });

    expect((await space.strata("build", "plain/main.mjs")).code).toBe(0);
    expect((await space.strata("build", "./here", "--json")).json.built).toBe(4);
  });
});

describe("one copy of the framework", () => {
  it("is what the user's file, its configuration and the program share", async () => {
    await using space = await openSpend({
      extra:
        'import { counters } from "stratigraph";\nimport { sqlite } from "stratigraph/sqlite";\nprocess.on("exit", () => process.stderr.write(`steps ${counters.steps} ${typeof sqlite}\\n`));',
    });

    const { stderr } = await space.strata("build", "spend.ts");

    // A second copy would have counters of its own, at zero.
    expect(stderr).toBe("steps 4 function\n");
  });

  it("also where the project has no packages installed", async () => {
    await using space = await openSpace({ installed: false });
    space.write({ "graph.ts": spendFile(), "data/2026-01-01.json": day(1) });

    const { code, stderr } = await space.strata("build");

    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  it("also in a folder whose name means something in a URL", async () => {
    await using space = await openSpace({ installed: false });
    const odd = "100% #1? x";
    space.write({ [`${odd}/graph.ts`]: spendFile(), [`${odd}/data/2026-01-01.json`]: day(1) });

    const { code, stderr } = await space.run(["build"], { cwd: odd });

    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  it("also when it is called through a link, as npm's commands are", async () => {
    await using space = await openSpend();
    symlinkSync(space.path("node_modules", "stratigraph", "dist", "cli", "main.js"), space.path("strata"));

    const { stdout } = spawnSync(process.execPath, [space.path("strata"), "build", "spend.ts", "--json"], {
      encoding: "utf8",
      cwd: space.folder,
    });

    expect(JSON.parse(stdout)).toMatchObject({ built: 4 });
  });
});
