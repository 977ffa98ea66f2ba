// What every storage promises, tried on each: locations of their own, bytes whole and as they were, and words for what is missing.

import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { contentOf, verifyContent } from "../../src/data/io.ts";
import { literal } from "../../src/data/storage/literal.ts";
import { local, managed } from "../../src/data/storage/local.ts";
import { memory } from "../../src/data/storage/memory.ts";
import type { ProducedPlace, Storage, StorageContext } from "../../src/data/storage/storage.ts";
import { fingerprintText } from "../../src/identity/fingerprint.ts";
import { daily, strings } from "../../src/identity/declare-dimension.ts";
import type { Dimensions } from "../../src/identity/dimension.ts";
import { encodeKey } from "../../src/identity/partition-key.ts";
import { counters, countsSince } from "../../src/util/counters.ts";
import { failureOf, Folder } from "../support/folder.ts";

const dimensions: Dimensions = Object.freeze({ date: daily(), region: strings() });

function place(key: Record<string, string>, more: Partial<ProducedPlace> = {}): ProducedPlace {
  return {
    graph: "spend",
    artifactKey: "vendor.days",
    dimensions,
    key: key,
    keyText: encodeKey(dimensions, key),
    input: fingerprintText(JSON.stringify(key)),
    attempt: "01k0aa00aa00aa00aa00aa00aa",
    extension: ".json",
    ...more,
  };
}

const keys = ["2026-01-01", "2026-01-02"].flatMap((date) =>
  ["eu", "EU", "a/b", "..", "é"].map((region) => ({ date, region })),
);
const bytesOf = (index: number): Uint8Array => Buffer.from(`partition ${index}: é\u0000\n`);

interface Case {
  readonly name: string;
  readonly open: () => Storage;
  /** Whether the storage keeps bytes itself; what it does not keep is in the backend's rows. */
  readonly keeps: boolean;
  /** Where its files are, where it has any. */
  readonly base: ((context: StorageContext) => string) | undefined;
}

const cases: readonly Case[] = [
  { name: "managed", open: managed, keeps: true, base: ({ home }) => home! },
  {
    name: "local",
    open: () => local("out/{date.Y}/{region}/{partition}.{input_fingerprint}{extension}"),
    keeps: true,
    base: ({ root }) => root,
  },
  {
    name: "memory",
    open: () => memory("out/{date}/{region}/{input_fingerprint}{extension}"),
    keeps: true,
    base: undefined,
  },
  { name: "literal", open: () => literal(), keeps: false, base: undefined },
];

