// Names, references and stages, in every spelling people use.

import { describe, expect, it } from "vitest";
import { formatModelName, parseModelName } from "../../../src/registry/name.ts";
import { isAliasName, parseModelRef, parseVersionRef } from "../../../src/registry/reference.ts";
import { parseStage } from "../../../src/registry/stage.ts";

describe("a model's name", () => {
  it.each([
    ["churn", "default/churn"],
    ["team/churn", "team/churn"],
    ["catalog.schema.churn", "catalog.schema/churn"],
    ["default/a.b.c", "default/a.b.c"],
    ["fraud_detection/FraudRiskModel", "fraud_detection/FraudRiskModel"],
  ])("%s is %s", (text, expected) => {
    expect(formatModelName(parseModelName(text))).toBe(expected);
  });

  it.each(["../x", "team/../x", "", "/x", "team/", ".hidden", "a b", "team/a/b", "ä", `x${"y".repeat(255)}`])(
    "%j is refused",
    (text) => {
      expect(() => parseModelName(text)).toThrow(expect.objectContaining({ code: "VALIDATION_FAILED" }) as Error);
    },
  );

  it("may have 255 characters", () => {
    expect(parseModelName("x".repeat(255)).name).toHaveLength(255);
  });
});

describe("a version", () => {
  it.each([
    ["1.3.0", { kind: "version", version: "1.3.0" }],
    ["v1.3.0", { kind: "version", version: "1.3.0" }],
    ["@1.3.0-rc.1", { kind: "version", version: "1.3.0-rc.1" }],
    ["#7", { kind: "sequence", sequence: 7 }],
    ["7", { kind: "sequence", sequence: 7 }],
    [7, { kind: "sequence", sequence: 7 }],
    ["@production", { kind: "stage", stage: "production" }],
    ["Staging", { kind: "stage", stage: "staging" }],
    ["@latest", { kind: "latest" }],
    ["latest", { kind: "latest" }],
    ["@champion", { kind: "alias", alias: "champion" }],
    [{ stage: "Production" }, { kind: "stage", stage: "production" }],
    [{ alias: "champion" }, { kind: "alias", alias: "champion" }],
    [{ version: "v2.0.0" }, { kind: "version", version: "2.0.0" }],
    [{ sequence: 3 }, { kind: "sequence", sequence: 3 }],
  ] as const)("%j is %j", (text, expected) => {
    expect(parseVersionRef(text)).toEqual(expected);
  });

  it.each([["1.3.0+build"], [0], [-1], [1.5], [""], ["#x"], [{}], [{ version: "1.0.0", stage: "staging" }], [null]])(
    "%j is refused",
    (value) => {
      expect(() => parseVersionRef(value as never)).toThrow(
        expect.objectContaining({ code: "VALIDATION_FAILED" }) as Error,
      );
    },
  );

  it("by environment is refused, and the sentence says what an environment is", () => {
    expect(() => parseModelRef({ name: "churn", environment: "production" } as never)).toThrow(/is an environment/);
  });
});

describe("a model with a version in one text", () => {
  it.each([
    ["team/churn@1.3.0", "team/churn", { kind: "version", version: "1.3.0" }],
    ["team/churn#7", "team/churn", { kind: "sequence", sequence: 7 }],
    ["team/churn@champion", "team/churn", { kind: "alias", alias: "champion" }],
    ["team/churn", "team/churn", { kind: "latest" }],
    ["models:/team/churn/1.3.0", "team/churn", { kind: "version", version: "1.3.0" }],
    ["models:/team/churn@production", "team/churn", { kind: "stage", stage: "production" }],
    ["models:/churn/3", "default/churn", { kind: "sequence", sequence: 3 }],
    ["models:/churn/Production", "default/churn", { kind: "stage", stage: "production" }],
    ["models:/team/churn", "team/churn", { kind: "latest" }],
    ["catalog.schema.churn@2.0.0", "catalog.schema/churn", { kind: "version", version: "2.0.0" }],
  ] as const)("%s", (text, model, ref) => {
    const parsed = parseModelRef(text);

    expect(formatModelName(parsed)).toBe(model);
    expect(parsed.ref).toEqual(ref);
  });

  it("says the version once", () => {
    expect(() => parseModelRef("team/churn@1.0.0", "2.0.0")).toThrow(/said twice/);
  });
});

describe("a stage", () => {
  it.each([
    ["Production", "production"],
    [" STAGING ", "staging"],
    ["None", "development"],
    ["", "development"],
    ["archived", "archived"],
  ])("%j is %s", (text, stage) => {
    expect(parseStage(text)).toBe(stage);
  });

  it("that is none of the four is refused, listing them", () => {
    expect(() => parseStage("productoin")).toThrow(
      "that is no stage; expected development, staging, production, archived, received \"productoin\". Did you mean 'production'?",
    );
  });

  it.each([["prod"], [{ environment: "production" }], [{ env: "staging" }]])(
    "is no environment: %j gets its own sentence",
    (value) => {
      expect(() => parseStage(value)).toThrow(/is an environment, where a program runs/);
    },
  );

  it("cannot be an alias, nor can a number or 'latest'", () => {
    expect(["champion", "production", "Latest", "7", "1.0.0", "v1.0.0", "a b"].map(isAliasName)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
