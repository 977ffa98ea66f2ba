// Values to bytes and back, through real files and through the backend. After Artigraph's io tests.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import {
  all,
  artifact,
  bytes,
  csv,
  daily,
  graph,
  json,
  literal,
  local,
  ndjson,
  optional,
  producer,
  text,
  type Format,
} from "stratigraph";
import { describe, expect, it } from "vitest";
import { backendKinds, did, keysOf, Place, refusal, utf8 } from "./support.ts";

const Count = artifact({ schema: z.int() });
const Days = artifact({ schema: z.int(), partitionBy: { date: daily() } });
const sum = producer({
  name: "sum",
  version: "1.0.0",
  inputs: { days: all(Days) },
  output: Count,
  build: ({ days }) => days.reduce((total, day) => total + day.value, 0),
});

describe.each(backendKinds)("values, remembered in %s", (kind) => {
  it("102 · every format reads back from a file what was written to it", async () => {
    const formats: readonly (readonly [Format, z.ZodType, unknown])[] = [
      [json(), z.json(), { list: [1, 2.5, null, true], text: 'ü \u0000 "' }],
      [
        ndjson(),
        z.array(z.object({ id: z.int(), name: z.string() })),
        [
          { id: 1, name: "a\nb" },
          { id: 2, name: "" },
        ],
      ],
      [
        csv(),
        z.array(z.record(z.string(), z.string())),
        [
          { name: "Ada", said: 'a "b",\n c' },
          { name: "", said: " " },
        ],
      ],
      [text(), z.string(), "eins\r\nzwei"],
      [bytes(), z.custom<Uint8Array>((value) => value instanceof Uint8Array), new Uint8Array([0, 13, 10, 255])],
    ];
    for (const [format, schema, value] of formats) {
      using place = new Place(kind);
      const Value = artifact({ schema, format, storage: local("out/{input_fingerprint}{extension}") });
      const make = producer({ name: "make", version: "1.0.0", inputs: {}, output: Value, build: () => value });
      const made = graph("made", () => ({ value: make() }));

      const snapshot = await made.build(place.here);

      expect(await snapshot.read(made.artifacts.value), format.kind).toEqual(value);
      expect(place.files("out"), format.kind).toEqual([expect.stringMatching(/^[0-9a-f]{32}-/)]);
    }
  });

  it("104 · a source without any partition stops what needs it, unless its absence is allowed", async () => {
    using place = new Place(kind);
    const careful = producer({
      name: "careful",
      version: "1.0.0",
      inputs: { days: optional(all(Days)) },
      output: Count,
      build: ({ days }) => days?.length ?? 0,
    });
    const strict = graph("strict", () => {
      const days = Days.from(local("days/{date}.json"));
      return { days, total: sum({ days }) };
    });
    const lenient = graph("lenient", () => {
      const days = Days.from(local("days/{date}.json"));
      return { days, count: careful({ days }) };
    });

    await expect(strict.build(place.here)).rejects.toEqual(refusal("SOURCE_MISSING", "source 'days'"));
    expect(await (await lenient.build(place.here)).read(lenient.artifacts.count)).toBe(0);
  });

  it("106 · a partitioned result is written, found and read partition by partition", async () => {
    using place = new Place(kind);
    const Placed = artifact({
      schema: z.int(),
      partitionBy: { date: daily() },
      storage: local("out/{date}/{input_fingerprint}.json"),
    });
    const copy = producer({
      name: "copy",
      version: "1.0.0",
      inputs: { days: Days },
      output: Placed,
      build: ({ days }) => days * 10,
    });
    const copied = graph("copied", () => {
      const days = Days.from(local("in/{date}.json"));
      return { days, copies: copy({ days }) };
    });
    for (const day of [1, 2, 3]) place.writeJson(`in/2026-01-0${day}.json`, day);

    const snapshot = await copied.build(place.here);

    expect(place.files("out").map((file) => file.slice(0, 10))).toEqual(["2026-01-01", "2026-01-02", "2026-01-03"]);
    const keys = await keysOf(snapshot.keys(copied.artifacts.copies));
    expect(keys).toEqual([{ date: "2026-01-01" }, { date: "2026-01-02" }, { date: "2026-01-03" }]);
    expect(await Promise.all(keys.map((key) => snapshot.read(copied.artifacts.copies, key)))).toEqual([10, 20, 30]);
  });

  it("107 · a literal is one partition, or as many as are listed", async () => {
    using place = new Place(kind);
    const listed = graph("listed", () => {
      const one = Count.from(literal(1));
      const days = Days.from(
        literal.partitions([
          { key: { date: "2026-01-01" }, value: 1 },
          { key: { date: "2026-01-02" }, value: 2 },
        ]),
      );
      return { one, days, total: sum({ days }) };
    });

    const snapshot = await listed.build(place.here);

    expect(await snapshot.read(listed.artifacts.one)).toBe(1);
    expect(await snapshot.read(listed.artifacts.days, { date: "2026-01-02" })).toBe(2);
    expect(await snapshot.read(listed.artifacts.total)).toBe(3);
  });

  it("107 · a result can be kept by the backend itself, also where it has a folder for files", async () => {
    using place = new Place(kind);
    const Kept = artifact({ schema: z.int(), partitionBy: { date: daily() }, storage: literal() });
    const copy = producer({
      name: "copy",
      version: "1.0.0",
      inputs: { days: Days },
      output: Kept,
      build: ({ days }) => days,
    });
    const copied = graph("copied", () => {
      const days = Days.from(literal.partitions([{ key: { date: "2026-01-01" }, value: 7 }]));
      return { days, kept: copy({ days }) };
    });

    const snapshot = await copied.build(place.here);

    const { items } = await place.connected((c) => c.readSnapshotPartitions(snapshot.id, "kept"));
    expect(items.map(({ storage, value }) => [storage, utf8(value).trim()])).toEqual([["literal", "7"]]);
    expect(place.files(".strata/data")).toEqual([]);
    expect(await snapshot.read(copied.artifacts.kept, { date: "2026-01-01" })).toBe(7);
  });

  it("108 · every reader gets a value of its own, so changing one changes nothing else", async () => {
    using place = new Place(kind);
    const List = artifact({ schema: z.array(z.int()) });
    const spoil = producer({
      name: "spoil",
      version: "1.0.0",
      inputs: { list: List },
      output: Count,
      build: ({ list }) => (list.push(99), list.length),
    });
    const spoiled = graph("spoiled", () => {
      const list = List.from(literal([1, 2]));
      return { list, first: spoil({ list }), second: spoil({ list }) };
    });

    const snapshot = await spoiled.build(place.here);
    const value = await snapshot.read(spoiled.artifacts.list);
    value.push(100);

    expect(await snapshot.read(spoiled.artifacts.first)).toBe(3);
    expect(await snapshot.read(spoiled.artifacts.second)).toBe(3);
    expect(await snapshot.read(spoiled.artifacts.list)).toEqual([1, 2]);
  });

  it("109 · a new result goes to a new place; the one before it stays readable where it is", async () => {
    using place = new Place(kind);
    const Placed = artifact({ schema: z.int(), storage: local("out/{input_fingerprint}.json") });
    const copy = producer({
      name: "copy",
      version: "1.0.0",
      inputs: { x: Count },
      output: Placed,
      build: ({ x }) => x,
    });
    const copied = graph("copied", () => {
      const x = Count.from(local("x.json"));
      return { x, y: copy({ x }) };
    });
    place.writeJson("x.json", 1);
    const before = await copied.build(place.here);
    place.writeJson("x.json", 2);

    const after = await copied.build(place.here);

    expect(place.files("out")).toHaveLength(2);
    expect(await before.read(copied.artifacts.y)).toBe(1);
    expect(await after.read(copied.artifacts.y)).toBe(2);
  });

  it("109 · running a step again by force leaves the bytes of the first run alone", async () => {
    using place = new Place(kind);
    const Placed = artifact({ schema: z.int(), storage: local("out/{input_fingerprint}.json") });
    const make = producer({ name: "make", version: "1.0.0", inputs: {}, output: Placed, build: () => 1 });
    const made = graph("made", () => ({ y: make() }));
    await made.build(place.here);
    const [first] = place.files("out");

    const snapshot = await made.build({ ...place.here, force: true });

    expect(did(snapshot)).toEqual({ built: 1, reused: 0 });
    expect(place.files("out")).toContain(first);
    expect(place.files("out")).toHaveLength(2);
  });
});

