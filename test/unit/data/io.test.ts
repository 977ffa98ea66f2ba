// Values to bytes and back through a schema: which form is stored, what is said of values that do not fit, and what verifying finds.

import { describe, expect, it } from "vitest";
import { z } from "zod";
import { bytes } from "../../../src/data/format/bytes.ts";
import { csv } from "../../../src/data/format/csv.ts";
import { json } from "../../../src/data/format/json.ts";
import { ndjson } from "../../../src/data/format/ndjson.ts";
import { contentOf, decodeValue, encodeValue, verifyContent } from "../../../src/data/io.ts";
import type { StratigraphError } from "../../../src/errors.ts";
import { fingerprintBytes } from "../../../src/identity/fingerprint.ts";
import { failureOf } from "../../support/folder.ts";

const format = json();
const utf8 = (text: string): Uint8Array => Buffer.from(text);
const refusal = async (action: () => unknown): Promise<StratigraphError> =>
  (await failureOf(action)) as StratigraphError;

describe("encoding and decoding", () => {
  it("the written form is stored as it was given, and readers get the parsed one", () => {
    const schema = z.object({ at: z.iso.datetime().transform((text) => new Date(text)), n: z.number().default(7) });

    const written = encodeValue({ schema, format }, { at: "2026-01-02T00:00:00Z" }, "x") as Uint8Array;

    expect(Buffer.from(written).toString()).toBe('{"at":"2026-01-02T00:00:00Z"}\n');
    expect(decodeValue({ schema, format }, written, "x")).toEqual({ at: new Date("2026-01-02T00:00:00Z"), n: 7 });
  });

  it("keys that the schema does not know are stored, and left out for readers", () => {
    const schema = z.object({ a: z.int() });

    const written = encodeValue({ schema, format }, { a: 1, later: true }, "x") as Uint8Array;

    expect(Buffer.from(written).toString()).toBe('{"a":1,"later":true}\n');
    expect(decodeValue({ schema, format }, written, "x")).toEqual({ a: 1 });
  });

  it("a schema with asynchronous checks gives promises, and its answer counts", async () => {
    const schema = z.string().refine(async (text) => Promise.resolve(text !== "bad"), "must not be bad");

    for (let round = 0; round < 2; round++) {
      expect(encodeValue({ schema, format }, "good", "x")).toBeInstanceOf(Promise);
      expect(await decodeValue({ schema, format }, utf8('"good"'), "x")).toBe("good");
      expect(await refusal(() => encodeValue({ schema, format }, "bad", "x"))).toMatchObject({
        code: "DATA_INVALID",
        expected: "must not be bad",
      });
    }
  });

  it("one synchronous parse is enough, in each direction", () => {
    let parses = 0;
    const schema = z.number().refine(() => ++parses > 0);

    decodeValue({ schema, format }, encodeValue({ schema, format }, 1, "x") as Uint8Array, "x");

    expect(parses).toBe(2);
  });

  it("a check or transform that throws is told as such, with what it threw", async () => {
    const schema = z.number().refine(() => {
      throw new TypeError("oops");
    });
    const eventually = z.number().refine(async () => Promise.reject(new Error("later oops")));

    expect(await refusal(() => encodeValue({ schema, format }, 1, "output 'x'"))).toMatchObject({
      code: "DATA_INVALID",
      message: "output 'x': a check or transform in the schema threw an error; received oops",
    });
    expect((await refusal(() => decodeValue({ schema: eventually, format }, utf8("1"), "x"))).message).toContain(
      "later oops",
    );
  });

  it("a value nested deeper than its schema can follow is a sentence, not a stack overflow", async () => {
    interface Nested {
      readonly inner?: Nested | undefined;
    }
    const schema: z.ZodType<Nested> = z.object({ inner: z.lazy(() => schema).optional() });
    let value: Nested = {};
    for (let level = 0; level < 20_000; level++) value = { inner: value };

    expect(await refusal(() => encodeValue({ schema, format }, value, "x"))).toMatchObject({ code: "DATA_INVALID" });
  });
});

