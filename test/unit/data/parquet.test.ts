// Parquet files: what is written is read back, by us and by the library alone, and the same rows are the same bytes.

import { readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { parquetReadObjects } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { artifact, parquet } from "stratigraph";
import { decodeValue, encodeValue } from "../../../src/data/io.ts";
import type { DeclaredArtifact } from "../../../src/graph/artifact.ts";
import { declaredArtifact } from "../../../src/graph/artifact.ts";

const Trip = z.object({
  id: z.int(),
  name: z.string(),
  kind: z.enum(["bus", "train"]),
  price: z.number().nullable(),
  paid: z.boolean().optional(),
  at: z.date(),
  big: z.bigint(),
  stops: z.array(z.string()),
});
const trips = declared(z.array(Trip));
const rows = [
  {
    id: 1,
    name: "São Paulo",
    kind: "bus",
    price: 2.5,
    paid: true,
    at: new Date("2026-01-02T03:04:05.678Z"),
    big: 2n ** 62n,
    stops: ["a"],
  },
  { id: -7, name: "", kind: "train", price: null, at: new Date(0), big: -1n, stops: [] },
];

function declared(schema: z.ZodType): DeclaredArtifact {
  return declaredArtifact(artifact({ schema, format: parquet() }))!;
}

async function written(value: unknown, one = trips): Promise<Uint8Array> {
  return await encodeValue(one, value, "here");
}

describe("parquet()", () => {
  it("reads back what it wrote, and writes the same bytes for it", async () => {
    const bytes = await written(rows);

    const read = await decodeValue(trips, bytes, "here");

    expect(read).toEqual(rows);
    expect(await written(read)).toEqual(bytes);
  });

  it("keeps null wherever a field of any kind may be null, and what a text begins with", async () => {
    const open = declared(
      z.array(z.object({ any: z.any(), one: z.union([z.int(), z.null(), z.string()]), text: z.string() })),
    );
    const values = [
      { any: null, one: null, text: "\ufeffid" },
      { any: [null], one: "null", text: "id" },
      { any: "null", one: 1, text: "" },
    ];

    expect(await decodeValue(open, await encodeValue(open, values, "here"), "here")).toEqual(values);
  });

  it("writes columns that other programs know", async () => {
    const bytes = await written(rows);

    const [first, second] = await parquetReadObjects({ file: new Uint8Array(bytes).buffer });

    expect(first).toEqual({ ...rows[0], id: 1n });
    expect(second).toMatchObject({ id: -7n, price: null, paid: null, stops: [] });
  });

  it("keeps an empty array, and more rows than one group has", async () => {
    const one = declared(z.array(z.object({ n: z.int() })));
    const many = Array.from({ length: 45_000 }, (_, n) => ({ n }));

    expect(await decodeValue(one, await written([], one), "here")).toEqual([]);
    expect(await decodeValue(one, await written(many, one), "here")).toEqual(many);
  });

  it("writes the same file row by row", async () => {
    const { format } = declared(z.array(z.object({ n: z.int() })));
    const many = Array.from({ length: 45_000 }, (_, n) => ({ n }));
    const writer = format.rows!.write();
    const pieces = many.map((row) => writer.add(row)).filter((piece) => piece !== undefined);

    expect(pieces).toHaveLength(2);
    expect(Buffer.concat([...pieces, writer.end()])).toEqual(Buffer.from(format.encode(many)));
  });

  it("reads the columns that the schema names from another program's file", async () => {
    const buffer = parquetWriteBuffer({
      columnData: [
        { name: "n", data: [1n, 2n], type: "INT64" },
        { name: "other", data: ["x", "y"], type: "STRING" },
      ],
    });
    const one = declared(z.array(z.object({ n: z.number(), missing: z.string().optional() })));

    expect(await decodeValue(one, new Uint8Array(buffer), "here")).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it("reads what another program compressed with Zstandard, in groups of its own size", async () => {
    const flights = new Uint8Array(readFileSync("node_modules/vega-datasets/data/flights-3m.parquet"));
    const Flight = declared(z.array(z.object({ date: z.date(), delay: z.int(), origin: z.string() })));
    const bytes = {
      size: flights.length,
      read: (start: number, end: number) => Promise.resolve(flights.subarray(start, end)),
      pieces: () => Promise.reject(new Error("it is read where its columns are")) as never,
    };

    let [count, largest] = [0, 0];
    let first: unknown;
    for await (const batch of Flight.format.rows!.read(bytes)) {
      first ??= batch[0];
      largest = Math.max(largest, batch.length);
      if ((count += batch.length) > 300_000) break; // well into the second group
    }

    expect(first).toEqual({ date: new Date("2001-01-01T00:01:00Z"), delay: 33, origin: "LAS" });
    expect(count).toBeGreaterThan(300_000);
    expect(largest).toBeLessThanOrEqual(1000);
  });

  it.each([
    ["GZIP", gzipSync],
    ["BROTLI", brotliCompressSync],
  ] as const)("reads what another program compressed with %s", async (codec, compress) => {
    const buffer = parquetWriteBuffer({
      columnData: [{ name: "n", data: Array.from({ length: 2_500 }, (_, n) => n % 7), type: "DOUBLE" }],
      codec,
      compressors: { [codec]: (bytes: Uint8Array) => new Uint8Array(compress(bytes)) },
    });
    const one = declared(z.array(z.object({ n: z.number() })));

    const read = (await decodeValue(one, new Uint8Array(buffer), "here")) as { n: number }[];

    expect(read.map(({ n }) => n)).toEqual(Array.from({ length: 2_500 }, (_, n) => n % 7));
  });

  it("counts the rows of a file that has none of the columns", async () => {
    const buffer = parquetWriteBuffer({ columnData: [{ name: "other", data: ["x", "y"], type: "STRING" }] });
    const one = declared(z.array(z.object({ missing: z.string().optional() })));

    expect(await decodeValue(one, new Uint8Array(buffer), "here")).toEqual([{}, {}]);
  });

  it("refuses what is no Parquet file in one sentence", async () => {
    await expect(decodeValue(trips, Buffer.from("not a file at all"), "here")).rejects.toMatchObject({
      code: "DATA_UNPARSEABLE",
      where: "here",
    });
  });

  it("names the row and the field of what a column cannot hold", () => {
    const { format } = declared(z.array(z.object({ n: z.int(), s: z.string().nullable() })));

    expect(() =>
      format.encode([
        { n: 1, s: null },
        { n: "2", s: "x" },
      ]),
    ).toThrow("row 2, field 'n': a field cannot be written");
    expect(() => format.encode([{ n: 1 }])).toThrow("row 1, field 's'");
  });

  it("refuses a schema without rows at definition", () => {
    expect(() => declared(z.number())).toThrow("parquet() holds rows with named fields");
    expect(() => declared(z.array(z.number()))).toThrow("parquet() holds rows with named fields");
    expect(() => declared(z.array(z.object({ id: z.int(), ["__proto__"]: z.string() })))).toThrow(
      "parquet() cannot hold a field named '__proto__'",
    );
  });
});
