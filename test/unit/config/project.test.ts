// strata.config.ts: what is taken, and what is refused with a sentence.

import { describe, expect, it } from "vitest";
import { memory } from "../../../src/backend/memory/memory-backend.ts";
import { environmentConfig, furtherNames, parseConfig } from "../../../src/config/project.ts";
import { settings } from "../../../src/config/settings.ts";
import { StratigraphError } from "../../../src/errors.ts";

function refusal(read: () => unknown): StratigraphError {
  try {
    read();
  } catch (error) {
    if (error instanceof StratigraphError) return error;
  }
  throw new Error("accepted");
}

describe("the configuration", () => {
  it("is what the file exports as its default", () => {
    const backend = memory();

    expect(parseConfig({ default: { graph: "spend.ts", backend, root: "..", concurrency: 4 } }, "c.ts")).toEqual({
      graph: "spend.ts",
      backend,
      root: "..",
      concurrency: 4,
    });
    expect(parseConfig({ default: {} }, "c.ts")).toEqual({});
  });

  it("refuses a setting that does not exist, and says which is near", () => {
    const error = refusal(() => parseConfig({ default: { concurency: 4 } }, "strata.config.ts"));

    expect(error).toMatchObject({
      code: "CONFIG_INVALID",
      where: "strata.config.ts",
      hint: "Did you mean 'concurrency'?",
    });
    expect(error.message).toContain("'concurency'");
  });

  it("refuses names that every object has", () => {
    for (const name of ["toString", "constructor", "__proto__"]) {
      const settings: unknown = JSON.parse(`{ "${name}": 1 }`);
      expect(refusal(() => parseConfig({ default: settings }, "c.ts")).code).toBe("CONFIG_INVALID");
    }
  });

  it("refuses values of the wrong kind, saying what is expected", () => {
    const wrong: [string, unknown, string][] = [
      ["graph", 1, "the path of a file"],
      ["graph", "", "the path of a file"],
      ["root", ["x"], "the path of a folder"],
      ["concurrency", 0, "a whole number of at least 1"],
      ["concurrency", "4", "a whole number of at least 1"],
      ["concurrency", Number.NaN, "a whole number of at least 1"],
      ["leaseTime", 999, "at least a second"],
      ["leaseTime", "soon", "at least a second"],
      ["leaseTime", Infinity, "at least a second"],
      ["backend", 7, "a backend"],
      ["path", "", "the path of a folder"],
      ["plugins", {}, "a list"],
    ];
    for (const [name, value, expected] of wrong) {
      expect(refusal(() => parseConfig({ default: { [name]: value } }, "c.ts")).expected).toContain(expected);
    }
  });

  it("refuses a file without a default export", () => {
    expect(refusal(() => parseConfig({ config: {} }, "c.ts")).received).toBe("no default export");
    expect(refusal(() => parseConfig({ default: null }, "c.ts")).code).toBe("CONFIG_INVALID");
  });
});

describe("what is known of the settings without loading them", () => {
  it("is all their names", () => {
    const own = [
      "graph",
      "root",
      "path",
      "backend",
      "concurrency",
      "leaseTime",
      "params",
      "pools",
      "secrets",
      "plugins",
    ];
    const known = [...own, ...furtherNames];

    expect(known.toSorted()).toEqual(Object.keys(settings).toSorted());
  });
});

describe("the environment", () => {
  it("names a backend by URL or by name, the URL first", () => {
    expect(environmentConfig({ STRATA_BACKEND: "memory", STRATA_PATH: "/state" })).toEqual({
      backend: "memory",
      path: "/state",
    });
    expect(environmentConfig({ STRATA_BACKEND: "memory", STRATA_DATABASE_URL: "sqlite:a.db" })).toEqual({
      backend: "sqlite:a.db",
    });
  });

  it("stands for settings", () => {
    expect(environmentConfig({ STRATA_GRAPH: "a.ts", STRATA_ROOT: "/x", STRATA_CONCURRENCY: "3" })).toEqual({
      graph: "a.ts",
      root: "/x",
      concurrency: 3,
    });
  });

  it("says nothing by an empty variable", () => {
    expect(environmentConfig({ STRATA_GRAPH: "", STRATA_CONCURRENCY: "" })).toEqual({});
  });

  it("refuses a number that is none", () => {
    expect(refusal(() => environmentConfig({ STRATA_CONCURRENCY: "many" }))).toMatchObject({
      code: "CONFIG_INVALID",
      where: "STRATA_CONCURRENCY",
    });
  });
});
