// Keeping what was built: tag, verify, gc, doctor, init.

import { chmodSync, existsSync, statSync, utimesSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openSpace, whyUnbound } from "../../support/space.ts";
import { day, openSpend, spendFile } from "./spend.ts";

/** As a build names its files. */
const ORPHAN = `${"0".repeat(32)}-${"0".repeat(26)}.json`;

describe("tag", () => {
  it("names the latest snapshot, or the one that is said", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    const { snapshot } = (await space.strata("tag", "prod", "--json")).json;
    space.write({ "data/2026-01-04.json": day(2) });
    await space.strata("build");

    const list = await space.strata("tag", "--json");
    const other = await space.strata("tag", "old", snapshot.slice(0, 8), "--why", "for the record", "--json");

    expect(list.json.tags).toMatchObject([{ tag: "prod", snapshot, why: null }]);
    expect(other.json).toEqual({ graph: "spend", tag: "old", snapshot, previous: null, change: "created" });
  });

  it("does not move unless told, and then remembers from where, who and why", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    const { snapshot: first } = (await space.strata("tag", "prod", "--json")).json;
    space.write({ "data/2026-01-04.json": day(2) });
    await space.strata("build");

    const refused = await space.strata("tag", "prod");
    const refusedJson = await space.strata("build", "--tag", "prod", "--json");
    const moved = await space.strata("tag", "prod", "--move", "--why", "checked by Ana");
    const again = await space.strata("tag", "move", "prod");
    const { json } = await space.strata("tag", "history", "prod", "--json");

    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("TAG_EXISTS");
    expect(refused.stderr).toContain("add --move");
    expect(refusedJson.code).toBe(1);
    // The build is told all the same: it was done.
    expect(refusedJson.json).toMatchObject({ outcome: "succeeded", reused: 5, error: { code: "TAG_EXISTS" } });
    expect(moved.stdout).toMatch(/^tag 'prod' now names snapshot [0-9a-f]{8}, was [0-9a-f]{8}\n$/);
    expect(again.stdout).toMatch(/^tag 'prod' already names snapshot/);
    expect(json.history).toMatchObject([
      { previous: first, why: "checked by Ana" },
      { snapshot: first, previous: null },
    ]);
  });

  it("cannot be 'latest', which always means the newest snapshot", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");

    const tagged = await space.strata("tag", "latest");
    const built = await space.strata("build", "--force", "--tag", "latest", "--json");

    expect(tagged.code).toBe(1);
    expect(tagged.stderr).toContain("'latest' cannot be a tag");
    // Refused before the work, not after it.
    expect(built.json).toMatchObject({ error: { code: "TEXT_INVALID" } });
    expect((await space.strata("tag", "--json")).json.tags).toEqual([]);
  });

  it("is deleted with its history kept", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts", "--tag", "prod");

    const deleted = await space.strata("tag", "delete", "prod", "--json");
    const gone = await space.strata("tag", "delete", "prod");
    const { json } = await space.strata("tag", "history", "prod", "--json");

    expect(deleted.json).toMatchObject({ tag: "prod", deleted: true });
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain("graph 'spend' has no tag 'prod' (TAG_UNKNOWN)");
    expect(json.history).toMatchObject([{ snapshot: null }, { previous: null }]);
  });

  it("that is unknown is answered with the nearest one, and a slip in a subcommand is not taken for a name", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts", "--tag", "production");

    const unknown = await space.strata("tag", "history", "prodution");
    const slip = await space.strata("tag", "histroy");

    expect(unknown.stderr).toContain("Did you mean 'production'?");
    expect(slip.code).toBe(2);
    expect(slip.stderr).toContain("Did you mean: strata tag history?");
    expect((await space.strata("tag", "list", "--json")).json.tags).toHaveLength(1);
  });

  it("is refused for a snapshot whose build failed", async () => {
    await using space = await openSpend({ build: 'throw new Error("no");' });
    await space.strata("build", "spend.ts");

    const { code, stderr } = await space.strata("tag", "prod");

    expect(code).toBe(1);
    expect(stderr).toContain("SNAPSHOT_INCOMPLETE");
  });
});

