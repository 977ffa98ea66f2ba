// Partitions of an older schema, read with the present one.

import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  artifact,
  csv,
  graph,
  integers,
  literal,
  memory,
  ndjson,
  parquet,
  producer,
  stream,
  type Backend,
  type Format,
  type GraphArtifact,
  type RowValidation,
  type Snapshot,
  type UpcastFrom,
  type Upcast,
} from "../../../src/index.ts";
import { openWorkspace } from "../../../src/build/workspace.ts";
import { replayPartition } from "../../../src/operations/replay.ts";

const Old = z.array(z.object({ id: z.int(), price: z.string() }));
const New = z.array(z.object({ id: z.int(), price: z.number(), currency: z.enum(["EUR", "USD"]).default("EUR") }));
const rows = [
  { id: 1, price: "1.50" },
  { id: 2, price: "2" },
];

/** Prices as they are declared by a schema, and how many there are. Each call is the graph at another time. */
function prices<S extends z.ZodType<readonly unknown[]>>(
  schema: S,
  given: z.input<S>,
  more: {
    readonly format?: Format;
    readonly validate?: RowValidation;
    readonly upcasts?: (from: UpcastFrom<z.input<S>>) => readonly Upcast[];
  } = {},
) {
  const Prices = artifact({ schema, ...more });
  const make = producer({ name: "make", version: "1", inputs: {}, output: Prices, build: () => given });
  const Count = artifact({ schema: z.number() });
  const count = producer({
    name: "count",
    version: "1",
    inputs: { prices: Prices },
    output: Count,
    build: ({ prices: all }) => all.length,
  });
  return graph("shop", () => {
    const made = make({});
    return { prices: made, count: count({ prices: made }) };
  });
}

async function rowsOf<V extends readonly unknown[], G extends string>(
  snapshot: Snapshot<G>,
  of: GraphArtifact<V, {}, G>,
): Promise<V[number][]> {
  const all: V[number][] = [];
  for await (const row of snapshot.stream(of)) all.push(row);
  return all;
}

async function written(
  schema: z.ZodType<readonly unknown[]>,
  given: unknown,
  more: { readonly format?: Format } = {},
): Promise<{ readonly backend: Backend; readonly id: string }> {
  const backend = memory();
  const { id } = await prices(schema, given as never, more).build({ backend });
  return { backend, id };
}

const byRow = (from: UpcastFrom<z.input<typeof New>>) => [
  from.rows(Old, (row) => ({ id: row.id, price: Number(row.price), currency: "USD" as const })),
];
const now = [
  { id: 1, price: 1.5, currency: "USD" },
  { id: 2, price: 2, currency: "USD" },
];

