// The program as a process: signals, pipes, terminals, configuration, what cannot be written or loaded.

import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openSpace, whyUnbound } from "../../support/space.ts";
import { day, openSpend, spendFile } from "./spend.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const program = join(root, "dist", "cli", "main.js");
const slow = { build: 'context.log("begun"); await new Promise((done) => setTimeout(done, 1500)); return 1;' };
const noTerminal = spawnSync("script", ["--version"]).error !== undefined;

describe("Ctrl-C", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("(%s) stops cleanly, says what is left, and the same command goes on", async (signal, code) => {
    await using space = await openSpend(slow);
    let sent = false;

    const stopped = await space.run(["build", "spend.ts", "--concurrency", "1"], {
      onOutput(text, child) {
        if (sent || !text.includes("begun")) return;
        sent = true;
        child.kill(signal);
      },
    });
    space.write({ "spend.ts": spendFile({ build: "return 1;" }) });
    const again = await space.strata("build", "--json");

    expect(stopped.code).toBe(code);
    expect(stopped.stderr).toContain("stopping; what is finished is kept");
    expect(stopped.stdout).toMatch(/next: the same command again: [34] partitions are left, what is finished is kept/);
    expect(stopped.stdout + stopped.stderr).not.toContain("    at ");
    expect(again.code).toBe(0);
    expect(again.json.outcome).toBe("succeeded");
  });

  it("twice ends it at once", async () => {
    await using space = await openSpend({
      build: 'context.log("begun"); for (;;) await new Promise((done) => setTimeout(done, 50));',
    });
    let sent = 0;

    const { code } = await space.run(["build", "spend.ts"], {
      onOutput(text, child) {
        if (sent === 0 && text.includes("begun")) {
          sent = 1;
          child.kill("SIGINT");
          setTimeout(() => child.kill("SIGINT"), 20);
        }
      },
    });

    expect(code).toBe(130);
  });

  it("with --json leaves one document that says so", async () => {
    await using space = await openSpend({
      build: 'console.error("begun"); await new Promise((done) => setTimeout(done, 1500)); return 1;',
    });
    let sent = false;

    const { code, json } = await space.run(["build", "spend.ts", "--json", "--concurrency", "1"], {
      onOutput(text, child) {
        if (!sent && text.includes("begun")) sent = child.kill("SIGINT");
      },
    });

    expect(code).toBe(130);
    expect(json).toMatchObject({ outcome: "cancelled", built: 0 });
    expect(json.skipped).toBeGreaterThanOrEqual(3);
  });
});

describe("two builds at once", () => {
  it("do every partition once between them, and both succeed", async () => {
    await using space = await openSpend({ build: "await new Promise((done) => setTimeout(done, 300)); return 1;" });

    const both = await Promise.all([
      space.strata("build", "spend.ts", "--json"),
      space.strata("build", "spend.ts", "--json"),
    ]);

    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both[0].json.built + both[1].json.built).toBe(4);
    expect(both[0].json.reused + both[1].json.reused).toBe(4);
    expect((await space.strata("verify")).code).toBe(0);
  });
});

describe("a pipe", () => {
  it("whose reader has seen enough is no error, and the build goes on", async () => {
    await using space = await openSpend({
      build: 'for (let n = 0; n < 2000; n++) context.log("x".repeat(100)); return 1;',
    });

    const { stdout, stderr } = spawnSync(
      "bash",
      ["-c", `'${process.execPath}' '${program}' build spend.ts | head -n 1; echo "\${PIPESTATUS[0]}"`],
      {
        cwd: space.folder,
        encoding: "utf8",
      },
    );
    const after = await space.strata("plan");

    expect(stderr).toBe("");
    expect(stdout.trim().split("\n").at(-1)).toBe("0");
    expect(after.code).toBe(0);
  });
});