describe("a value that does not fit", () => {
  const schema = z.array(z.object({ date: z.iso.date(), amount: z.number().min(0) }));

  it("is told by place, expectation and what is there", async () => {
    const error = await refusal(() =>
      decodeValue(
        { schema, format },
        utf8('[{"date":"2026-01-02","amount":1},{"date":"2026-01-02","amount":"5"}]'),
        "data/x.json",
      ),
    );

    expect(error).toMatchObject({
      code: "DATA_INVALID",
      where: "data/x.json, [1].amount",
      expected: "number",
      received: '"5"',
    });
    expect(error.message).toBe(
      'data/x.json, [1].amount: the value does not fit the schema; expected number, received "5"',
    );
  });

  it("in formats of rows is told by row and field", async () => {
    const row = await refusal(() =>
      decodeValue({ schema, format: ndjson() }, utf8('{"date":"2026-01-02","amount":-1}\n'), "x.ndjson"),
    );
    const cell = await refusal(() =>
      decodeValue({ schema, format: csv() }, utf8("date,amount\n2026-01-02,1\n"), "x.csv"),
    );
    const missing = await refusal(() => decodeValue({ schema, format: csv() }, utf8("date\nx\n"), "x.csv"));

    expect(row).toMatchObject({
      where: "x.ndjson, row 1, field 'amount'",
      expected: "number to be >=0",
      received: "-1",
    });
    expect(cell).toMatchObject({ where: "x.csv, row 1, field 'amount'", expected: "number", received: '"1"' });
    expect(missing.message).toBe(
      "x.csv: the value does not fit the schema in 2 places\n  row 1, field 'date': expected ISO date, received \"x\"\n  row 1, field 'amount': expected number, received undefined",
    );
  });

  it("ten thousand times is told twenty times and counted", async () => {
    const rows = JSON.stringify(Array.from({ length: 10_000 }, () => ({ date: "2026-01-02", amount: "x" })));

    const error = await refusal(() => decodeValue({ schema, format }, utf8(rows), "x"));

    expect(error.message).toContain("in 10000 places");
    expect(error.message).toContain("and 9980 more");
    expect(error.message.length).toBeLessThan(2000);
    expect(error.data).toMatchObject({ count: 10_000 });
    expect(error.data!["issues"]).toHaveLength(20);
  });

  it("in a union is told by the branch that comes nearest; a superfluous key and secrets of other objects by name only", async () => {
    const union = z.union([z.object({ kind: z.literal("a"), x: z.number() }), z.string()]);
    const strict = z.strictObject({ a: z.int() });

    expect(await refusal(() => encodeValue({ schema: union, format }, { kind: "a", x: "1" }, "v"))).toMatchObject({
      where: "v, x",
      expected: "number",
      received: '"1"',
    });
    expect(
      await refusal(() => encodeValue({ schema: strict, format }, { a: 1, b: { password: "secret" } }, "v")),
    ).toMatchObject({ expected: 'no key "b"', received: "an object" });
    expect(await refusal(() => encodeValue({ schema: z.int(), format }, "x".repeat(10_000), "v"))).toMatchObject({
      received: expect.stringMatching(/^.{0,100}$/) as string,
    });
  });

  it("keeps the place that the format found", async () => {
    expect((await refusal(() => decodeValue({ schema: z.any(), format }, utf8("[1,\n2"), "data/x.json"))).message).toBe(
      "data/x.json, line 2, column 2: this is not JSON; expected ',' or ']', received the end",
    );
    expect((await refusal(() => encodeValue({ schema: z.any(), format }, { a: 1n }, "output 'x'"))).message).toContain(
      "output 'x', a: the value cannot be written as JSON",
    );
  });
});

describe("content", () => {
  it("is fingerprint and size, and a SHA-256 where one is asked for", () => {
    expect(contentOf(utf8("abc"))).toEqual({ fingerprint: fingerprintBytes(utf8("abc")), size: 3, digest: undefined });
    // SHA-256 of "abc": FIPS 180-2, appendix B.1.
    expect(contentOf(utf8("abc"), { sha256: true }).digest).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    expect(contentOf(utf8("abc"), { sha256: true }).fingerprint).toBe(contentOf(utf8("abc")).fingerprint);
  });

  it("verifies: size, fingerprint and SHA-256 must all be as recorded", async () => {
    const recorded = contentOf(utf8("abc"), { sha256: true });

    expect(() => verifyContent(utf8("abc"), recorded, "x")).not.toThrow();
    expect(() => verifyContent(utf8("abc"), { fingerprint: recorded.fingerprint, size: 3 }, "x")).not.toThrow();
    expect(await refusal(() => verifyContent(utf8("abd"), recorded, "total[date=2026-01-02]"))).toMatchObject({
      code: "DATA_DAMAGED",
      where: "total[date=2026-01-02]",
      expected: `${recorded.fingerprint} of 3 bytes`,
      received: `${fingerprintBytes(utf8("abd"))} of 3 bytes`,
    });
    expect(await refusal(() => verifyContent(utf8("ab"), recorded, "x"))).toMatchObject({ received: "2 bytes" });
    expect(await refusal(() => verifyContent(utf8("abc"), { ...recorded, digest: "0".repeat(64) }, "x"))).toMatchObject(
      {
        expected: `SHA-256 ${"0".repeat(64)}`,
        received: `SHA-256 ${recorded.digest!}`,
      },
    );
    expect(await refusal(() => verifyContent(utf8("abd"), recorded, "x", "SOURCE_CHANGED"))).toMatchObject({
      code: "SOURCE_CHANGED",
    });
  });

  it("bytes go through untouched", () => {
    const schema = z.instanceof(Uint8Array);
    const value = Uint8Array.of(0, 255, 10);

    expect(
      decodeValue({ schema, format: bytes() }, encodeValue({ schema, format: bytes() }, value, "x") as Uint8Array, "x"),
    ).toEqual(value);
  });
});