describe("a partition of an older schema", () => {
  it("is read as it is where it fits the present schema", async () => {
    const { backend, id } = await written(Old, rows);
    const Wider = z.array(z.object({ id: z.int(), price: z.union([z.string(), z.number()]), note: z.string().optional() })); // prettier-ignore
    const later = prices(Wider, []);

    const old = await later.snapshot(id, { backend });

    expect(await old.read(later.artifacts.prices)).toEqual(rows);
    expect(await rowsOf(old, later.artifacts.prices)).toEqual(rows);
  });

  it("that does not fit is refused, naming field, schema, snapshot and what to do", async () => {
    const { backend, id } = await written(Old, rows.slice(1));
    const later = prices(New, []);
    const old = await later.snapshot(id, { backend });
    const reading = () => old.read(later.artifacts.prices);
    const sentence = new RegExp(
      `^prices, \\[0\\]\\.price: written under the older schema [0-9a-f]{8} of snapshot ${id.slice(0, 8)}, the value does ` +
        'not fit the schema; expected number, received "2"\\. Declare how it is read now: .*upcasts',
    );

    await expect(reading()).rejects.toMatchObject({ code: "DATA_INVALID", data: { snapshot: id, count: 1 } });
    await expect(reading()).rejects.toThrow(sentence);
    await expect(rowsOf(old, later.artifacts.prices)).rejects.toThrow(
      /row.*|\[0\]\.price: written under the older schema/,
    );
  });

  it("goes through the upcast from its schema, whole or row by row", async () => {
    const { backend, id } = await written(Old, rows);
    const whole = prices(New, [], {
      upcasts: (from) => [from(Old, (all) => all.map(({ id: n, price }) => ({ id: n, price: Number(price), currency: "USD" })))], // prettier-ignore
    });
    const single = prices(New, [], { upcasts: byRow });

    expect(await (await whole.snapshot(id, { backend })).read(whole.artifacts.prices)).toEqual(now);
    const old = await single.snapshot(id, { backend });
    expect(await old.read(single.artifacts.prices)).toEqual(now);
    expect(await rowsOf(old, single.artifacts.prices)).toEqual(now);
  });

  it("goes through it also where the value would fit, so that all partitions of a schema are read in one way", async () => {
    const Cents = z.array(z.object({ price: z.number().nullable() }));
    const Euros = z.array(z.object({ price: z.number() }));
    const { backend, id } = await written(Cents, [{ price: 150 }]);
    const later = prices(Euros, [], { upcasts: (from) => [from.rows(Cents, ({ price }) => ({ price: (price ?? 0) / 100 }))] }); // prettier-ignore

    const old = await later.snapshot(id, { backend });

    expect(await old.read(later.artifacts.prices)).toEqual([{ price: 1.5 }]);
    expect(await rowsOf(old, later.artifacts.prices)).toEqual([{ price: 1.5 }]);
  });

  it("is parsed by its own schema before, and by the present one after", async () => {
    const Dated = z.array(z.object({ day: z.iso.date().transform((text) => new Date(text)) }));
    const Trimmed = z.array(z.object({ year: z.string().transform(Number) }));
    const { backend, id } = await written(Dated, [{ day: "2026-01-02" }]);
    const later = prices(Trimmed, [], {
      upcasts: (from) => [from.rows(Dated, ({ day }) => ({ year: String(day.getUTCFullYear()) }))],
    });

    expect(await (await later.snapshot(id, { backend })).read(later.artifacts.prices)).toEqual([{ year: 2026 }]);
  });

  it("is told apart by its schema among several", async () => {
    const Oldest = z.array(z.string());
    const graphs = prices(New, [], {
      upcasts: (from) => [
        from(Oldest, (all) => all.map((price, index) => ({ id: index + 1, price: Number(price), currency: "USD" }))),
        ...byRow(from),
      ],
    });
    const backend = memory();
    const first = await prices(Oldest, ["1.50", "2"]).build({ backend });
    const second = await prices(Old, rows).build({ backend });

    for (const { id } of [first, second]) {
      expect(await (await graphs.snapshot(id, { backend })).read(graphs.artifacts.prices)).toEqual(now);
    }
  });

  it.each([
    ["csv to ndjson", csv(), ndjson()],
    ["parquet to parquet", parquet(), parquet()],
    ["ndjson to parquet", ndjson(), parquet()],
  ])("is decoded in the format it was written in: %s", async (_, before, after) => {
    const Text = z.array(z.object({ id: z.string(), price: z.string() }));
    const { backend, id } = await written(Text, [{ id: "1", price: "1.50" }], { format: before });
    const later = prices(New, [], {
      format: after,
      upcasts: (from) => [
        from.rows(Text, (row) => ({ id: Number(row.id), price: Number(row.price), currency: "USD" })),
      ],
    });
    const old = await later.snapshot(id, { backend });

    expect(await old.read(later.artifacts.prices)).toEqual(now.slice(0, 1));
    expect(await rowsOf(old, later.artifacts.prices)).toEqual(now.slice(0, 1));
  });

  it("has every row parsed, also where only a sample of rows is validated", async () => {
    const { backend, id } = await written(Old, rows);
    const Numbers = z.array(z.object({ id: z.int(), price: z.number() }));
    const later = prices(Numbers, [], { validate: { rows: "none" } });
    const cast = prices(Numbers, [], {
      validate: { rows: "none" },
      upcasts: (from) => [from.rows(Old, (row) => ({ ...row, price: row.id === 2 ? Number.NaN : 1 }))],
    });

    for (const one of [later, cast]) {
      const old = await one.snapshot(id, { backend });
      await expect(old.read(one.artifacts.prices)).rejects.toMatchObject({ code: "DATA_INVALID" });
      await expect(rowsOf(old, one.artifacts.prices)).rejects.toMatchObject({
        code: "DATA_INVALID",
      });
    }
  });

  it("is found under the key that its artifact had", async () => {
    const { backend, id } = await written(Old, rows);
    const Offers = artifact({ schema: New, upcasts: byRow });
    const make = producer({ name: "make", version: "1", inputs: {}, output: Offers, build: () => [] });
    const later = graph("shop", () => ({ offers: make({}) }), { was: { offers: "prices" } });

    expect(await (await later.snapshot(id, { backend })).read(later.artifacts.offers)).toEqual(now);
  });

  it("of a source is read the same way", async () => {
    const backend = memory();
    const source = <S extends z.ZodType>(schema: S, value: z.input<S>, upcasts?: (from: UpcastFrom<z.input<S>>) => Upcast[]) => {
      const Value = artifact({ schema, partitionBy: { n: integers() }, upcasts });
      const Copy = artifact({ schema: z.unknown(), partitionBy: { n: integers() } });
      const copy = producer({ name: "copy", version: "1", inputs: { value: Value }, output: Copy, build: () => 1 });
      return graph("g", () => {
        const given = Value.from(literal.partitions([{ key: { n: 1 }, value }]));
        return { given, copy: copy({ value: given }) };
      });
    }; // prettier-ignore
    const { id } = await source(z.string(), "5").build({ backend });
    const later = source(z.number(), 7, (from) => [from(z.string(), Number)]);

    const old = await later.snapshot(id, { backend });

    expect(await old.read(later.artifacts.given, { n: 1 })).toBe(5);
  });
});

