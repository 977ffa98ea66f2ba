// SQL is text and values, never mixed.

import { describe, expect, it } from "vitest";
import { eachChunk, isPlain, rows, sql, textOf, valuesOf } from "../../../src/backend/sql/statement.ts";
import { decodeJson, encodeJson } from "../../../src/backend/json-text.ts";
import type { Json } from "../../../src/backend/records.ts";
import { fc } from "../../support/random.ts";

const dollar = (n: number): string => `$${n}`;

describe("a statement", () => {
  it("has a placeholder for each value, numbered through its pieces", () => {
    const where = sql`AND c = ${3}`;
    const statement = sql`SELECT ${sql`a, b`} FROM t WHERE a = ${1} AND b IN (${"x"}) ${where} ${sql``}LIMIT ${undefined}`;

    expect(textOf(statement, dollar)).toBe("SELECT a, b FROM t WHERE a = $1 AND b IN ($2) AND c = $3 LIMIT $4");
    expect(valuesOf(statement)).toEqual([1, "x", 3, null]);
    expect(isPlain(statement)).toBe(false);
  });

  it("never has a value in its text", () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const statement = sql`SELECT * FROM t WHERE a = ${value}`;

        expect(textOf(statement, () => "?")).toBe("SELECT * FROM t WHERE a = ?");
        expect(valuesOf(statement)).toEqual([value]);
        expect(isPlain(statement)).toBe(true);
      }),
    );
  });

  it("takes bytes as a value and rows as rows", () => {
    const statement = sql`INSERT INTO t VALUES ${rows([
      [1, new Uint8Array([7])],
      [undefined, "x"],
    ])}`;

    expect(textOf(statement, dollar)).toBe("INSERT INTO t VALUES ($1, $2), ($3, $4)");
    expect(valuesOf(statement)).toEqual([1, new Uint8Array([7]), null, "x"]);
  });

  it("of the same template is the same to a cache", () => {
    const make = (n: number): TemplateStringsArray => sql`SELECT ${n}`.strings;

    expect(make(1)).toBe(make(2));
  });
});

describe("chunks", () => {
  it("hold the whole list in order, in three sizes", () => {
    for (const length of [0, 1, 7, 8, 63, 64, 65, 200]) {
      const list = Array.from({ length }, (_, i) => i);
      const chunks = [...eachChunk(list)];

      expect(chunks.flat()).toEqual(list);
      expect(chunks.filter((chunk) => ![64, 8, 1].includes(chunk.length))).toEqual([]);
    }
  });
});

describe("JSON as text", () => {
  it("comes back exactly as it was, or is refused", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: false }), (value) => {
        let text: string;
        try {
          text = encodeJson(value as Json, "value");
        } catch (error) {
          expect(error).toMatchObject({ code: "RECORD_INVALID" });
          return;
        }
        expect(decodeJson(text, "value")).toStrictEqual(value);
        expect(JSON.stringify(decodeJson(text, "value"))).toBe(text);
        expect(text.includes("\0")).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it("that is not JSON any more means a damaged database", () => {
    expect(() => decodeJson("{", "description")).toThrowError(expect.objectContaining({ code: "BACKEND_CORRUPT" }));
  });
});