describe("what cannot be read", () => {
  it("105 · a partitioned input of an unpartitioned output must say what becomes of its partitions", () => {
    expect(() =>
      producer({
        name: "scalar",
        version: "1.0.0",
        // @ts-expect-error dimension 'date' is missing here
        inputs: { days: Days },
        output: Count,
        build: () => 1,
      }),
    ).toThrow(refusal("GRAPH_INVALID", "dimension 'date' is missing here: use all(), window() or latest()"));
  });

  it("104 · a file that cannot be decoded fails what reads it, naming file, row and column", async () => {
    using place = new Place();
    place.write("x.json", '{\n  "a": 1,\n  "b" 2\n}');
    const Value = artifact({ schema: z.json() });
    const look = producer({ name: "look", version: "1.0.0", inputs: { x: Value }, output: Count, build: () => 1 });
    const broken = graph("broken", () => {
      const x = Value.from(local("x.json"));
      return { x, y: look({ x }) };
    });

    const error = await broken.build(place.here).catch((thrown: unknown) => thrown);

    const cause = refusal("DATA_UNPARSEABLE", "x.json");
    expect(error).toMatchObject({ code: "BUILD_FAILED", cause });
    expect((error as Error).message).toMatch(/line 3/);
  });

  it("106 · a folder where a source file should be is not taken for one", async () => {
    using place = new Place();
    mkdirSync(join(place.folder, "in/2026-01-01.json"), { recursive: true });
    place.writeJson("in/2026-01-02.json", 2);
    const source = graph("source", () => ({ days: Days.from(local("in/{date}.json")) }));

    const snapshot = await source.build(place.here);

    expect(await keysOf(snapshot.keys(source.artifacts.days))).toEqual([{ date: "2026-01-02" }]);
  });
});
