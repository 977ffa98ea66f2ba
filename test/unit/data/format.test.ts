// What each format's files look like, and the sentence for each way they can be wrong.

import { stringify } from "csv-stringify/sync";
import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import { bytes } from "../../../src/data/format/bytes.ts";
import { inferCell } from "../../../src/data/format/csv-cell.ts";
import { splitQuoted } from "../../../src/data/format/csv-quoted.ts";
import { csv, type CsvOptions } from "../../../src/data/format/csv.ts";
import type { Format } from "../../../src/data/format/format.ts";
import { json } from "../../../src/data/format/json.ts";
import { findSyntaxProblem } from "../../../src/data/format/json-syntax.ts";
import { ndjson } from "../../../src/data/format/ndjson.ts";
import { text } from "../../../src/data/format/text.ts";
import { fc } from "../../support/random.ts";

const written = (format: Format, value: unknown): string => Buffer.from(format.encode(value)).toString();
const read = (format: Format, content: string): unknown => format.decode(Buffer.from(content));
const refusal = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  return "it was taken";
};

describe("json", () => {
  it("is one line with sorted keys, or indented", () => {
    expect(written(json(), { b: 1, a: [true, null, "é"] })).toBe('{"a":[true,null,"é"],"b":1}\n');
    expect(written(json({ indent: 2 }), { b: 1, a: {} })).toBe('{\n  "a": {},\n  "b": 1\n}\n');
    expect(written(json(), { 10: 1, 9: 2, a: 3 })).toBe(written(json(), { a: 3, 9: 2, 10: 1 }));
    expect(written(json(), { a: undefined, b: 1 })).toBe('{"b":1}\n');
    expect(json().options).toEqual({});
    expect(json({ indent: 2 }).options).toEqual({ indent: 2 });
  });

  it.each([
    ["", "the file is empty; expected one JSON value, received 0 bytes"],
    ['{\n  "a": 1,\n  "b" 2\n}', "line 3, column 7: this is not JSON; expected ':', received \"2\""],
    ["[1, 2,]", 'line 1, column 7: this is not JSON; expected a value, received "]"'],
    ['{"a": 1', "line 1, column 8: this is not JSON; expected ',' or '}', received the end"],
    ["{'a': 1}", "line 1, column 2: this is not JSON; expected a key in double quotes or '}', received \"'\""],
    ['{"é": tru}', 'line 1, column 7: this is not JSON; expected a value, received "tru"'],
    ["1 2", 'line 1, column 3: this is not JSON; expected nothing after the value, received "2"'],
    ["NaN", 'line 1, column 1: this is not JSON; expected a value, received "NaN"'],
    ['"a\nb"', 'line 1, column 3: a text holds a control character; expected an escape like \\n, received "\\n"'],
    ['"\\x"', "line 1, column 2: a text holds an unknown escape"],
    ['["a]', "line 1, column 2: a text is never closed"],
    ['{"a": {"x": 1,\n"x": 2}}', 'line 2, column 1: an object has the key "x" twice'],
    ['{"a": [1, {"__proto__": 2}]}', "a[1].__proto__: an object has the key '__proto__'"],
    ['{"a": 1e999}', "a: a number is too large; expected at most 1.8e308"],
  ])("%j is refused: %s", (content, sentence) => {
    expect(refusal(() => read(json(), content))).toContain(sentence);
  });

  it.each([
    [
      new Date(0),
      "expected texts, finite numbers, booleans, null, arrays and plain objects, received a Date. Write its ISO text",
    ],
    [{ rows: [{ amount: NaN }] }, "rows[0].amount: the value cannot be written as JSON"],
    [{ "a b": { c: 1n } }, '["a b"].c: '],
    [{ a: [1, undefined] }, "a[1]: "],
    [new (class Point { x = 1 })(), "received a Point. Write a plain object."], // prettier-ignore
    [Uint8Array.of(1), "use the bytes() format"],
    [JSON.parse('{"__proto__": 1}'), "__proto__: the value cannot be written as JSON"],
  ])("%o cannot be written: %s", (value, sentence) => {
    expect(refusal(() => json().encode(value))).toContain(sentence);
  });

  it("a value that holds itself, or is 65 levels deep, is refused; 64 levels are written and read", () => {
    const circle: unknown[] = [];
    circle.push(circle);
    let deep: unknown = 1;
    for (let level = 0; level < 64; level++) deep = [deep];

    expect(refusal(() => json().encode(circle))).toContain("received more than 64 levels");
    expect(read(json(), written(json(), deep))).toEqual(deep);
    expect(refusal(() => json().encode([deep]))).toContain("received more than 64 levels");
    expect(refusal(() => read(json(), "[".repeat(65) + "]".repeat(65)))).toContain(
      "nested too deeply; expected at most 64 levels",
    );
    expect(refusal(() => read(json(), "[".repeat(100_000)))).toContain(
      "this is not JSON; expected a value or ']', received the end",
    );
  });

  it("what JSON.parse takes has no syntax problem, and what it refuses has one", () => {
    for (const content of ["1", "-0.5e+3", " [ ] ", '{"a":{"b":[true,false,null,"\\u00e9\\n"]}}', '""', "[[],{}]"]) {
      expect(findSyntaxProblem(content)).toBeUndefined();
    }
    for (const content of ["-", "1.", ".5", "+1", "01", "tru", "[1 2]", "{,}", '{"a"}', "]", "\u00a01", '"\\u12"']) {
      expect(() => JSON.parse(content) as unknown).toThrow();
      expect(findSyntaxProblem(content)).toBeDefined();
    }
  });
});

