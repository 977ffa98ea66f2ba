// What an error knows about itself, and what is left of it after a journey through JSON.

import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { errorCodes, isStratigraphError, StratigraphError, wrapError, type ErrorCode } from "../../src/errors.ts";
import { toErrorResponse } from "../../src/util/problem.ts";
import { Secret } from "../../src/util/secret.ts";
import { isDegradable, isRetryable } from "../../src/util/transient.ts";
import { fc } from "../support/random.ts";

const codes = Object.keys(errorCodes) as ErrorCode[];
const codesThat = (is: "retryable" | "degradable"): string[] => codes.filter((code) => errorCodes[code][is]).sort();

describe("how an error is treated", () => {
  it("says that only failing writes of a backend may wait in the journal", () => {
    const backend = ["BUSY", "CORRUPT", "FAILED", "FULL", "MISSING", "MISSING_DRIVER", "NEWER", "READ_ONLY", "TIMEOUT"];
    const others = ["CIRCUIT_OPEN", "CONNECTION_CLOSED", "STORAGE_FAILED", "STORAGE_FULL", "STORAGE_READ_ONLY"];

    expect(codesThat("degradable")).toEqual([
      ...[...backend, "UNSUPPORTED"].map((name) => `BACKEND_${name}`),
      ...others,
      "TRANSACTION_INVALID",
    ]);
  });

  it("says that what was busy or too slow may be tried again", () => {
    expect(codesThat("retryable")).toEqual(["BACKEND_BUSY", "BACKEND_TIMEOUT", "LOCK_TIMEOUT", "SOURCE_UNSTABLE"]);
  });

  it("never tries again, nor leaves to the journal, what credentials, gates, hooks, validation or configuration refuse", () => {
    const refusals = [
      "AUTH_FAILED",
      "PROMOTION_BLOCKED",
      "HOOK_VETO",
      "VALIDATION_FAILED",
      "CONFIG_INVALID",
      "CONFLICT",
    ] as const;
    for (const code of refusals) {
      const error = new StratigraphError(code, "no");
      expect([code, isRetryable(error), isDegradable(error)]).toEqual([code, false, false]);
    }
  });

  it("is 1 on exit, but 2 for a wrong call and 5 for records that fell back", () => {
    const others = codes
      .filter((code) => errorCodes[code].exitCode !== 1)
      .map((code) => [code, errorCodes[code].exitCode]);

    expect(others).toEqual([
      ["METADATA_FELL_BACK", 5],
      ["USAGE", 2],
    ]);
    expect(new StratigraphError("METADATA_FELL_BACK", "five").exitCode).toBe(5);
  });

  it("is an HTTP status between 400 and 599", () => {
    expect(codes.filter((code) => !(errorCodes[code].httpStatus >= 400 && errorCodes[code].httpStatus < 600))).toEqual(
      [],
    );
    expect(new StratigraphError("MODEL_NOT_FOUND", "none").httpStatus).toBe(404);
  });

  it("takes what others throw for a backend's failing, and a refused connection for worth another attempt", () => {
    const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });

    expect([isDegradable(new Error("boom")), isRetryable(new Error("boom"))]).toEqual([true, false]);
    expect([isRetryable(refused), isRetryable(new TypeError("fetch failed", { cause: refused }))]).toEqual([
      true,
      true,
    ]);
  });
});

describe("what an error knows", () => {
  const error = new StratigraphError("MODEL_NOT_FOUND", "no model 'churm'", {
    hint: "Did you mean 'churn'?",
    suggestions: ["List them: strata models list", "Did you mean 'churn'?"],
    data: { name: "churm" },
  });

  it("is its data as context, and the hint first among the suggestions", () => {
    expect(error.context).toEqual({ name: "churm" });
    expect(error.suggestions).toEqual(["Did you mean 'churn'?", "List them: strata models list"]);
  });

  it("keeps everything when a place or a frame is added", () => {
    const told = wrapError(error.within("registry"), "STORAGE_FAILED", "while serving", { name: "x", request: 7 });

    expect([told.code, told.where, told.what]).toEqual(["MODEL_NOT_FOUND", "registry", "no model 'churm'"]);
    expect(told.context).toEqual({ name: "churm", request: 7 });
    expect(told.suggestions).toEqual(error.suggestions);
    expect(told.frames).toEqual([{ message: "while serving", context: { name: "x", request: 7 } }]);
  });
});

describe("wrapError", () => {
  it("makes the thing that was thrown the cause, whatever it is", () => {
    const cause = new TypeError("x is not a function");

    expect(wrapError("boom", "STORAGE_FAILED", "the model was not saved").cause).toBe("boom");
    expect(wrapError(cause, "STORAGE_FAILED", "the model was not saved", { path: "m" })).toMatchObject({
      code: "STORAGE_FAILED",
      message: "the model was not saved",
      context: { path: "m" },
      cause,
    });
  });

  it("leaves an error of ours its code", () => {
    const inner = new StratigraphError("CONFLICT", "changed in between");

    expect(wrapError(inner, "STORAGE_FAILED", "not saved").code).toBe("CONFLICT");
  });
});