describe("an upcast", () => {
  it("whose result does not fit the schema is named, with the field", async () => {
    const { backend, id } = await written(Old, rows);
    const later = prices(New, [], { upcasts: (from) => [from.rows(Old, (row) => ({ ...row, price: Number(`${row.price}!`) }))] }); // prettier-ignore
    const old = await later.snapshot(id, { backend });

    await expect(old.read(later.artifacts.prices)).rejects.toThrow(
      /^prices: given by the upcast from schema [0-9a-f]{8}, the value does not fit the schema in 2 places\n {2}\[0\]\.price: expected number, received NaN/,
    );
    await expect(rowsOf(old, later.artifacts.prices)).rejects.toThrow(
      /\[0\]\.price: given by the upcast from schema [0-9a-f]{8}, the value does not fit/,
    );
  });

  it("that throws is named, with the row", async () => {
    const { backend, id } = await written(Old, rows);
    const later = prices(New, [], {
      upcasts: (from) => [
        from.rows(Old, (row) => {
          if (row.id === 2) throw new Error("no rate");
          return { ...row, price: 1 };
        }),
      ],
    });
    const old = await later.snapshot(id, { backend });
    const sentence = /row 2: the upcast from schema [0-9a-f]{8} threw an error; received no rate/;

    await expect(old.read(later.artifacts.prices)).rejects.toThrow(sentence);
    await expect(rowsOf(old, later.artifacts.prices)).rejects.toThrow(sentence);
  });

  it("of the whole value is refused for a stream, which never has it", async () => {
    const { backend, id } = await written(Old, rows);
    const later = prices(New, [], { upcasts: (from) => [from(Old, () => [])] });
    const old = await later.snapshot(id, { backend });

    await expect(rowsOf(old, later.artifacts.prices)).rejects.toThrow(/the upcast takes the whole value.*from\.rows/);
  });

  it.each([
    ["a list", [], "upcasts are given by a function"],
    ["no list", () => 5, "upcasts are given as a list"],
    ["a schema", () => [z.string()], "this is not an upcast"],
    ["no function", (from: any) => [from(z.string())], "an upcast needs a function"],
    ["no schema", (from: any) => [from(5, Number)], "this is not a zod 4 schema"],
    ["the present schema", (from: any) => [from(z.number().describe("n"), Number)], "from the schema that the artifact has"], // prettier-ignore
    ["one schema twice", (from: any) => [from(z.string(), Number), from(z.string(), Number)], "two upcasts are from the same schema"], // prettier-ignore
    ["rows of none", (from: any) => [from.rows(z.string(), Number)], "no rows that can be taken one by one"],
    ["rows for none", (from: any) => [from.rows(z.array(z.string()), Number)], "gives rows, and this schema has none"],
  ])("is refused that is %s", (_, upcasts, sentence) => {
    expect(() => artifact({ schema: z.number(), upcasts: upcasts as never })).toThrow(
      expect.objectContaining({ message: expect.stringContaining(sentence) as string }),
    );
  });

  it("builds nothing again, and is never used by a build", async () => {
    const { backend } = await written(New, [{ id: 1, price: 1 }]);
    const never = () => {
      throw new Error("used");
    };

    const { result } = await prices(New, [], { upcasts: (from) => [from(Old, never)] }).build({ backend });

    expect(result).toMatchObject({ built: 0 });
  });

  it("does not make a pinned result of an older schema usable, which is refused", async () => {
    const { backend } = await written(Old, rows);
    await prices(Old, rows).pin("prices", { backend, why: "agreed" });

    await expect(prices(New, [], { upcasts: byRow }).build({ backend })).rejects.toMatchObject({ code: "PIN_INVALID" });
  });
});

