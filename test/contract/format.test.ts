// What every format promises, tried on each: the same value is the same bytes, what is written is read, what is wrong is said.

import { describe, expect, it } from "vitest";
import { bytes } from "../../src/data/format/bytes.ts";
import { csv } from "../../src/data/format/csv.ts";
import type { ByteSource, Format, RowFormat } from "../../src/data/format/format.ts";
import { json } from "../../src/data/format/json.ts";
import { ndjson } from "../../src/data/format/ndjson.ts";
import { text } from "../../src/data/format/text.ts";
import { isStratigraphError } from "../../src/errors.ts";
import { fc } from "../support/random.ts";

const safeKey = fc.string({ unit: "grapheme", maxLength: 6 }).filter((key) => key !== "__proto__");
const jsonValue = fc
  .jsonValue({ maxDepth: 4, stringUnit: "grapheme" })
  .map(
    (value) =>
      JSON.parse(JSON.stringify(value), (key, inner: unknown) =>
        Object.is(inner, -0) ? 0 : key === "__proto__" ? undefined : inner,
      ) as unknown,
  );
const column = safeKey.filter((key) => key !== "");
const rows = (cell: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> =>
  fc.uniqueArray(column, { minLength: 1, maxLength: 4 }).chain((names) =>
    fc.array(
      fc
        .tuple(...names.map(() => cell))
        .map((cells) => Object.fromEntries(names.map((name, index) => [name, cells[index]]))),
      { maxLength: 6 },
    ),
  );
const cellText = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 8 }),
  fc.string({
    unit: fc.constantFrom('"', ",", ";", "\n", "\r", " ", "\t", "a", "1", ".", "\u{feff}", "="),
    maxLength: 6,
  }),
  fc.constantFrom("", "true", "null", "1e5", "007", "-0", "12345678901234567890", "=1+1"),
);
const cellScalar = fc.oneof(
  cellText,
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);

/** Each format with values it can hold, values it cannot, and bytes it cannot read. */
const formats: readonly (readonly [string, Format, fc.Arbitrary<unknown>, readonly unknown[], readonly string[]])[] = [
  [
    "json",
    json(),
    jsonValue,
    [undefined, NaN, Infinity, 1n, new Date(0), new Map(), () => 1, Symbol("x"), [undefined], { a: [1, { b: 2n }] }],
    ["", " \n", "{", "{a:1}", "[1,]", "01", "1 2", "NaN", '{"a":1,"a":2}', '{"__proto__":1}', "1e999"],
  ],
  ["json, indented", json({ indent: 2 }), jsonValue, [new Set([1])], ['{"a": }']],
  [
    "ndjson",
    ndjson(),
    fc.array(jsonValue, { maxLength: 5 }),
    [1, { a: 1 }, [1n], [undefined]],
    ["1\n{\n2", "1 2", '{"a":1,"a":1}'],
  ],
  [
    "csv of texts",
    csv(),
    rows(cellText),
    [1, [1], [[]], [{ a: 1 }], [{ a: null }], [{ a: "1" }, { b: "2" }], [{}], [{ "": "x" }]],
    ["", " ", "a,a\n1,2", "a,\n1,2", "__proto__\n1", "a,b\n1", "a,b\n1,2,3", 'a\n"x', 'a\n"x"y', 'a\nx"y"'],
  ],
  [
    "csv of values",
    csv({ types: "infer" }),
    rows(cellScalar),
    [[{ a: 1n }], [{ a: NaN }], [{ a: undefined }], [{ a: [1] }], [{ a: new Date(0) }]],
    [""],
  ],
  ["csv with tabs", csv({ delimiter: "\t" }), rows(cellText), [[{ a: {} }]], ["a\tb\n1"]],
  ["text", text(), fc.string({ unit: "grapheme" }), [1, null, undefined, ["x"], "\ud800"], []],
  ["bytes", bytes(), fc.uint8Array(), ["x", null, [1, 2], new ArrayBuffer(1)], []],
];

