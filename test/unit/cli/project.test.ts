// Which of the words on the command line is the file.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { splitFile } from "../../../src/cli/project.ts";
import { parseTarget } from "../../../src/cli/target.ts";

const folder = mkdtempSync(join(tmpdir(), "stratigraph-project-"));
mkdirSync(join(folder, "examples", "hello"), { recursive: true });
mkdirSync(join(folder, "days"));
writeFileSync(join(folder, "examples", "hello", "main.ts"), "");
afterAll(() => rmSync(folder, { recursive: true }));

describe("the first word", () => {
  it("is a file if it is named like a module, there or not", () => {
    for (const name of ["spend.ts", "spend.mts", "spend.js", "a/b.mjs"]) {
      expect(splitFile([name, "total"], folder)).toEqual({ file: name, selectors: ["total"] });
    }
  });

  it("is a selector otherwise, also where a folder is called the same", () => {
    expect(splitFile(["total", "days"], folder)).toEqual({ file: undefined, selectors: ["total", "days"] });
    expect(splitFile(["days"], folder)).toEqual({ file: undefined, selectors: ["days"] });
    expect(splitFile(["vendor.*"], folder)).toEqual({ file: undefined, selectors: ["vendor.*"] });
    expect(splitFile(["days[region=a/b]"], folder)).toEqual({ file: undefined, selectors: ["days[region=a/b]"] });
  });

  it("is the graph file of a folder if it is a path to one", () => {
    expect(splitFile(["examples/hello"], folder).file).toBe(join(folder, "examples", "hello", "main.ts"));
  });

  it("need not be there", () => {
    expect(splitFile([], folder)).toEqual({ file: undefined, selectors: [] });
  });
});

describe("a target", () => {
  it("is an artifact, or one with a partition in brackets", () => {
    expect(parseTarget("vendor.days")).toEqual({ key: "vendor.days", partition: undefined });
    expect(parseTarget("days[2026-01-02]")).toEqual({ key: "days", partition: "2026-01-02" });
    expect(parseTarget("stats[date=2026-01-02,region=eu]")).toEqual({
      key: "stats",
      partition: "date=2026-01-02,region=eu",
    });
    expect(parseTarget("days[a[b]]")).toEqual({ key: "days", partition: "a[b]" });
  });

  it("is taken as a key where the brackets are not closed, so that the key is what is said to be unknown", () => {
    expect(parseTarget("days[2026")).toEqual({ key: "days[2026", partition: undefined });
  });
});
