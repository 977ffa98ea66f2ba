// What is refused before SQLite sees a file: paths, file systems, versions.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sqlite } from "../../../src/backend/sqlite/index.ts";
import { checkRelease, checkVersion, missingDriver } from "../../../src/backend/sqlite/driver.ts";
import { checkFileSystemType } from "../../../src/backend/sqlite/file.ts";
import { isStratigraphError } from "../../../src/errors.ts";
import { refusal } from "../../../src/testing/samples.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "strata-file-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function codeOf(work: () => unknown): string {
  try {
    work();
    return "fine";
  } catch (error) {
    return isStratigraphError(error) ? error.code : String(error);
  }
}

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe("a database path", () => {
  it("is taken from the current folder, and its folder is the home unless told", () => {
    const here = sqlite("some/where.db");

    expect(here.home).toBe(resolve("some"));
    expect(sqlite("x.db", { home: "elsewhere" }).home).toBe(resolve("elsewhere"));
    expect(here.kind).toBe("sqlite");
  });

  it("must be a file's", () => {
    expect([":memory:", "", "x.db ", "a\0b"].map((path) => codeOf(() => sqlite(path)))).toEqual([
      "BACKEND_UNSUPPORTED",
      "BACKEND_UNSUPPORTED",
      "BACKEND_UNSUPPORTED",
      "TEXT_INVALID",
    ]);
    expect(() => sqlite({ path: "x.db" } as unknown as string)).toThrow(
      "a SQLite database is given by the path of its file; expected a text",
    );
  });

  it("that is longer than SQLite takes is refused with its length", async () => {
    const pathOf = (length: number): string => {
      const deep = join(folder, ...Array<string>(4).fill("x".repeat(100)));
      mkdirSync(deep, { recursive: true });
      return join(deep, "y".repeat(length - deep.length - 1));
    };

    await (await sqlite(pathOf(504)).connect()).close();
    await expect(sqlite(pathOf(505)).connect()).rejects.toMatchObject({
      code: "LOCATION_TOO_LONG",
      expected: "at most 504 bytes",
      received: "505 bytes",
    });
  });

  it("may hold what means something elsewhere: question marks, hashes, percents, quotes, spaces, 'file:'", async () => {
    for (const name of ["a?mode=memory.db", "b#c.db", "d%20e.db", "f'g\"h.db", " i.db", "file:j", "k ü😀.db"]) {
      const path = join(folder, name);
      await (await sqlite(path).connect()).close();
      await (await sqlite(path).connect({ readOnly: true })).close();
    }

    expect(readdirSync(folder)).toHaveLength(7);
  });
});

describe("options", () => {
  it("are checked at once", () => {
    expect(codeOf(() => sqlite("x", { durability: "none" as never }))).toBe("RECORD_INVALID");
    expect(codeOf(() => sqlite("x", { busyTimeout: -1 }))).toBe("RECORD_INVALID");
  });
});

describe("new files and folders", () => {
  it("are for their owner alone, whatever the umask", async () => {
    const path = join(folder, "new/deep/strata.db");
    const before = process.umask(0o000);
    try {
      const connection = await sqlite(path).connect();
      await connection.listGraphs();

      expect([join(folder, "new"), join(folder, "new/deep")].map(mode)).toEqual(["700", "700"]);
      expect([path, `${path}-wal`, `${path}-shm`].map(mode)).toEqual(["600", "600", "600"]);
      await connection.close();
    } finally {
      process.umask(before);
    }
    expect(readdirSync(join(folder, "new/deep"))).toEqual(["strata.db"]);
  });

  it("leave an existing folder as it is", async () => {
    const path = join(folder, "mine/strata.db");
    mkdirSync(join(folder, "mine"), { mode: 0o755 });

    await (await sqlite(path).connect()).close();

    expect(mode(join(folder, "mine"))).toBe("755");
  });

  it("take away what a killed process left half done, but not what may still be made", async () => {
    const path = join(folder, "strata.db");
    const [old, young, other] = [`${path}.01old.new`, `${path}.01young.new`, join(folder, "other.new")];
    for (const file of [old, young, other]) writeFileSync(file, "half");
    const { utimesSync } = await import("node:fs");
    for (const file of [old, other]) utimesSync(file, 1000, 1000);

    await (await sqlite(path).connect()).close();

    expect(readdirSync(folder).sort()).toEqual(["other.new", "strata.db", "strata.db.01young.new"]);
  });
});

describe("file systems", () => {
  it("of other machines are refused, local ones are not", () => {
    const remote = [0x6969, 0x517b, 0xff534d42, 0xff534d42 | 0, 0xfe534d42, 0x01021997, 0x65735546, 0x00c36400];
    const local = [0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0x2fc12fc1, 0xf2f52010];

    for (const type of remote) expect(codeOf(() => checkFileSystemType(type, "/x"))).toBe("BACKEND_UNSUPPORTED");
    for (const type of local) expect(codeOf(() => checkFileSystemType(type, "/x"))).toBe("fine");
  });
});

describe("versions of SQLite", () => {
  it("that can lose acknowledged writes are refused", () => {
    const bad = ["3.7.0", "3.45.1", "3.50.6", "3.51.0", "3.51.2"];
    const good = ["3.50.7", "3.50.8", "3.51.3", "3.53.2", "3.60.0", "4.0.0"];

    expect(bad.filter((version) => codeOf(() => checkVersion(version)) !== "BACKEND_UNSUPPORTED")).toEqual([]);
    expect(good.filter((version) => codeOf(() => checkVersion(version)) !== "fine")).toEqual([]);
  });
});

describe("the driver", () => {
  it("is refused where it would crash Node", () => {
    expect(codeOf(() => checkRelease("13.2.0", "20.20.2"))).toBe("BACKEND_UNSUPPORTED");
    expect(codeOf(() => checkRelease("13.2.0", "24.1.0"))).toBe("fine");
    expect(codeOf(() => checkRelease("12.11.1", "20.20.2"))).toBe("fine");
    expect(codeOf(() => checkRelease("12.11.1", "22.9.0"))).toBe("fine");
    expect(codeOf(() => checkRelease("12.11.1", "24.1.0"))).toBe("BACKEND_UNSUPPORTED");
    expect(codeOf(() => checkRelease(undefined, "20.20.2"))).toBe("fine");
  });

  it("that is missing is named with the command that brings it", () => {
    const absent = missingDriver(Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" }));
    const unbuilt = missingDriver(new Error("Could not locate the bindings file. Tried: …"));
    const other = missingDriver(
      Object.assign(new Error("… was compiled against … NODE_MODULE_VERSION 127."), { code: "ERR_DLOPEN_FAILED" }),
    );

    for (const error of [absent, unbuilt, other]) expect(error.code).toBe("BACKEND_MISSING_DRIVER");
    expect(absent.message).toContain("npm install better-sqlite3@12");
    expect(unbuilt.message).toContain("npm rebuild better-sqlite3");
    expect(other.message).toContain(process.versions.node);
  });
});

describe("opening for reading", () => {
  it("makes nothing where nothing is", async () => {
    await refusal(sqlite(join(folder, "no/strata.db")).connect({ readOnly: true }), "BACKEND_MISSING");

    expect(readdirSync(folder)).toEqual([]);
  });
});