describe("verify", () => {
  it("reads everything, and ends with 0 where all is well", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");

    const { code, json } = await space.strata("verify", "--json");

    expect(code).toBe(0);
    expect(json).toMatchObject({ checked: 4, missing: 0, damaged: 0, unreadable: 0, repaired: 0, findings: [] });
  });

  it("ends with 4 for missing, 8 for damaged, 12 for both, and names them", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts", "--tag", "prod");
    const [first, second] = space.list(".strata/data/days") as [string, string];
    const [total] = space.list(".strata/data/total") as [string];

    space.remove(`.strata/data/days/${first}`);
    const missing = await space.strata("verify");
    chmodSync(space.path(".strata/data/total", total), 0o600);
    space.write({ [`.strata/data/total/${total}`]: '{"total":58,"days":4}' });
    const both = await space.strata("verify", "prod", "--json");

    expect(missing.code).toBe(4);
    expect(missing.stdout).toMatch(/days\[date=2026-01-01\] {2}missing {2}in snapshot [0-9a-f]{8}/);
    expect(missing.stdout).toContain("1 problem: 4 partitions");
    expect(both.code).toBe(12);
    expect(both.json).toMatchObject({ missing: 1, damaged: 1 });
    expect(
      both.json.findings.map((finding: { key: string; problem: string }) => `${finding.key} ${finding.problem}`).sort(),
    ).toEqual(["days missing", "total damaged"]);
    expect(second).not.toBe(first);
  });

  it("repairs by building again what is missing or damaged, and nothing else", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    const [first] = space.list(".strata/data/days") as [string];
    space.remove(`.strata/data/days/${first}`);

    const { code, json } = await space.strata("verify", "--repair", "--json");
    const after = await space.strata("verify", "--json");
    const build = await space.strata("build", "--json");

    expect(code).toBe(0);
    expect(json).toMatchObject({ missing: 0, repaired: 1 });
    expect(after.code).toBe(0);
    expect(build.json).toMatchObject({ built: 0, reused: 4 });
  });
});

describe("gc", () => {
  it("only looks, and then deletes exactly what it named", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    space.write({ "data/2026-01-02.json": day(5) });
    await space.strata("build");
    const files = space.list(".strata/data");

    const looked = await space.strata("gc", "--keep", "1", "--grace", "0", "--json");
    expect(space.list(".strata/data")).toEqual(files);
    const deleted = await space.strata("gc", "--keep", "1", "--grace", "0", "--delete", "--json");
    const left = space.list(".strata/data");

    expect(looked.code).toBe(0);
    expect(looked.json).toMatchObject({ deleted: false, snapshots: [{ graph: "spend" }], files: [] });
    const built = looked.json.partitions.filter((partition: { source: boolean }) => !partition.source);
    expect(built).toMatchObject([
      { key: "days", partition: "date=2026-01-02", lastReferrer: { graph: "spend" } },
      { key: "total", partition: "" },
    ]);
    // The bound of events moves with the clock.
    const events = { ...looked.json.events, before: expect.any(String) as string };
    expect(deleted.json).toEqual({ ...looked.json, deleted: true, events });
    expect(
      files
        .filter((file) => !left.includes(file))
        .map((file) => `data/${file}`)
        .sort(),
    ).toEqual(built.map((partition: { location: string }) => partition.location).sort());
    expect((await space.strata("verify")).code).toBe(0);
    expect((await space.strata("build", "--json")).json.built).toBe(0);
  });

  it("never takes what a tag names, the latest snapshot, or a source", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts", "--tag", "prod");
    const source = space.read("data/2026-01-02.json");
    space.write({ "data/2026-01-02.json": day(5) });
    await space.strata("build");

    const { json } = await space.strata("gc", "--keep", "1", "--grace", "0", "--delete", "--json");

    expect(json).toMatchObject({ snapshots: [], partitions: [], files: [], kept: { snapshots: 2, tagged: 1 } });
    expect((await space.strata("read", "total", "--snapshot", "prod")).code).toBe(0);
    expect(space.read("data/2026-01-02.json")).not.toBe(source);
  });

  it("takes files that no record names, once they are old enough", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    space.write({ [`.strata/data/days/${ORPHAN}`]: "12" });
    const old = new Date("2020-01-01");
    utimesSync(space.path(`.strata/data/days/${ORPHAN}`), old, old);

    const young = await space.strata("gc", "--json");
    const all = await space.strata("gc", "--grace", "0", "--delete", "--json");

    // Its other stamp, that cannot be set, says it is new.
    expect(young.json.files).toEqual([]);
    expect(all.json.files).toEqual([{ path: `data/days/${ORPHAN}`, bytes: 2, kind: "orphan" }]);
    expect(space.has(`.strata/data/days/${ORPHAN}`)).toBe(false);
    expect((await space.strata("verify")).code).toBe(0);
  });

  it("takes nothing of the user's, though the state folder be the project's own with its sources in it", async () => {
    await using space = await openSpend();
    const ownPlace = spendFile().replace("schema: z.number(),", 'schema: z.number(), storage: local("data/own/{date}/{input_fingerprint}.json"),'); // prettier-ignore
    space.write({
      "spend.ts": ownPlace,
      "data/notes.txt": "mine",
      "strata.config.ts": `export default { backend: "sqlite:main.db" };`,
    });
    await space.strata("build", "spend.ts");
    const before = space.list("data");

    const { json } = await space.strata("gc", "--grace", "0", "--delete", "--json");

    expect(before).toHaveLength(3 + 1 + 3 + 1);
    expect(json).toMatchObject({ deleted: true, partitions: [], files: [] });
    expect(space.list("data")).toEqual(before);
  });

  it("deletes nothing at all where another database has its values in the same folder", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    await space.strata("backend", "copy", ".strata/other.db");
    space.write({ "data/2026-01-02.json": day(9) });
    await space.strata("build");

    const found = await space.strata("gc", "--keep", "1", "--grace", "0", "--json");
    const refused = await space.strata("gc", "--keep", "1", "--grace", "0", "--delete");

    expect(found.json.partitions).toHaveLength(3);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("FOLDER_SHARED");
    expect(refused.stderr).toContain("'other.db', last used 20");
    expect((await space.run(["verify"], { env: { STRATA_BACKEND: "sqlite:.strata/other.db" } })).code).toBe(0);
  });

  it("that runs beside builds takes nothing that they need", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    let building = true;
    const collecting = (async () => {
      const codes: (string | undefined)[] = [];
      while (building) {
        const { code, json } = await space.strata("gc", "--keep", "1", "--grace", "0", "--delete", "--json");
        codes.push(code === 0 ? undefined : (json.error.code as string));
      }
      return codes;
    })();

    const codes: (number | null)[] = [];
    for (let turn = 0; turn < 8; turn++) {
      // Going back to what was built before is when a result might be taken away under the build.
      space.write({ "data/2026-01-02.json": day(turn % 2) });
      codes.push((await space.strata("build")).code);
    }
    building = false;

    expect(codes).toEqual(new Array(8).fill(0));
    for (const code of await collecting) expect([undefined, "BACKEND_BUSY"]).toContain(code);
    expect((await space.strata("verify")).code).toBe(0);
    expect((await space.strata("doctor")).code).toBe(0);
  });

  it("refuses to delete while a build runs", async () => {
    await using space = await openSpend({
      build: 'context.log("begun"); await new Promise((done) => setTimeout(done, 3000)); return 1;',
    });
    let answered: Promise<{ readonly code: number | null; readonly stderr: string }> | undefined;

    await space.run(["build", "spend.ts"], {
      onOutput: (text) => {
        if (answered === undefined && text.includes("begun")) answered = space.strata("gc", "--delete");
      },
    });

    expect(await answered).toMatchObject({ code: 1, stderr: expect.stringContaining("a build is running") as string });
  });
});