describe("ndjson", () => {
  it("is a line for each row; empty lines and other line ends do not matter, and an empty file is no rows", () => {
    expect(written(ndjson(), [{ b: 1, a: 2 }, "x\ny"])).toBe('{"a":2,"b":1}\n"x\\ny"\n');
    expect(read(ndjson(), '{"a":1}\r\n\r\n2')).toEqual([{ a: 1 }, 2]);
    expect(read(ndjson(), "")).toEqual([]);
    expect(written(ndjson(), [])).toBe("");
  });

  it("names the line and column of what it cannot read, the row of what it cannot write", () => {
    expect(refusal(() => read(ndjson(), '{"a":1}\n\n{"a" 1}'))).toBe(
      "line 3, column 6: this is not JSON; expected ':', received \"1\"",
    );
    expect(refusal(() => ndjson().encode([1, { a: [2n] }]))).toContain(
      "row 2, a[0]: the value cannot be written as JSON",
    );
    expect(refusal(() => ndjson().encode({ a: 1 }))).toBe("NDJSON holds rows; expected an array, received an object");
  });
});

describe("csv", () => {
  const values = csv({ types: "infer" });

  it("is a header and rows in the order of the first row's fields, quoted where needed", () => {
    expect(
      written(csv(), [
        { city: "Berlin", note: 'a "b", c' },
        { city: " x", note: "" },
      ]),
    ).toBe('city,note\nBerlin,"a ""b"", c"\n" x",\n');
    expect(written(csv({ columns: ["b", "a"] }), [{ a: "1", b: "2" }])).toBe("b,a\n2,1\n");
    expect(written(csv({ columns: ["b", "a"] }), [])).toBe("b,a\n");
    expect(written(csv({ delimiter: ";" }), [{ a: "1;2", b: "3,4" }])).toBe('a;b\n"1;2";3,4\n');
    expect(written(values, [{ n: 1.5, t: "1.5", b: true, z: null, e: "" }])).toBe('n,t,b,z,e\n1.5,"1.5",true,,""\n');
  });

  it("any line ends, quotes over lines, empty lines and a missing last line end are read", () => {
    const rows = [
      { a: "1", b: "x\r\ny" },
      { a: "2", b: "" },
    ];

    for (const end of ["\n", "\r\n", "\r"]) {
      expect(read(csv(), `a,b${end}1,"x\r\ny"${end}${end}2,`)).toEqual(rows);
      expect(read(csv(), `a,b${end}1,"x\r\ny"${end}2,${end}${end}`)).toEqual(rows);
    }
    expect(read(csv(), "\ufeffa,b\r\n1,2\n3,4\r\n")).toEqual([
      { a: "1", b: "2" },
      { a: "3", b: "4" },
    ]);
    expect(read(csv(), "a,b\n")).toEqual([]);
  });

  it("infers what stands without quotes, and leaves alone what only looks like a number", () => {
    expect(read(values, 'n,i,z,t,f,e,q,x,h\n-1.5e3,12345678901234567890,007,true,false,,"","5",0x10')).toEqual([
      { n: -1500, i: "12345678901234567890", z: "007", t: true, f: false, e: null, q: "", x: "5", h: "0x10" },
    ]);
    expect(read(values, "1,true\n2,x")).toEqual([{ 1: 2, true: "x" }]);
  });

  it.each([
    ["", {}, "the file is empty; expected a first line with the names of the columns, received nothing"],
    ["a,b\n1,2\n3", {}, 'line 3: a row has the wrong number of fields; expected 2, received 1. It lacks "b".'],
    [
      "a,b\n1,2,3",
      {},
      "line 2: a row has the wrong number of fields; expected 2, received 3. A field that holds the delimiter goes in quotes.",
    ],
    ['a,b\n"x\ny",1\n"z', {}, "a quoted field is never closed"],
    ['a,b\n"x"y,1', {}, "something follows the closing quote of a field"],
    ['a,b\nx"y,1', {}, "a quote stands inside a field without quotes"],
    [
      "a,,c\n1,2,3",
      {},
      "line 1: the header is wrong; expected names that are different texts, received no name for column 2",
    ],
    ["a,a\n1,2", {}, 'received "a" twice'],
    ["__proto__\n1", {}, 'received "__proto__"'],
    [
      "date,amonut\n1,2",
      { columns: ["date", "amount"] },
      'line 1: the file lacks column "amount"; expected "date", "amount", received "date", "amonut". Did you mean "amonut"?',
    ],
    ["a,b\n1,2", { columns: ["a"] }, 'the file has a column "b" that is not declared'],
  ] as readonly (readonly [string, CsvOptions, string])[])("%j is refused: %s %s", (content, options, sentence) => {
    expect(refusal(() => read(csv(options), content))).toContain(sentence);
  });

  it.each([
    [{ a: 1 }, {}, "CSV holds rows; expected an array of objects, received an object"],
    [["x"], {}, 'row 1: CSV holds rows; expected an object with the fields of the row, received "x"'],
    [
      [{ a: 1 }],
      {},
      `row 1, field 'a': a field cannot be written; expected a text, received 1. Write a text, or use csv({ types: "infer" })`,
    ],
    [[{ a: "1" }, { a: "2", b: "3" }], {}, 'row 2: a row has the field "b", which is not a column; expected "a"'],
    [
      [{ a: "1", b: "2" }, { a: "2" }],
      {},
      "row 2, field 'b': a field cannot be written; expected a text, received undefined",
    ],
    [[{ a: new Date(0) }], { types: "infer" }, "expected a text, finite number, boolean or null, received a Date"],
  ] as readonly (readonly [unknown, CsvOptions, string])[])(
    "%o cannot be written: %s %s",
    (value, options, sentence) => {
      expect(refusal(() => csv(options).encode(value))).toContain(sentence);
    },
  );

  it("wrong options are refused when it is declared", () => {
    expect(refusal(() => csv({ delimiter: ",," }))).toContain("wrong 'delimiter'");
    for (const delimiter of ['"', "\n", "", "a", "7", ".", "-"])
      expect(refusal(() => csv({ delimiter }))).toContain("wrong 'delimiter'");
    expect(refusal(() => csv({ types: "guess" as never }))).toContain("wrong 'types'");
    expect(refusal(() => csv({ columns: ["a", "a"] }))).toContain("wrong 'columns'");
    expect(refusal(() => json({ indent: -1 }))).toContain("wrong 'indent'");
    expect(refusal(() => text({ extension: "md" }))).toContain("wrong 'extension'");
    expect(refusal(() => bytes({ extension: "/../x" }))).toContain("wrong 'extension'");
  });

  it("files without a quote, which take a short way, are read as the parser for all files reads them", () => {
    const text = fc
      .array(fc.constantFrom("a", "b", "1", ",", ",", "\n", "\r\n", "\r", " ", ";", "é", "="), { maxLength: 30 })
      .map((parts) => `x,y\n${parts.join("")}`);

    fc.assert(
      fc.property(text, (content) => {
        const [, ...records] = parse(content, { record_delimiter: ["\r\n", "\n", "\r"], relax_column_count: true });
        const expected = records.filter((record) => record.length > 1 || record[0] !== "");
        if (expected.every((record) => record.length === 2)) {
          expect(read(csv(), content)).toEqual(expected.map(([x, y]) => ({ x, y })));
        } else {
          expect(refusal(() => read(csv(), content))).toContain("a row has the wrong number of fields");
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("files without a quote are written as the writer for all files writes them", () => {
    const cell = fc
      .string({ unit: fc.constantFrom("a", "1", ".", "-", ";", "é", " ", "x") })
      .filter((text) => !/^\s|\s$/.test(text));
    const rows = fc.array(fc.record({ x: cell, y: cell }), { minLength: 1, maxLength: 5 });

    fc.assert(
      fc.property(rows, (rows) => {
        expect(written(csv(), rows)).toBe(stringify(rows, { header: true }));
      }),
    );
  });

  it("columns named like members of every object are columns like others", () => {
    const rows = read(csv(), "constructor,toString,hasOwnProperty\n1,2,3") as readonly object[];

    expect(Object.entries(rows[0]!)).toEqual([
      ["constructor", "1"],
      ["toString", "2"],
      ["hasOwnProperty", "3"],
    ]);
    expect(read(csv(), written(csv(), rows))).toEqual(rows);
  });
});

describe("text and bytes", () => {
  it("are what they are, with the extension one gives them", () => {
    expect(written(text(), "a\r\nb")).toBe("a\r\nb");
    expect(read(text(), "")).toBe("");
    expect([
      text({ extension: ".md" }).extension,
      bytes({ extension: ".tar.gz" }).extension,
      bytes({ extension: "" }).extension,
    ]).toEqual([".md", ".tar.gz", ""]);
  });
});

it("csv with quotes in their places is split as the general parser splits it", () => {
  const unit = fc.constantFrom('"', '""', ",", "\n", "\r\n", "\r", "a", "1", '"a,b"', '"x""y"', '"\n"');
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 14 }), fc.boolean(), (units, infer) => {
      const text = units.join("");
      const fast = splitQuoted(text, ",", infer, true);
      if (fast === undefined) return;
      const general: { cells: readonly unknown[]; line: number }[] = [];
      parse(text, {
        delimiter: ",",
        record_delimiter: ["\r\n", "\n", "\r"],
        relax_column_count: true,
        cast: (cell: string, { quoting, records }) => (!infer || quoting || records === 0 ? cell : inferCell(cell)),
        on_record(cells: readonly unknown[], { lines }: { readonly lines: number }): null {
          general.push({ cells, line: lines });
          return null;
        },
      });
      expect(fast.map(({ cells }) => cells)).toEqual(general.map(({ cells }) => cells));
    }),
    { numRuns: 3000 },
  );
});