describe("what reads history reads it through upcasts too:", () => {
  it("a replay, whose producer gets the inputs of then as they are declared now", async () => {
    const { backend, id } = await written(Old, rows);
    const without = prices(New, []);
    const later = prices(New, [], { upcasts: byRow });
    await using workspace = await openWorkspace({ backend });
    const { connection } = workspace;
    const snapshot = (await connection.readSnapshot(id as never))!;
    const [partition] = (await connection.readSnapshotPartitions(snapshot.id, "count")).items;
    const target = { key: "count", partition: partition! };

    const replay = await replayPartition(workspace, later.definition, snapshot, target);

    expect(replay).toMatchObject({ same: true, sameProducer: false });
    await expect(replayPartition(workspace, without.definition, snapshot, target)).rejects.toThrow(
      /written under the older schema [0-9a-f]{8}, the value .*\[0\]\.price: expected number/s,
    );
  });

  it("quarantine", async () => {
    const backend = memory();
    const refusing = <S extends z.ZodType>(schema: S, value: z.input<S>, upcasts?: (from: UpcastFrom<z.input<S>>) => Upcast[]) => {
      const Value = artifact({ schema, upcasts, checks: { never: () => "no" } });
      const make = producer({ name: "make", version: "1", inputs: {}, output: Value, build: () => value });
      return graph("g", () => ({ value: make({}) }));
    }; // prettier-ignore
    await expect(refusing(z.string(), "5").build({ backend })).rejects.toThrow();

    const [entry] = await refusing(z.number(), 7, (from) => [from(z.string(), Number)]).quarantined("value", { backend }); // prettier-ignore
    const [other] = await refusing(z.number(), 7).quarantined("value", { backend });

    expect(await entry!.read()).toBe(5);
    await expect(other!.read()).rejects.toThrow(/written under the older schema/);
  });

  it("a stream that a build reads is not touched by them", async () => {
    const Rows = artifact({ schema: New, upcasts: byRow, format: ndjson() });
    const Sum = artifact({ schema: z.number() });
    const sum = producer({
      name: "sum",
      version: "1",
      inputs: { rows: stream(Rows) },
      output: Sum,
      async build({ rows: all }) {
        let total = 0;
        for await (const { price } of all) total += price;
        return total;
      },
    });
    const sums = graph("sums", () => {
      const all = Rows.from(literal([{ id: 1, price: 4 }]));
      return { all, sum: sum({ rows: all }) };
    });
    const backend = memory();

    const snapshot = await sums.build({ backend });

    expect(await snapshot.read(sums.artifacts.sum)).toBe(4);
  });
});