describe("doctor", () => {
  it("finds nothing wrong in a project that is in order", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");

    const { code, json } = await space.strata("doctor", "--json");

    expect(json.checks.filter((check: { status: string }) => check.status !== "ok")).toEqual([]);
    expect(code).toBe(0);
    const names = json.checks.map((check: { name: string }) => check.name);
    for (const name of [
      "node",
      "state folder",
      "file system",
      "driver",
      "database",
      "soundness",
      "durability",
      "config",
      "graph",
      "builds",
      "clock",
    ]) {
      expect(names).toContain(name);
    }
    expect(json.checks.find((check: { name: string }) => check.name === "durability").says).toBe(
      "journal wal, synchronous full",
    );
  });

  it("changes nothing where nothing was built", async () => {
    await using space = await openSpend();

    const { code } = await space.strata("doctor", "-f", "spend.ts");

    expect(code).toBe(0);
    expect(space.has(".strata")).toBe(false);
  });

  it("names what is doubtful and what is wrong, each with what to do", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    chmodSync(space.path(".strata"), 0o755);
    space.write({ "spend.ts": "export const a = ;" });

    const { code, stdout } = await space.run(["doctor"], { env: { STRATA_CONCURENCY: "2" } });

    expect(code).toBe(1);
    expect(stdout).toMatch(/warn {2}state folder +.*can be read by other users\n +try {2}chmod 700/);
    expect(stdout).toMatch(/fail {2}graph +spend\.ts:1:18: /);
    expect(stdout).toMatch(
      /warn {2}environment +STRATA_CONCURENCY means nothing\n +try {2}Did you mean STRATA_CONCURRENCY\?/,
    );
  });

  it("says what to do about a damaged database", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");
    for (const file of space.list(".strata").filter((name) => name.startsWith("strata.db-")))
      space.remove(`.strata/${file}`);
    space.write({ ".strata/strata.db": "this is not a database, however long one looks at it".repeat(100) });

    const { code, json } = await space.strata("doctor", "--json");
    const build = await space.strata("build");

    expect(code).toBe(1);
    expect(
      json.checks
        .filter((check: { status: string }) => check.status === "fail")
        .map((check: { name: string }) => check.name),
    ).toContain("database");
    expect(build.code).toBe(1);
    expect(build.stderr).toMatch(/BACKEND_(CORRUPT|UNSUPPORTED)/);
    expect(build.stderr).not.toContain("    at ");
    expect(space.read(".strata/strata.db")).toContain("this is not a database");
  });
});