describe.each(cases)("produced data in $name", ({ open, keeps, base }) => {
  it("is declared as frozen plain data that names its kind and fits these dimensions", () => {
    const storage = open();

    expect(Object.isFrozen(storage)).toBe(true);
    expect([typeof storage.kind, typeof storage.template]).toEqual(["string", "string"]);
    expect(() => storage.check(dimensions, "produced")).not.toThrow();
    expect(storage.resolve({ graph: "spend", artifactKey: "vendor.days", extension: ".json" }).kind).toBe(storage.kind);
  });

  it("gives each partition, input and attempt a location of its own, the same one whenever asked", () => {
    const storage = open();
    const places = keys.flatMap((key) => [
      place(key),
      place(key, { attempt: "01k0bb00bb00bb00bb00bb00bb" }),
      place(key, { input: fingerprintText(`other ${JSON.stringify(key)}`) }),
      place(key, { artifactKey: "vendor.other" }),
    ]);

    const locations = places.map((each) => storage.locate(each));

    expect(new Set(locations.map((location) => location.toLowerCase())).size).toBe(places.length);
    expect(places.map((each) => open().locate(each))).toEqual(locations);
    for (const location of locations) expect(location).not.toMatch(/(^|\/)\.\.?(\/|$)|^\/|\\|\/\//);
  });

  it("discovers nothing: results are found by what they were made from, never by what lies about", async () => {
    using folder = new Folder();
    const storage = open();
    const context = folder.context();
    await storage.write(storage.locate(place(keys[0]!)), bytesOf(0), context);

    if (storage.kind === "literal" || storage.kind === "managed") {
      expect((await storage.discover(dimensions, context)).partitions).toEqual([]);
    } else {
      expect(() => storage.check(dimensions, "source")).toThrow("Remove it");
    }
  });

  if (!keeps) {
    it("is kept by the backend: written without effect, always there, and never read from here", async () => {
      using folder = new Folder();
      const storage = open();
      const context = folder.context();

      await storage.write("x", bytesOf(1), context);
      await storage.settle(["x"], context);
      await storage.remove("x", context);

      expect(storage.look("x", 5, context)).toBe("present");
      expect(await failureOf(() => storage.read("x", context))).toMatchObject({ code: "DATA_MISSING" });
      expect(folder.files()).toEqual([]);
    });
    return;
  }

  it("reads what was written, for every key, and one partition's bytes never touch another's", async () => {
    using folder = new Folder();
    const storage = open();
    const context = folder.context();
    const locations = keys.map((key) => storage.locate(place(key)));

    await Promise.all(locations.map((location, index) => storage.write(location, bytesOf(index), context)));
    await storage.settle(locations, context);

    for (const [index, location] of locations.entries()) {
      expect(Buffer.compare(await storage.read(location, context), bytesOf(index))).toBe(0);
      expect(storage.look(location, bytesOf(index).byteLength, context)).toBe("present");
    }
    if (base !== undefined) expect(folder.files(base(context).slice(folder.path.length + 1))).toHaveLength(keys.length);
  });

  it("holds nothing of the array it was given, nor of the one it gave", async () => {
    using folder = new Folder();
    const storage = open();
    const context = folder.context();
    const location = storage.locate(place(keys[0]!));
    const given = Buffer.from("12345");

    await storage.write(location, given, context);
    given.fill(0);
    (await storage.read(location, context)).fill(1);

    expect(Buffer.from(await storage.read(location, context)).toString()).toBe("12345");
  });

  it("an empty result and a large one are results", async () => {
    using folder = new Folder();
    const storage = open();
    const context = folder.context();
    const [small, large] = [storage.locate(place(keys[0]!)), storage.locate(place(keys[1]!))];
    const bytes = Buffer.alloc(9 * 1024 * 1024 + 1, "abcdefg");

    await storage.write(small, new Uint8Array(0), context);
    await storage.write(large, bytes, context);

    expect((await storage.read(small, context)).byteLength).toBe(0);
    expect(storage.look(small, 0, context)).toBe("present");
    expect(Buffer.compare(await storage.read(large, context), bytes)).toBe(0);
  });

  it("never writes twice to one location", async () => {
    using folder = new Folder();
    const storage = open();
    const context = folder.context();
    const location = storage.locate(place(keys[0]!));
    await storage.write(location, bytesOf(1), context);

    expect(await failureOf(() => storage.write(location, bytesOf(2), context))).toMatchObject({
      code: "STORAGE_FAILED",
    });

    expect(Buffer.compare(await storage.read(location, context), bytesOf(1))).toBe(0);
  });

  it("says missing for what is not there, also after it was removed, and removes twice without complaint", async () => {
    using folder = new Folder();
    const storage = open();
    const context = folder.context();
    const location = storage.locate(place(keys[0]!));

    expect(storage.look(location, 3, context)).toBe("missing");
    expect(await failureOf(() => storage.read(location, context))).toMatchObject({ code: "DATA_MISSING" });
    await storage.write(location, bytesOf(1), context);
    await storage.remove(location, context);
    await storage.remove(location, context);
    expect(storage.look(location, bytesOf(1).byteLength, context)).toBe("missing");
    expect(await failureOf(() => storage.read(location, context))).toMatchObject({ code: "DATA_MISSING" });
  });

  it("says damaged for another size, with one look each and no reading", async () => {
    using folder = new Folder();
    const storage = open();
    const context = folder.context();
    const location = storage.locate(place(keys[0]!));
    await storage.write(location, bytesOf(1), context);
    const before = { ...counters };

    expect(storage.look(location, bytesOf(1).byteLength + 1, context)).toBe("damaged");

    const { stats, filesRead } = countsSince(before);
    expect([stats, filesRead]).toEqual([base === undefined ? 0 : 1, 0]);
  });

  if (base === undefined) return;

  it("files are read-only, in folders of the right people, with nothing temporary beside them", async () => {
    using folder = new Folder();
    const storage = open();
    const context = folder.context();
    const location = storage.locate(place(keys[0]!));
    await storage.write(location, bytesOf(1), context);

    const file = join(base(context), location);
    expect(statSync(file).mode & 0o777).toBe(0o444);
    if (storage.kind === "managed") expect(statSync(context.home!).mode & 0o077).toBe(0);
    expect(readdirSync(join(file, ".."))).toHaveLength(1);
  });

  it("a flipped bit, a swapped file and an edit through a hard link are found by verifying what was read", async () => {
    using folder = new Folder();
    const storage = open();
    const context = folder.context();
    const [one, two] = [storage.locate(place(keys[0]!)), storage.locate(place(keys[1]!))];
    const [a, b] = [join(base(context), one), join(base(context), two)];
    await storage.write(one, Buffer.from("aaaa"), context);
    await storage.write(two, Buffer.from("bbbb"), context);
    const recorded = contentOf(Buffer.from("aaaa"));
    const check = async (): Promise<void> => verifyContent(await storage.read(one, context), recorded, one);

    await check();
    linkSync(a, folder.at("link"));
    chmodSync(folder.at("link"), 0o644);
    writeFileSync(folder.at("link"), "aaba");
    expect(await failureOf(check)).toMatchObject({ code: "DATA_DAMAGED" });
    rmSync(a);
    renameSync(b, a);
    expect(await failureOf(check)).toMatchObject({ code: "DATA_DAMAGED" });
    chmodSync(a, 0o644);
    truncateSync(a, 2);
    expect(await failureOf(check)).toMatchObject({ code: "DATA_DAMAGED", received: "2 bytes" });
  });

  it("a folder or a pipe in a file's place is damage, and a link planted on the way is never written or removed through", async () => {
    using folder = new Folder();
    const storage = open();
    const context = folder.context();
    const location = storage.locate(place(keys[0]!));
    mkdirSync(join(base(context), location), { recursive: true });
    expect(storage.look(location, 0, context)).toBe("damaged");
    expect(await failureOf(() => storage.read(location, context))).toMatchObject({ code: "DATA_DAMAGED" });

    using other = new Folder();
    using outside = new Folder();
    const trapped = other.context();
    const first = location.split("/")[0]!;
    mkdirSync(base(trapped), { recursive: true });
    symlinkSync(outside.path, join(base(trapped), first));
    expect(await failureOf(() => storage.write(location, bytesOf(1), trapped))).toMatchObject({
      code: "STORAGE_FAILED",
      message: expect.stringContaining("symbolic link") as string,
    });
    const below = location.split("/").slice(1).join("/");
    outside.write(below, "precious");
    expect(await failureOf(() => storage.remove(location, trapped))).toMatchObject({ code: "DATA_DAMAGED" });
    if (storage.kind === "managed")
      expect(await failureOf(() => storage.read(location, trapped))).toMatchObject({ code: "DATA_DAMAGED" });
    expect(outside.read(below)).toBe("precious");
  });

  it("a location from elsewhere that leads out is refused", async () => {
    using folder = new Folder();
    const storage = open();
    const context = folder.context();
    folder.write("victim", "keep");

    for (const location of ["../victim", "a/../../victim", folder.at("victim"), "..\\victim"]) {
      expect(await failureOf(() => storage.write(location, bytesOf(1), context)), location).toMatchObject({
        code: "STORAGE_FAILED",
      });
      expect(await failureOf(() => storage.remove(location, context)), location).toMatchObject({
        code: "STORAGE_FAILED",
      });
    }
    expect(folder.read("victim")).toBe("keep");
  });

  it("removing takes along the folders that it leaves empty, but not the author's", async () => {
    using folder = new Folder();
    const storage = open();
    const context = folder.context();
    const [one, two] = [storage.locate(place(keys[0]!)), storage.locate(place(keys[6]!))];
    for (const location of [one, two]) await storage.write(location, bytesOf(1), context);

    await storage.remove(one, context);
    expect(existsSync(join(base(context), two))).toBe(true);
    await storage.remove(two, context);

    expect(folder.files()).toEqual([]);
    const author = storage.kind === "managed" ? "data" : "out";
    expect(readdirSync(join(base(context), author))).toEqual([]);
  });
});

describe("managed storage", () => {
  it("needs a folder that the backend calls home, and is for produced data only", async () => {
    using folder = new Folder();

    expect(
      await failureOf(() => managed().write("data/x", bytesOf(1), folder.context({ home: undefined }))),
    ).toMatchObject({ code: "STORAGE_FAILED", hint: expect.stringContaining("literal()") as string });
    expect(() => managed().check(dimensions, "source")).toThrow("a source needs a place of its own");
  });
});

describe("a source in memory and one in files", () => {
  it("find the same partitions with the same contents, and the same strays", async () => {
    const files = new Map<string, Uint8Array | string>([
      ["in/2026-01-02/eu.json", "1"],
      ["in/2026-01-02/São.json", Buffer.from("22")],
      ["in/2026-01-01/eu.json", "333"],
      ["in/2026-02-30/eu.json", "4"],
      ["in/2026-01-01/eu.txt", "5"],
      ["in/readme.md", "6"],
      ["elsewhere/x.json", "7"],
      ["in/2026-01-01/deep/x.json", "8"],
    ]);
    using folder = new Folder();
    for (const [name, content] of files) folder.write(name, content);
    const template = "in/{date}/{region}.json";

    const inFiles = await local(template).discover(dimensions, folder.context());
    const inMemory = await memory(template, files).discover(dimensions, folder.context());

    expect(inMemory.partitions).toEqual(inFiles.partitions);
    expect(inFiles.partitions.map(({ keyText }) => keyText)).toEqual([
      "date=2026-01-01,region=eu",
      "date=2026-01-02,region=S%C3%A3o",
      "date=2026-01-02,region=eu",
    ]);
    const known = (strays: readonly { location: string; problem: string }[]): readonly unknown[] =>
      strays.filter(({ location }) => /\.(json|txt|md)$/.test(location) && !location.includes("deep"));
    expect(known(inMemory.strays)).toEqual(known(inFiles.strays));
  });
});

describe("a literal source", () => {
  const encode = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

  it("has the partitions it lists, in order of key, with the bytes of the artifact's format", async () => {
    using folder = new Folder();
    const single = await literal({ a: 1 }).discover({}, folder.context(), encode);
    const listed = await literal
      .partitions([
        { key: { region: "us", date: "2026-01-02" }, value: 2 },
        { key: { region: "eu", date: "2026-01-02" }, value: 1 },
      ])
      .discover(dimensions, folder.context({ sha256: true }), (value) => Promise.resolve(encode(value)));

    expect(single).toEqual({
      partitions: [
        { key: {}, keyText: "", location: "literal", content: contentOf(encode({ a: 1 })), value: encode({ a: 1 }) },
      ],
      strays: [],
      strayCount: 0,
    });
    expect(listed.partitions.map(({ keyText, value }) => [keyText, Buffer.from(value!).toString()])).toEqual([
      ["date=2026-01-02,region=eu", "1"],
      ["date=2026-01-02,region=us", "2"],
    ]);
    expect(listed.partitions[0]!.content).toEqual(contentOf(encode(1), { sha256: true }));
  });

  it("undefined is a value like others, and no value is none", async () => {
    using folder = new Folder();
    const seen: unknown[] = [];

    await literal(undefined).discover({}, folder.context(), (value) => (seen.push(value), encode(null)));

    expect(seen).toEqual([undefined]);
    expect(() => literal().check({}, "source")).toThrow("Give it one: literal(42)");
  });

  it.each([
    [
      "one value for many partitions",
      literal(1),
      dimensions,
      "source",
      "PARTITION_KEY_INVALID",
      "Write literal.partitions([{ key: { date: …, region: … }, value: … }])",
    ],
    ["a value where results should go", literal(1), {}, "produced", "TEMPLATE_INVALID", "Write literal()."],
    [
      "a key that lacks a dimension",
      listed({ date: "2026-01-02" }),
      dimensions,
      "source",
      "PARTITION_KEY_INVALID",
      "region",
    ],
    [
      "a day that there is not",
      listed({ date: "2026-02-30", region: "x" }),
      dimensions,
      "source",
      "PARTITION_KEY_INVALID",
      "date",
    ],
    [
      "two values for one partition",
      listed({ date: "2026-01-02", region: "x" }, { region: "x", date: "2026-01-02" }),
      dimensions,
      "source",
      "PARTITION_AMBIGUOUS",
      "two values for one partition",
    ],
  ] as const)("%s is refused when the artifact is declared", (_, storage, of, role, code, sentence) => {
    const check = (): void => storage.check(of, role);

    expect(check).toThrow(expect.objectContaining({ code }) as Error);
    expect(check).toThrow(sentence);
  });
});

function listed(...keys: readonly Record<string, string>[]): Storage {
  return literal.partitions(keys.map((key, value) => ({ key, value })));
}