describe.skipIf(noTerminal)("on a terminal (not run without the command `script`)", () => {
  it("the tree is drawn, then taken away, and the cursor given back", async () => {
    await using space = await openSpend({ build: "await new Promise((done) => setTimeout(done, 400)); return 1;" });

    const shown = space.terminal(["build", "spend.ts"], { env: { NO_COLOR: "1" } })!;

    expect(shown.code).toBe(0);
    expect(shown.output).toMatch(/ {2}days {3}[━─]{16} {2}\d\/3 {2}date=2026-01-0\d/);
    expect(shown.output).toMatch(/ {2}\d of 4 · \d+\.\d\d s/);
    expect(shown.output.match(/\u001b\[\?25l/g)?.length).toBe(shown.output.match(/\u001b\[\?25h/g)?.length);
    // After everything that was drawn has been erased, the summary stands alone.
    const last = shown.output.slice(shown.output.lastIndexOf("\u001b[?25h") + "\u001b[?25h".length);
    expect(last).toMatch(/^ {2}days\[date=2026-01-01\] {2}built {2}for the first time\n/);
  });

  it("what a producer is called and says cannot command it", async () => {
    const evil = "\\u001b]0;owned\\u0007\\u001b[2J\\r\\u202e";
    await using space = await openSpend({ build: `context.log("${evil}"); throw new Error("${evil}");` });

    const shown = space.terminal(["build", "spend.ts"], { env: { NO_COLOR: "1" } })!;

    expect(shown.output).toContain("\\x1b]0;owned\\x07\\x1b[2J\\r\\u202e");
    expect(shown.output).not.toContain("\u0007");
    expect(shown.output).not.toContain("\u001b[2J");
    expect(shown.output).not.toContain("\u202e");
  });

  it("colours are there, and not with NO_COLOR", async () => {
    await using space = await openSpend();

    expect(space.terminal(["build", "spend.ts"])!.output).toContain("\u001b[32mbuilt\u001b[39m");
    expect(space.terminal(["build"], { env: { NO_COLOR: "1" } })!.output).not.toContain("\u001b[3");
  });
});

describe("colours", () => {
  it("are not sent into a pipe, unless forced", async () => {
    await using space = await openSpend();

    const plain = await space.strata("build", "spend.ts");
    const forced = await space.run(["build"], { env: { FORCE_COLOR: "1", NO_COLOR: "" } });

    expect(plain.stdout).not.toContain("\u001b");
    expect(forced.stdout).toContain("\u001b[32mnothing to do\u001b[39m");
  });
});

describe("strata.config.ts", () => {
  it("says which file, where the root is, and which backend; the state folder lies in the root", async () => {
    await using space = await openSpend();
    space.write({
      "strata.config.ts":
        'import { sqlite } from "stratigraph/sqlite";\nexport default { graph: "graphs/spend.ts", backend: sqlite("kept/here.db"), concurrency: 2 };\n',
      "graphs/spend.ts": spendFile(),
    });
    space.remove("spend.ts");

    const { code, json } = await space.strata("build", "--json");

    expect(code).toBe(0);
    expect(json.built).toBe(4);
    expect(space.has("kept/here.db")).toBe(true);
    expect(space.has("graphs/.strata")).toBe(false);
  });

  it("is not looked for in folders above", async () => {
    await using space = await openSpend();
    space.write({
      "strata.config.ts": 'throw new Error("must not run");\n',
      "inner/spend.ts": spendFile(),
      "inner/data/2026-01-01.json": day(1),
    });

    const { code, stderr } = await space.run(["build", "spend.ts"], { cwd: "inner" });

    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  it("with a setting that does not exist is refused, with the nearest one", async () => {
    await using space = await openSpend();
    space.write({ "strata.config.ts": "export default { concurency: 2 };\n" });

    const { code, stderr } = await space.strata("build", "spend.ts");

    expect(code).toBe(1);
    expect(stderr).toContain("there is no setting 'concurency' (CONFIG_INVALID)");
    expect(stderr).toContain("Did you mean 'concurrency'?");
  });

  it("that everybody may write is a warning", async () => {
    await using space = await openSpend();
    space.write({ "strata.config.ts": "export default {};\n" });
    chmodSync(space.path("strata.config.ts"), 0o666);

    const { code, stderr } = await space.strata("build", "spend.ts");

    expect(code).toBe(0);
    expect(stderr).toContain("strata.config.ts can be written by everybody on this machine");
  });

  it("shares the program's copy of the framework: its memory backend is the build's", async () => {
    await using space = await openSpend();
    space.write({
      "strata.config.ts":
        'import { memory } from "stratigraph";\nconst backend = memory();\nprocess.on("exit", () => void backend.connect().then(async (c) => process.stderr.write(JSON.stringify(await c.listGraphs()) + "\\n")));\nexport default { backend };\n',
    });

    const { code, json } = await space.strata("build", "spend.ts", "--json");

    expect(code).toBe(0);
    expect(json.built).toBe(4);
    expect(space.has(".strata/strata.db")).toBe(false);
  });

  it("gives way to the environment", async () => {
    await using space = await openSpend();
    space.write({ "strata.config.ts": 'export default { graph: "nothing.ts" };\n' });

    expect(
      (await space.run(["build", "--json"], { env: { STRATA_GRAPH: "spend.ts", STRATA_CONCURRENCY: "1" } })).json.built,
    ).toBe(4);
    expect((await space.run(["build"], { env: { STRATA_CONCURRENCY: "many" } })).stderr).toContain(
      "STRATA_CONCURRENCY",
    );
  });
});

describe("a folder that cannot be written", () => {
  it("is one sentence to a build", async ({ skip }) => {
    skip(whyUnbound() !== undefined, whyUnbound());
    await using space = await openSpend();
    chmodSync(space.folder, 0o555);

    const { code, stderr } = await space.run(["build", "spend.ts"], { bound: true });
    chmodSync(space.folder, 0o755);

    expect(code).toBe(1);
    expect(stderr).toContain("STORAGE_READ_ONLY");
    expect(stderr).not.toContain("    at ");
  });

  it("is no matter to plan and why, which find nothing remembered", async ({ skip }) => {
    skip(whyUnbound() !== undefined, whyUnbound());
    await using space = await openSpend();
    chmodSync(space.folder, 0o555);

    const plan = await space.run(["plan", "spend.ts"], { bound: true });
    const why = await space.run(["why", "days[2026-01-02]", "-f", "spend.ts"], { bound: true });
    chmodSync(space.folder, 0o755);

    expect(plan).toMatchObject({ code: 3, stderr: "" });
    expect(plan.stdout).toContain("days[date=2026-01-02]  missing  never built");
    expect(why).toMatchObject({ code: 0, stderr: "" });
    expect(why.stdout).toContain("days[date=2026-01-02] is missing: never built");
    expect(space.has(".strata")).toBe(false);
  });
});

describe("a source that cannot be read", () => {
  it("stops a build before it begins: what is there is named, and what to do", async ({ skip }) => {
    skip(whyUnbound() !== undefined, whyUnbound());
    await using space = await openSpend();
    chmodSync(space.folder, 0o777);
    chmodSync(space.path("data", "2026-01-02.json"), 0);
    chmodSync(space.path("data", "2026-01-03.json"), 0);

    const { code, stdout, stderr } = await space.run(["build", "spend.ts"], { bound: true });
    const plan = await space.run(["plan", "spend.ts", "--json"], { bound: true });

    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr.split("\n").map((line) => line.replace(/ +/g, " ").trim())).toEqual([
      "error: 2 files or folders of the sources cannot be read, so nothing was built (STORAGE_FAILED)",
      "where source 'vendor.transactions'",
      "received data/2026-01-02.json (permission denied), data/2026-01-03.json (permission denied)",
      expect.stringMatching(/^try Make it readable/),
      "",
    ]);
    expect(plan.json.error).toMatchObject({ code: "STORAGE_FAILED", data: { unreadable: { count: 2 } } });
  });
});

describe("an installed package", () => {
  it("that was packed works like this one, also for the user's TypeScript", async () => {
    await using space = await openSpace({ installed: false });
    const modules = space.path("node_modules");
    mkdirSync(modules);
    // What the tarball holds, and its dependencies beside it.
    const { stdout } = spawnSync("npm", ["pack", "--json", "--pack-destination", space.folder], {
      cwd: root,
      encoding: "utf8",
    });
    const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
    spawnSync("tar", ["-xzf", space.path(filename), "-C", modules]);
    cpSync(join(modules, "package"), join(modules, "stratigraph"), { recursive: true });
    rmSync(join(modules, "package"), { recursive: true });
    for (const name of readdirSync(join(root, "node_modules"))) {
      if (!name.startsWith(".") && name !== "stratigraph")
        symlinkSync(join(root, "node_modules", name), join(modules, name));
    }
    space.write({
      "graph.ts": spendFile({
        extra:
          'import { counters } from "stratigraph";\nprocess.on("exit", () => process.stderr.write(`steps ${counters.steps}\\n`));',
      }),
      "data/2026-01-01.json": day(1),
    });

    const installed = join(modules, "stratigraph", "dist", "cli", "main.js");
    const run = spawnSync(process.execPath, [installed, "build", "--json"], { cwd: space.folder, encoding: "utf8" });

    expect(run.stderr).toBe("steps 2\n");
    expect(JSON.parse(run.stdout)).toMatchObject({ built: 2 });
    expect(files.filter(({ path }) => /^(src|test|examples|benchmarks)\//.test(path))).toEqual([]);
  });

  it("without the SQLite driver says what to install, and works with a memory backend", async () => {
    await using space = await openSpace({ installed: false });
    const modules = space.path("node_modules");
    mkdirSync(join(modules, "stratigraph"), { recursive: true });
    cpSync(join(root, "dist"), join(modules, "stratigraph", "dist"), { recursive: true });
    cpSync(join(root, "package.json"), join(modules, "stratigraph", "package.json"));
    for (const name of readdirSync(join(root, "node_modules"))) {
      if (!name.startsWith(".") && !/^(stratigraph|better-sqlite3)$/.test(name))
        symlinkSync(join(root, "node_modules", name), join(modules, name));
    }
    space.write({ "graph.ts": spendFile(), "data/2026-01-01.json": day(1) });
    const strata = (...args: string[]) =>
      spawnSync(process.execPath, [join(modules, "stratigraph", "dist", "cli", "main.js"), ...args], {
        cwd: space.folder,
        encoding: "utf8",
      });

    const without = strata("build");
    const help = strata("--help");
    space.write({
      "strata.config.ts": 'import { memory } from "stratigraph";\nexport default { backend: memory() };\n',
    });
    const withMemory = strata("build", "--json");

    expect(without.status).toBe(1);
    expect(without.stderr).toContain("BACKEND_MISSING_DRIVER");
    expect(without.stderr).toContain("npm install better-sqlite3");
    expect(without.stderr).not.toContain("    at ");
    expect(help.status).toBe(0);
    expect(JSON.parse(withMemory.stdout)).toMatchObject({ built: 2 });
  });
});

describe("a Node that is too old", () => {
  it("is told in one sentence", () => {
    const older = 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"18.2.0"})';

    const { stdout, stderr, status } = spawnSync(process.execPath, ["--import", older, program, "build"], {
      encoding: "utf8",
    });

    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^strata needs Node 20\.19 or newer; this is Node 18\.2\.0 at .*\.\n$/);
  });
});

describe("help and version", () => {
  it("come without loading anything: no command, no engine, no package", async () => {
    await using space = await openSpace({ installed: false });
    for (const file of ["cli/main.js", "cli/help.js", "cli/catalog.js"])
      cpSync(join(root, "dist", file), space.path("dist", file));
    cpSync(join(root, "package.json"), space.path("package.json"));

    for (const args of [["--version"], ["-V"], ["--help"], ["-h"], ["help"]]) {
      const { stdout, stderr, status } = spawnSync(process.execPath, [space.path("dist/cli/main.js"), ...args], {
        encoding: "utf8",
      });
      expect(stderr).toBe("");
      expect(status).toBe(0);
      expect(stdout).toMatch(/^(\d+\.\d+\.\d+\n$|strata: )/);
    }
  });

  it("is a document where one is asked for", async () => {
    await using space = await openSpace({ installed: false });

    const { json } = await space.strata("--version", "--json");
    const before = await space.strata("--json", "-V");

    expect(json).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    expect(before.json).toEqual(json);
  });

  it("stand for every command, and for a command without arguments", async () => {
    await using space = await openSpace();

    const none = await space.strata();
    const help = await space.strata("--help");
    const word = await space.strata("help", "build");
    const flag = await space.strata("build", "--help");
    const json = await space.strata("build", "--help", "--json");

    expect(none.code).toBe(2);
    expect(none.stdout).toBe(help.stdout);
    expect(help.code).toBe(0);
    expect(word.stdout).toBe(flag.stdout);
    expect(json.json.help).toBe(flag.stdout);
  });
});