describe.each(formats)("%s", (_, format, values, wrongValues, wrongFiles) => {
  it("is frozen plain data that says what counts in fingerprints", () => {
    expect(Object.isFrozen(format)).toBe(true);
    expect(Object.isFrozen(format.options)).toBe(true);
    expect(JSON.parse(JSON.stringify(format.options))).toEqual(format.options);
    expect(format.extension).toMatch(/^\.[a-z]+$/);
  });

  it("what was written is read back the same, and written again is the same bytes", () => {
    fc.assert(
      fc.property(values, (value) => {
        const written = format.encode(value);
        const read = format.decode(written);
        expect(read).toEqual(value);
        expect(Buffer.compare(format.encode(read), written)).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it("writing changes nothing in the value, and works on one that is frozen", () => {
    fc.assert(
      fc.property(values, (value) => {
        if (value instanceof Uint8Array) return;
        const before = structuredClone(value);
        const frozen = deepFreeze(value);
        format.encode(frozen);
        expect(value).toEqual(before);
      }),
      { numRuns: 50 },
    );
  });

  it("a value it cannot hold is refused with DATA_INVALID, saying what was expected and received", () => {
    for (const value of wrongValues) {
      const error = thrown(() => format.encode(value));
      expect(error).toMatchObject({ code: "DATA_INVALID" });
    }
  });

  it("bytes it cannot read are refused with DATA_UNPARSEABLE, never with anything else", () => {
    for (const file of wrongFiles)
      expect(
        thrown(() => format.decode(Buffer.from(file))),
        JSON.stringify(file),
      ).toMatchObject({ code: "DATA_UNPARSEABLE" });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.string({ unit: fc.constantFrom(...'{}[],:"\\ \n\r1ae-.;u0\t') }).map((s) => Buffer.from(s)),
        ),
        (noise) => {
          try {
            format.decode(noise);
          } catch (error) {
            expect(error).toMatchObject({ code: "DATA_UNPARSEABLE" });
          }
        },
      ),
      { numRuns: 1000 },
    );
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("cut short anywhere, it is read as less or refused, but never breaks", () => {
    fc.assert(
      fc.property(values, fc.nat(), (value, cut) => {
        const written = format.encode(value);
        try {
          format.decode(written.subarray(0, cut % (written.byteLength + 1)));
        } catch (error) {
          expect(isStratigraphError(error)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("every text format", () => {
  it.each(formats.filter(([name]) => name !== "bytes"))(
    "%s: a byte order mark is not data, and what is not UTF-8 is told by its offset",
    (_, format) => {
      const value =
        format.kind === "csv" ? [{ a: "1" }] : format.kind === "text" ? "a" : format.kind === "ndjson" ? [1] : 1;
      const written = format.encode(value);

      expect(format.decode(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), written]))).toEqual(value);
      const broken = thrown(() =>
        format.decode(Buffer.concat([Buffer.from('"aé'), Buffer.from([0xff]), Buffer.from('"')])),
      );
      expect(broken).toMatchObject({ code: "DATA_UNPARSEABLE", where: "byte 4", received: "byte 0xFF" });
      const utf16 = thrown(() => format.decode(Buffer.from("\u{feff}hello é\ud83d\ude00", "utf16le")));
      expect(utf16).toMatchObject({ received: "UTF-16 (little endian)", hint: "Save the file as UTF-8." });
    },
  );
});

function thrown(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return "nothing was thrown";
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}

describe.each(formats.filter(([, format]) => format.rows !== undefined))("%s, row by row", (name, format, values) => {
  const { rows } = format;

  it("writes the bytes that the whole value has", () => {
    fc.assert(
      fc.property(arrays(name, values), (all) => {
        expect(Buffer.concat(written(rows!, all)).toString()).toBe(Buffer.from(format.encode(all)).toString());
      }),
    );
  });

  it("reads the rows that the whole value has, wherever the pieces are cut", async () => {
    await fc.assert(
      fc.asyncProperty(arrays(name, values), fc.integer({ min: 1, max: 40 }), async (all, size) => {
        const bytes = format.encode(all);
        expect(await readAll(rows!, bytes, size)).toEqual(format.decode(bytes));
      }),
    );
  });
});

function arrays(name: string, values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> {
  return name.startsWith("json") ? fc.array(values, { maxLength: 5 }) : (values as fc.Arbitrary<unknown[]>);
}

function written(rows: RowFormat, all: readonly unknown[]): Uint8Array[] {
  const writer = rows.write();
  const pieces = all.map((row) => writer.add(row) ?? new Uint8Array());
  return [...pieces, writer.end()];
}

async function readAll(rows: RowFormat, bytes: Uint8Array, size: number): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const batch of rows.read(inPieces(bytes, size))) found.push(...batch);
  return found;
}

function inPieces(bytes: Uint8Array, size: number): ByteSource {
  return {
    size: bytes.length,
    async *pieces() {
      for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
    },
    read: (start, end) => Promise.resolve(bytes.subarray(start, end)),
  };
}
