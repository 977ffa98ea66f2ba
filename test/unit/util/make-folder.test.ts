// Folders with those above them.

import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFolder } from "../../../src/util/make-folder.ts";
import { Folder } from "../../support/folder.ts";

describe("makeFolder", () => {
  it("makes what is missing with its mode, tells of each, and leaves what is there", () => {
    using base = new Folder();
    const made: string[] = [];

    makeFolder(join(base.path, "a/b"), 0o700, (path) => made.push(path));
    makeFolder(join(base.path, "a/b/c"), 0o700, (path) => made.push(path));
    makeFolder(join(base.path, "a/b/c"));

    expect(made).toEqual(["a", "a/b", "a/b/c"].map((path) => join(base.path, path)));
    expect(statSync(join(base.path, "a/b")).mode & 0o777).toBe(0o700);
  });

  it("is refused below a file", () => {
    using base = new Folder();
    writeFileSync(join(base.path, "file"), "");

    expect(() => makeFolder(join(base.path, "file/a/b"))).toThrow("ENOTDIR");
  });

  it.skipIf(!existsSync("/proc/self"))("ends where the place takes no folders, which Node's own never does", () => {
    expect(() => makeFolder("/proc/strata/a")).toThrow("ENOENT");
  });
});
