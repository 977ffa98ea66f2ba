// Finding a source's partitions: which names are keys, what is a stray and why, and what is never touched.

import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { contentOf } from "../../../src/data/io.ts";
import { openStatCache } from "../../../src/data/stat-cache.ts";
import { createLocator } from "../../../src/data/storage/locate.ts";
import { local } from "../../../src/data/storage/local.ts";
import { memory } from "../../../src/data/storage/memory.ts";
import type { Discovery, ProducedPlace } from "../../../src/data/storage/storage.ts";
import { daily, hourly, integers, monthly, oneOf, strings, weekly } from "../../../src/identity/declare-dimension.ts";
import type { Dimensions } from "../../../src/identity/dimension.ts";
import { encodeKey } from "../../../src/identity/partition-key.ts"; // prettier-ignore
import { counters, countsSince } from "../../../src/util/counters.ts";
import { parseTemplate } from "../../../src/util/template.ts";
import { failureOf, Folder } from "../../support/folder.ts";
import { fc } from "../../support/random.ts";

const dated = { date: daily() };
const named = { name: strings() };

async function discover(template: string, dimensions: Dimensions, files: readonly string[]): Promise<Discovery> {
  using folder = new Folder();
  for (const file of files) folder.write(file, "1");
  return await local(template).discover(dimensions, folder.context());
}

const keys = (discovery: Discovery): readonly unknown[] => discovery.partitions.map(({ key }) => key);
const problems = (discovery: Discovery): Readonly<Record<string, string>> =>
  Object.fromEntries(discovery.strays.map(({ location, problem }) => [location, problem]));

describe("what cannot be read", () => {
  it("is named whole, not only the first of it", async ({ skip }) => {
    skip(process.platform !== "linux", "not run: only Linux has a file whose reading always fails");
    using folder = new Folder();
    folder.write("in/a.json", "1");
    for (const name of ["b", "c", "d", "e", "f", "g", "h"]) symlinkSync("/proc/self/mem", folder.at(`in/${name}.json`));

    const error = await failureOf(() => local("in/{letter}.json").discover({ letter: strings() }, folder.context()));

    expect(error).toMatchObject({
      code: "STORAGE_FAILED",
      what: "7 files or folders of the sources cannot be read, so nothing was built",
      received: expect.stringMatching(/^in\/b\.json \(the disk reported an error\), in\/c\.json .* and 2 more$/),
      data: { unreadable: { count: 7, paths: { length: 7 } } },
    });
  });
});