describe("an error as JSON", () => {
  const travelled = (error: StratigraphError): StratigraphError =>
    StratigraphError.fromJSON(JSON.parse(JSON.stringify(error)) as unknown);

  it("comes back with code, sentence, context, suggestions and the chain of causes", () => {
    const context = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)));
    const details = fc.record({
      data: context,
      hint: fc.string(),
      where: fc.string(),
      suggestions: fc.array(fc.string()),
    });
    const link = fc.tuple(fc.constantFrom(...codes), fc.string(), details);
    const chain = fc.array(link, { minLength: 1, maxLength: 5 });

    fc.assert(
      fc.property(chain, (links) => {
        let error: StratigraphError | undefined;
        for (const [code, what, parts] of links) error = new StratigraphError(code, what, { ...parts, cause: error });
        let [before, after]: unknown[] = [error, travelled(error!)];
        for (let left = links.length; left > 0; left--) {
          if (!isStratigraphError(before) || !isStratigraphError(after)) throw new Error("the chain is shorter");
          expect(after.toJSON()).toEqual(before.toJSON());
          expect([after.code, after.message, after.context]).toEqual([before.code, before.message, before.context]);
          [before, after] = [before.cause, after.cause];
        }
        expect(after).toBe(undefined);
      }),
      { numRuns: 200 },
    );
  });

  it("keeps causes that are not ours, and things thrown that are no errors", () => {
    const system = Object.assign(new Error("EACCES: no"), { code: "EACCES" });
    const back = travelled(wrapError(system, "STORAGE_FAILED", "not written"));

    expect(back.cause).toBeInstanceOf(Error);
    expect(back.cause).toMatchObject({ name: "Error", message: "EACCES: no", code: "EACCES" });
    expect(travelled(wrapError("boom", "STORAGE_FAILED", "not written")).cause).toBe("boom");
  });

  it("has no stack, and can say whatever is in the context", () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    const data = { big: 10n ** 20n, map: new Map([["a", new Set([1])]]), none: NaN, circle, call: () => 1 };
    const json = JSON.stringify(new StratigraphError("CONFLICT", "no", { data, cause: new Error("inner") }));

    expect(json).not.toContain("errors.test.ts");
    expect(JSON.parse(json)).toMatchObject({
      context: { big: "100000000000000000000", map: { a: [1] }, none: "NaN", circle: { self: "…" } },
    });
  });

  it("is refused by fromJSON when it is something else", () => {
    expect(() => StratigraphError.fromJSON({ code: "CONFLICT" })).toThrow("not an error as toJSON writes it");
  });
});

describe("a secret", () => {
  const token = "dapi-1234567890";
  const secret = new Secret(token);

  it("is shown by nothing but reveal", () => {
    const error = new StratigraphError("AUTH_FAILED", `the token ${String(secret)} was refused`, {
      data: { token: secret, nested: [{ secret }] },
      cause: { credentials: { token: secret } },
    });
    const shown = [
      `${String(secret)}`,
      JSON.stringify({ secret }),
      inspect({ secret }),
      inspect(secret),
      error.message,
    ];
    shown.push(JSON.stringify(error), inspect(error), JSON.stringify(toErrorResponse(error)));

    expect(shown.filter((text) => text.includes(token))).toEqual([]);
    expect(shown[1]).toBe('{"secret":"***"}');
    expect(secret.reveal()).toBe(token);
  });
});

describe("an error as an answer over HTTP", () => {
  it("is problem details with code and details", () => {
    const answer = toErrorResponse(
      { code: "VALIDATION_FAILED", message: "Invalid model name", details: { field: "name" } },
      { correlation: "c1" },
    );

    expect(answer).toEqual({
      type: "urn:stratigraph:error:validation-failed",
      title: "What was given to a call does not fit.",
      status: 422,
      detail: "Invalid model name",
      code: "VALIDATION_FAILED",
      details: { field: "name" },
      correlation: "c1",
    });
  });

  it("has the error's context as details, and its suggestions", () => {
    const error = new StratigraphError("MODEL_NOT_FOUND", "none", { data: { name: "x" }, hint: "List them." });

    expect(toErrorResponse(error)).toMatchObject({ status: 404, details: { name: "x" }, suggestions: ["List them."] });
  });

  it("says nothing of the inside of an error that is not ours, which is in the log under the same correlation", () => {
    const lines: string[] = [];
    const answer = toErrorResponse(new Error("password=hunter2"), { log: (line) => lines.push(line) });

    expect(answer).toMatchObject({ status: 500, code: "INTERNAL" });
    expect(JSON.stringify(answer)).not.toContain("hunter2");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(answer.correlation);
    expect(lines[0]).toContain("hunter2");
  });

  it("takes a code nobody knows for an error that is not ours", () => {
    expect(toErrorResponse({ code: "NOPE", message: "x" }, { log: () => undefined }).status).toBe(500);
  });
});