describe("init", () => {
  it("writes a project that builds at once, and says what to type next", async () => {
    await using space = await openSpace();

    const made = await space.strata("init", "spending");
    const build = await space.run(["build", "--json"], { cwd: "spending" });
    const again = await space.run(["build"], { cwd: "spending" });

    expect(made.code).toBe(0);
    expect(made.stdout).toContain("next: cd spending && npm install && strata build\n");
    expect(build.json).toMatchObject({ graph: "spend", built: 4, failed: 0 });
    expect(again.stdout).toMatch(/^nothing to do: 4 partitions up to date/);
    expect(JSON.parse(space.read("spending/package.json"))).toMatchObject({ name: "spending", type: "module" });
  });

  it("writes a project the compiler accepts", async () => {
    await using space = await openSpace();
    await space.strata("init", "spending");
    const { spawnSync } = await import("node:child_process");
    const tsc = new URL("../../../node_modules/typescript/bin/tsc", import.meta.url).pathname;

    const { stdout, status } = spawnSync(process.execPath, [tsc, "-p", space.path("spending")], { encoding: "utf8" });

    expect(stdout).toBe("");
    expect(status).toBe(0);
  });

  it("asks npm for the clone that wrote it, as no registry has that one", async () => {
    await using space = await openSpace();
    await space.strata("init", "spending");

    const { dependencies } = JSON.parse(space.read("spending/package.json")) as {
      dependencies: Record<string, string>;
    };
    const clone = fileURLToPath(new URL("../../../", import.meta.url)).replace(/\/$/, "");

    expect(dependencies["stratigraph"]).toBe(`file:${clone}`);
  });

  it("overwrites nothing: not a file of its own, and not your package.json", async () => {
    await using space = await openSpace();
    space.write({ "package.json": '{"name":"mine"}\n' });

    const first = await space.strata("init", "--json");
    const second = await space.strata("init");
    space.remove("graph.ts");
    const third = await space.strata("init");

    expect(first.json).toMatchObject({
      kept: ["package.json"],
      next: [expect.stringMatching(/^npm install file:.+ zod$/), "strata build"],
    });
    expect(space.read("package.json")).toBe('{"name":"mine"}\n');
    expect(second.code).toBe(2);
    expect(second.stderr).toContain("graph.ts");
    expect(third.code).toBe(2);
    expect(space.has("graph.ts")).toBe(false);
  });

  it("says that it cannot write, in one sentence", async ({ skip }) => {
    skip(whyUnbound() !== undefined, whyUnbound());
    await using space = await openSpace();
    chmodSync(space.folder, 0o555);

    const { code, stderr } = await space.run(["init", "spending"], { bound: true });
    chmodSync(space.folder, 0o755);

    expect(code).toBe(1);
    expect(stderr).toContain("STORAGE_READ_ONLY");
  });
});

describe("the state folder", () => {
  it("is its owner's alone, whatever the umask says", async () => {
    await using space = await openSpend();
    const before = process.umask(0);
    try {
      await space.strata("build", "spend.ts");
    } finally {
      process.umask(before);
    }

    expect(statSync(space.path(".strata")).mode & 0o777).toBe(0o700);
    for (const file of space.list(".strata").filter((name) => name.startsWith("strata.db"))) {
      expect(statSync(space.path(".strata", file)).mode & 0o077, file).toBe(0);
    }
    expect(existsSync(space.path(".strata", "data"))).toBe(true);
  });
});

describe("two graphs in one database", () => {
  it("are told apart by --graph, and by the file built last", async () => {
    await using space = await openSpend();
    space.write({ "other.ts": spendFile().replace('graph("spend"', 'graph("other"') });
    await space.strata("build", "spend.ts");
    await space.strata("build", "other.ts");

    expect((await space.strata("snapshots", "--json")).json.graph).toBe("other");
    expect((await space.strata("snapshots", "--graph", "spend", "--json")).json.graph).toBe("spend");
    expect((await space.strata("snapshots", "-f", "spend.ts", "--json")).json.graph).toBe("spend");
  });
});