describe("names that are keys", () => {
  it("every kind of dimension is read from natural names, whole or in parts, in order of key", async () => {
    const at = async (
      template: string,
      dimensions: Dimensions,
      files: readonly string[],
    ): Promise<readonly unknown[]> => keys(await discover(template, dimensions, files));

    expect(await at("in/{date}.json", dated, ["in/2026-01-02.json", "in/2026-01-01.json"])).toEqual([
      { date: "2026-01-01" },
      { date: "2026-01-02" },
    ]);
    expect(await at("in/{date.Y}/{date.m}{date.d}.json", dated, ["in/2026/0102.json"])).toEqual([
      { date: "2026-01-02" },
    ]);
    expect(await at("in/{date.Y}/{date}.json", dated, ["in/2026/2026-01-02.json"])).toEqual([{ date: "2026-01-02" }]);
    expect(await at("{h}.json", { h: hourly() }, ["2026-01-02T03.json"])).toEqual([{ h: "2026-01-02T03" }]);
    expect(await at("{w.G}-{w.V}.json", { w: weekly() }, ["2026-01.json"])).toEqual([{ w: "2026-W01" }]);
    expect(await at("{m}.json", { m: monthly() }, ["2026-01.json"])).toEqual([{ m: "2026-01" }]);
    expect(await at("part-{n}.json", { n: integers() }, ["part-0007.json", "part--3.json", "part-12.json"])).toEqual([
      { n: -3 },
      { n: 12 },
      { n: 7 },
    ]);
    expect(await at("{n.hex}.json", { n: integers() }, ["00FF.json"])).toEqual([{ n: 255 }]);
    expect(await at("{r}-{date}.json", { r: oneOf("eu", "eu-west"), ...dated }, ["eu-west-2026-01-02.json"])).toEqual([
      { date: "2026-01-02", r: "eu-west" },
    ]);
    expect(await at("{partition}.json", { r: oneOf("eu"), ...dated }, ["date=2026-01-02,r=eu.json"])).toEqual([
      { date: "2026-01-02", r: "eu" },
    ]);
  });

  it("texts may be plain or escaped, composed or decomposed, and anything in other alphabets", async () => {
    const found = await discover("in/{name.value}.json", named, [
      "in/São Paulo.json",
      "in/a%2Fb.json",
      "in/a%252Fb.json",
      "in/e\u0301te\u0301.json",
      "in/v1.2.json",
      "in/日本.json",
      "in/~x(1).json",
    ]);

    expect(
      keys(found)
        .map((key) => (key as { name: string }).name)
        .toSorted(),
    ).toEqual(["São Paulo", "a/b", "a%2Fb", "été", "v1.2", "日本", "~x(1)"].toSorted());
    expect(found.partitions.find(({ key }) => key["name"] === "été")?.location).toBe("in/e\u0301te\u0301.json");
    expect(found.strayCount).toBe(0);
  });

  it("a template without a place is one partition, wherever it is", async () => {
    using folder = new Folder();
    const file = folder.write("elsewhere/x.json", "12");
    const context = folder.context({ root: folder.at("root") });

    for (const template of ["../elsewhere/x.json", file, "./../elsewhere/x.json"]) {
      const { partitions } = await local(template).discover({}, context);
      expect(partitions.map(({ content, keyText }) => [content, keyText])).toEqual([
        [contentOf(Buffer.from("12")), ""],
      ]);
      expect(Buffer.from(await local(template).read(partitions[0]!.location, context)).toString()).toBe("12");
    }
    expect((await local("x.json").discover({}, context)).partitions).toEqual([]);
  });

  it("whatever is filled in is read back, and nothing else is found", async () => {
    const dimensions = { a: strings(), b: strings(), n: integers(), date: daily() };
    const templates = [
      "in/{a}/{b}/{n}/{date}.json",
      "in/{a}_{b}.{n}-{date}",
      "{partition}.x",
      "in/{n.hex}{date.Y}_{a}/{date.m}{date.d}-{b}.txt",
    ];
    const text = fc.string({
      unit: fc.constantFrom("a", "B", "_", ".", "-", "/", "%", "é", "=", ",", " ", "~", "0"),
      minLength: 1,
      maxLength: 5,
    });
    const key = fc.record({
      a: text,
      b: text,
      n: fc.integer({ min: -20, max: 20 }),
      date: fc.constantFrom("2026-01-02", "0001-12-31"),
    });

    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...templates),
        fc.uniqueArray(key, { maxLength: 6, selector: (k) => JSON.stringify(k).toLowerCase() }),
        async (template, all) => {
          const locate = createLocator(parseTemplate(template));
          const files = new Map(
            all.map((key) => [
              locate({
                dimensions,
                key,
                graph: "",
                artifactKey: "",
                extension: "",
                input: "",
                attempt: "",
              } as unknown as ProducedPlace),
              "x",
            ]),
          );
          const found = await memory(template, files).discover(dimensions, {
            root: "/",
            home: undefined,
            stats: openStatCache(undefined),
            sha256: false,
          });

          expect(problems(found)).toEqual({});
          expect(found.partitions.map(({ keyText }) => keyText)).toEqual(
            all.map((key) => encodeKey(dimensions, key)).sort(),
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("strays", () => {
  it("say what is wrong with the name", async () => {
    const told = problems(
      await discover(
        "in/{date.Y}/{date}-{r}-{n}.json",
        { ...dated, r: oneOf("eu", "us"), n: integers({ from: 1, to: 9 }) },
        [
          "in/2026/2026-01-02-eu-1.json",
          "in/2026/2026-02-30-eu-1.json",
          "in/2026/2025-02-03-eu-1.json",
          "in/2026/2026-01-02-asia-1.json",
          "in/2026/2026-01-02-eu-10.json",
          "in/2026/2026-01-02-eu-1.5.json",
          "in/2026/2026-01-02.json",
          "in/2026/notes.txt",
          "in/26/2026-01-02-eu-1.json",
          "in/readme.md",
        ],
      ),
    );

    expect(told).toEqual({
      "in/2026/2026-02-30-eu-1.json": "Y '2026' and iso '2026-02-30' together are not a real day like 2026-01-02",
      "in/2026/2025-02-03-eu-1.json": "Y '2026' and iso '2025-02-03' together are not a real day like 2026-01-02",
      "in/2026/2026-01-02-asia-1.json": `'asia' is not one of "eu", "us"`,
      "in/2026/2026-01-02-eu-10.json": "'10' lies outside the partitions that 'n' is declared to have",
      "in/2026/2026-01-02-eu-1.5.json": "'1.5' is not a whole number between -(2^53-1) and 2^53-1",
      "in/2026/2026-01-02.json": "'2026-01-02.json' does not match {date}-{r}-{n}.json",
      "in/2026/notes.txt": "'notes.txt' does not match {date}-{r}-{n}.json",
      "in/26": "'26' is not what {date.Y} looks like",
      "in/readme.md": "'readme.md' is not what {date.Y} looks like",
    });
  });

  it("a name that can be read in two ways is neither, and says how to write it", async () => {
    const found = await discover("{a}-{b}.json", { a: strings(), b: strings() }, [
      "x-y-z.json",
      "x%2Dy-z.json",
      "p-q.json",
    ]);

    expect(keys(found)).toEqual([
      { a: "p", b: "q" },
      { a: "x-y", b: "z" },
    ]);
    expect(found.strays).toEqual([
      {
        location: "x-y-z.json",
        problem: "'x-y-z.json' can be read in two ways as {a}-{b}.json: escape '-' in values as %2D",
      },
    ]);
  });

  it("a percent sign that begins no escape, a name that is not UTF-8 and a value with control characters are strays", async () => {
    using folder = new Folder();
    folder.write("100%.json");
    folder.write("%ff.json");
    folder.write("a%00b.json");
    folder.write("a%0Ab.json");
    writeFileSync(Buffer.concat([Buffer.from(`${folder.path}/`), Buffer.from([0xff, 0xfe]), Buffer.from(".json")]), "");

    const found = await local("{name.value}.json").discover(named, folder.context());

    expect(found.partitions).toEqual([]);
    const form = "text, not empty, in Unicode form NFC without control or direction characters";
    expect(found.strays.map(({ problem }) => problem).toSorted()).toEqual([
      "'%ff' has a % that begins no escape: write %25",
      "'100%' has a % that begins no escape: write %25",
      `'a\\u{0}b' is not ${form}`,
      `'a\\u{a}b' is not ${form}`,
      "its name is not UTF-8",
    ]);
  });

  it("more than a hundred are counted, and the first hundred told in order", async () => {
    const files = new Map(Array.from({ length: 250 }, (_, n) => [`x-${String(n).padStart(3, "0")}.txt`, ""]));

    const found = await memory("{date}.json", files).discover(dated, new Folder().context());

    expect(found.strayCount).toBe(250);
    expect(found.strays).toHaveLength(100);
    expect(found.strays[99]!.location).toBe("x-099.txt");
  });

  it("hidden files, what desktops leave, and our own temporary files are passed over", async () => {
    const found = await discover("in/{name.value}", named, ["in/.strata-tmp-1-00000000-abc-def", "in/a"]);
    const quiet = await discover("in/{date}.json", dated, [
      "in/.DS_Store",
      "in/.gitkeep",
      "in/Thumbs.db",
      "in/desktop.ini",
      "in/2026-01-02.json",
    ]);

    expect(keys(found)).toEqual([{ name: "a" }]);
    expect([quiet.partitions.length, quiet.strayCount]).toEqual([1, 0]);
  });

  it("pipes and folders in a file's place are strays, and nothing waits for them", async () => {
    using folder = new Folder();
    mkdirSync(folder.at("in/2026-01-01.json"), { recursive: true });
    execFileSync("mkfifo", [folder.at("in/2026-01-02.json")]);
    execFileSync("mkfifo", [folder.at("whole.json")]);
    folder.write("in/2026-01-03.json", "3");

    const found = await local("in/{date}.json").discover(dated, folder.context());
    const whole = await local("whole.json").discover({}, folder.context());
    const none = await local("in/2026-01-03.json/{date}.json").discover(dated, folder.context());

    expect(keys(found)).toEqual([{ date: "2026-01-03" }]);
    expect(problems(found)).toEqual({
      "in/2026-01-01.json": "is a folder where a file is expected",
      "in/2026-01-02.json": "is a pipe, socket or device",
    });
    expect(problems(whole)).toEqual({ "whole.json": "is a pipe, socket or device" });
    expect(problems(none)).toEqual({ "in/2026-01-03.json/": "is a file where a folder is expected" });
  });

  it("a link to a file is followed; a link to a folder, to nothing or to itself is a stray", async () => {
    using folder = new Folder();
    folder.write("elsewhere/real.json", "7");
    folder.write("in/2026/01.json", "1");
    symlinkSync("../elsewhere/real.json", folder.at("in/link.json"));
    symlinkSync("../nowhere", folder.at("in/dangling.json"));
    symlinkSync("loop.json", folder.at("in/loop.json"));
    symlinkSync("../elsewhere", folder.at("in/folder.json"));
    symlinkSync("2026", folder.at("in/2027"));

    const flat = await local("in/{name.value}.json").discover(named, folder.context());
    const deep = await local("in/{m.Y}/{m.m}.json").discover({ m: monthly() }, folder.context());

    expect(flat.partitions.map(({ key, content }) => [key, content.size])).toEqual([[{ name: "link" }, 1]]);
    expect(problems(flat)).toMatchObject({
      "in/folder.json": "is a folder where a file is expected",
      "in/dangling.json": "is a link to nothing",
      "in/loop.json": "is a link to nothing",
    });
    expect(keys(deep)).toEqual([{ m: "2026-01" }]);
    expect(problems(deep)["in/2027"]).toBe("is a link to a folder, and those are not followed");
  });

  it("a fixed value passes over the others in silence", async () => {
    const found = await discover("in/{date.Y[2026]}/{date.m}/{date.d}.json", dated, [
      "in/2025/12/31.json",
      "in/2026/01/02.json",
    ]);

    expect([keys(found), found.strayCount]).toEqual([[{ date: "2026-01-02" }], 0]);
  });
});

describe("two files for one partition", () => {
  it.each([
    [["in/7.json", "in/07.json"], "in/{n}.json", { n: integers() }],
    [["in/a b.json", "in/a%20b.json"], "in/{name.value}.json", named],
    [["in/é.json", "in/e\u0301.json"], "in/{name.value}.json", named],
    [["in/EU.json", "in/eu.json"], "in/{name.value}.json", named],
    [["in/É.json", "in/é.json"], "in/{name.value}.json", named],
  ] as const)("%j are refused together", async (files, template, dimensions) => {
    const error = await failureOf(() => discover(template, dimensions, files));

    expect(error.code).toBe("PARTITION_AMBIGUOUS");
    for (const file of files) expect(error.message).toContain(`'${file}'`);
  });
});

describe("a name known to no graph yet", () => {
  it("is refused until it is resolved", async () => {
    using folder = new Folder();
    folder.write("in/vendor/days/2026-01-02.json", "1");
    const storage = local("in/{names}/{date}{extension}");

    expect((await failureOf(() => storage.discover(dated, folder.context()))).message).toContain(
      "{names} is not known yet",
    );
    const resolved = storage.resolve({ graph: "g", artifactKey: "vendor.days", extension: ".json" });
    expect(keys(await resolved.discover(dated, folder.context()))).toEqual([{ date: "2026-01-02" }]);
  });
});

describe("many files, large files, changing files", () => {
  it("ten thousand unchanged files cost one stat each and no reading, also in the next process", async () => {
    using folder = new Folder();
    const then = Date.now() / 1000 - 3600;
    for (let n = 0; n < 10_000; n++) folder.write(`in/${n}.json`, String(n));
    for (let n = 0; n < 10_000; n++) utimesSync(folder.at(`in/${n}.json`), then, then);
    // Their ctime is now, so the first look comes when that has passed.
    await new Promise((done) => setTimeout(done, 50));
    const storage = local("in/{n}.json");
    const stats = openStatCache(folder.at(".strata"));
    const first = await storage.discover({ n: integers() }, folder.context({ stats }));
    expect(stats.save()).toBe(true);

    for (const again of [stats, openStatCache(folder.at(".strata"))]) {
      const before = { ...counters };
      const { partitions } = await storage.discover({ n: integers() }, folder.context({ stats: again }));
      const { stats: looks, filesRead, bytesHashed } = countsSince(before);
      expect({ looks, filesRead, bytesHashed }).toEqual({ looks: 10_001, filesRead: 0, bytesHashed: 0 });
      expect(partitions).toEqual(first.partitions);
    }
  });

  it("lets other work go on, and stops when told to", async () => {
    using folder = new Folder();
    for (let n = 0; n < 3000; n++) folder.write(`in/${n}.json`, String(n));
    const control = new AbortController();
    setImmediate(() => control.abort(new Error("enough")));

    const error = await failureOf(() =>
      local("in/{n}.json").discover({ n: integers() }, folder.context({ signal: control.signal })),
    );

    expect(error.message).toBe("enough");
  });

  it("a file of many buffers has the content of its bytes, with SHA-256 where asked", async () => {
    using folder = new Folder();
    const bytes = Buffer.alloc(9 * 1024 * 1024 + 17, "0123456789abcdef!");
    folder.write("big.bin", bytes);
    folder.write("edge.bin", bytes.subarray(0, 1024 * 1024));
    const context = folder.context({ sha256: true });

    for (const [name, expected] of [
      ["big.bin", bytes],
      ["edge.bin", bytes.subarray(0, 1024 * 1024)],
    ] as const) {
      const { partitions } = await local(name as string).discover({}, context);
      expect(partitions[0]!.content).toEqual(contentOf(expected, { sha256: true }));
      expect(Buffer.compare(await local(name as string).read(name, context), expected)).toBe(0);
    }
  });

  it("a file that keeps changing while it is read is refused; one that settles is taken", async () => {
    using folder = new Folder();
    const path = folder.write("big.bin", Buffer.alloc(16 * 1024 * 1024));
    let writing = true;
    const write = (): void => {
      if (!writing) return;
      appendFileSync(path, "x");
      truncateSync(path, 16 * 1024 * 1024);
      setImmediate(write);
    };
    write();

    const error = await failureOf(() => local("big.bin").discover({}, folder.context()));
    setTimeout(() => (writing = false), 30);
    const settled = await local("big.bin").discover({}, folder.context());

    expect(error).toMatchObject({ code: "SOURCE_UNSTABLE", message: expect.stringContaining("big.bin") as string });
    expect(settled.partitions[0]!.content).toEqual(contentOf(Buffer.alloc(16 * 1024 * 1024)));
  });

  it("asking for SHA-256 reads again what was remembered without", async () => {
    using folder = new Folder();
    folder.write("x.json", "1");
    await new Promise((done) => setTimeout(done, 50));
    const stats = openStatCache(undefined);

    await local("x.json").discover({}, folder.context({ stats }));
    const { partitions } = await local("x.json").discover({}, folder.context({ stats, sha256: true }));

    expect(partitions[0]!.content.digest).toBe(contentOf(Buffer.from("1"), { sha256: true }).digest);
  });
});
