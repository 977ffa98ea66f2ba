// The stat cache: what counts as the same file, what is too fresh to trust, and files on disk that are not ours.

import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Content } from "../../../src/data/content.ts";
import { contentOf } from "../../../src/data/io.ts";
import { isRacy, isSameFile } from "../../../src/data/file-stamp.ts";
import { openStatCache, type StatCache } from "../../../src/data/stat-cache.ts";
import { local } from "../../../src/data/storage/local.ts";
import { fingerprintText } from "../../../src/identity/fingerprint.ts";
import type { Clock } from "../../../src/util/clock.ts";
import { counters, countsSince } from "../../../src/util/counters.ts";
import { Folder } from "../../support/folder.ts";
import { fc } from "../../support/random.ts";

const clockAt = (now: number): Clock => ({ now: () => now, monotonic: () => now });
const content = (text: string): Content => ({
  fingerprint: fingerprintText(text),
  size: text.length,
  digest: undefined,
});
const stamp = (more: object = {}): { size: number; mtimeMs: number; ctimeMs: number; ino: number } => ({
  size: 5,
  mtimeMs: 1_000_000.25,
  ctimeMs: 1_000_000.5,
  ino: 77,
  ...more,
});

/** What a source's one file holds, and whether it was read to find out. */
async function look(folder: Folder, stats: StatCache): Promise<{ content: Content; read: boolean }> {
  const before = { ...counters };
  const { partitions } = await local("x.json").discover({}, folder.context({ stats }));
  return { content: partitions[0]!.content, read: countsSince(before).filesRead > 0 };
}

describe("a file that was changed behind our back", () => {
  it("same size and restored mtime: noticed, because ctime has moved", async () => {
    using folder = new Folder();
    const path = folder.write("x.json", "11111");
    const stats = openStatCache(undefined);
    await wait(50);
    await look(folder, stats);
    const { atime, mtime } = statSync(path);

    writeFileSync(path, "22222");
    utimesSync(path, atime, mtime);

    expect((await look(folder, stats)).content).toEqual(contentOf(Buffer.from("22222")));
  });

  it("rewritten within the tick of the clock that stamps files: noticed, because so fresh a stamp is not trusted", async () => {
    using folder = new Folder();
    const path = folder.write("x.json", "11111");
    const stats = openStatCache(undefined);

    for (let round = 0; round < 200; round++) {
      const text = String(10_000 + round);
      writeFileSync(path, text);
      expect((await look(folder, stats)).content).toEqual(contentOf(Buffer.from(text)));
    }
  });

  it("replaced by another file of the same size and times: noticed, because it is another inode", async () => {
    using folder = new Folder();
    const path = folder.write("x.json", "11111");
    await wait(50);
    const stats = openStatCache(undefined);
    await look(folder, stats);
    const { atime, mtime } = statSync(path);
    folder.write("y.json", "22222");
    utimesSync(folder.at("y.json"), atime, mtime);

    renameSync(folder.at("y.json"), path);

    expect((await look(folder, stats)).content).toEqual(contentOf(Buffer.from("22222")));
  });

  it("written through a hard link: noticed", async () => {
    using folder = new Folder();
    const path = folder.write("x.json", "11111");
    linkSync(path, folder.at("other"));
    await wait(50);
    const stats = openStatCache(undefined);
    await look(folder, stats);

    writeFileSync(folder.at("other"), "22222");

    expect((await look(folder, stats)).content).toEqual(contentOf(Buffer.from("22222")));
  });

  it("not changed at all: not read again, once it has been still for a moment", async () => {
    using folder = new Folder();
    folder.write("x.json", "11111");
    const stats = openStatCache(undefined);

    await wait(50);
    const reads = [
      (await look(folder, stats)).read,
      (await look(folder, stats)).read,
      (await look(folder, stats)).read,
    ];

    expect(reads).toEqual([true, false, false]);
  });
});

describe("stamps", () => {
  it("are the same only if size, mtime, ctime and inode all are", () => {
    expect(isSameFile(stamp(), stamp())).toBe(true);
    for (const other of [{ size: 6 }, { mtimeMs: 1_000_000.251 }, { ctimeMs: 1_000_000.501 }, { ino: 78 }]) {
      expect(isSameFile(stamp(), stamp(other))).toBe(false);
    }
  });

  it("prove nothing within 20 ms of the look, two seconds where they are whole seconds, or in the future", () => {
    expect(isRacy(stamp(), 1_000_021)).toBe(false);
    expect(isRacy(stamp(), 1_000_020)).toBe(true);
    expect(isRacy(stamp({ mtimeMs: 1_000_999.5 }), 1_000_021)).toBe(true);
    expect(isRacy(stamp({ ctimeMs: 2_000_000 }), 1_500_000)).toBe(true);
    expect(isRacy(stamp({ mtimeMs: 1_000_000, ctimeMs: 1_000_000 }), 1_002_000)).toBe(true);
    expect(isRacy(stamp({ mtimeMs: 1_000_000, ctimeMs: 1_000_000 }), 1_002_001)).toBe(false);
  });

  it("that prove nothing are forgotten, also where an older one was known", () => {
    const stats = openStatCache(undefined, clockAt(2_000_000));
    stats.remember("/x", stamp(), content("old"), 2_000_000);
    expect(stats.get("/x")?.content).toEqual(content("old"));

    stats.remember("/x", stamp({ ctimeMs: 1_999_990 }), content("new"), 2_000_000);

    expect(stats.get("/x")).toBeUndefined();
  });
});

describe("the file", () => {
  const now = 1_790_000_000_000;
  const moment = now - 1;
  const file = (folder: Folder): string => folder.at("cache/stat-cache.bin");

  it("gives back everything that was put in, whatever paths and stamps are", () => {
    const entry = fc.record({
      path: fc
        .string({ unit: "grapheme", minLength: 1 })
        .map((text) => `/${text.replaceAll("\0", "").replace(/[\uD800-\uDFFF]/g, "")}`),
      stamp: fc.record({
        size: fc.nat(),
        mtimeMs: fc.double({ min: 0, max: now - 3000, noNaN: true }),
        ctimeMs: fc.double({ min: 0.5, max: now - 3000, noNaN: true }),
        ino: fc.maxSafeNat(),
      }),
      text: fc.string(),
      digest: fc.option(fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 64, maxLength: 64 }), {
        nil: undefined,
      }),
    });

    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: ({ path }) => path, maxLength: 12 }), (entries) => {
        using folder = new Folder();
        const stats = openStatCache(folder.path, clockAt(now));
        const contents = entries.map(({ stamp, text, digest }) => ({
          fingerprint: fingerprintText(text),
          size: stamp.size,
          digest,
        }));
        for (const [index, { path, stamp }] of entries.entries()) stats.remember(path, stamp, contents[index]!, moment);
        expect(stats.save()).toBe(true);

        const loaded = openStatCache(folder.path, clockAt(now));
        for (const [index, { path, stamp }] of entries.entries()) {
          const known = loaded.get(path)!;
          expect(isSameFile(known, stamp)).toBe(true);
          expect(known.content).toEqual(contents[index]);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("is written only when something changed, whole or not at all, and for its owner alone", () => {
    using folder = new Folder();
    const stats = openStatCache(folder.path, clockAt(now));
    expect(stats.save()).toBe(true);
    expect(() => statSync(file(folder))).toThrow("ENOENT");

    stats.remember("/x", stamp(), content("x"), moment);
    stats.save();
    const { ino, mode } = statSync(file(folder));
    stats.get("/x");
    stats.save();
    const loaded = openStatCache(folder.path, clockAt(now));
    loaded.get("/x");
    loaded.save();

    expect(statSync(file(folder)).ino).toBe(ino);
    expect(mode & 0o777).toBe(0o600);
    expect(folder.files()).toEqual(["cache/stat-cache.bin"]);
  });

  it("of another kind, another version, cut short or with any one bit turned is ignored", () => {
    using folder = new Folder();
    const stats = openStatCache(folder.path, clockAt(now));
    for (let n = 0; n < 5; n++) stats.remember(`/path/${n}`, stamp({ ino: n }), content(String(n)), moment);
    stats.save();
    const good = readFileSync(file(folder));
    const known = (bytes: Uint8Array): boolean => {
      writeFileSync(file(folder), bytes);
      return openStatCache(folder.path, clockAt(now)).get("/path/3") !== undefined;
    };

    expect(known(good)).toBe(true);
    for (let length = 0; length < good.length; length++) expect(known(good.subarray(0, length))).toBe(false);
    for (let index = 0; index < good.length; index++) {
      const bad = Buffer.from(good);
      bad[index]! ^= 1 << (index % 8);
      expect(known(bad), `byte ${index}`).toBe(false);
    }
    expect(known(Buffer.from("{}"))).toBe(false);
    unlinkSync(file(folder));
    mkdirSync(file(folder));
    const blocked = openStatCache(folder.path, clockAt(now));
    expect(blocked.get("/path/3")).toBeUndefined();
    blocked.remember("/x", stamp(), content("x"), moment);
    expect(blocked.save()).toBe(false);
  });

  it("forgets what nobody asked for in thirty days", () => {
    using folder = new Folder();
    const day = 86_400_000;
    const at = (time: number): StatCache => openStatCache(folder.path, clockAt(time));
    const first = at(now);
    first.remember("/kept", stamp(), content("kept"), moment);
    first.remember("/left", stamp(), content("left"), moment);
    first.save();

    const second = at(now + 20 * day);
    second.get("/kept");
    second.remember("/new", stamp(), content("new"), moment);
    second.save();
    const third = at(now + 40 * day);
    third.remember("/newer", stamp(), content("newer"), moment);
    third.save();

    const last = at(now + 41 * day);
    expect(["/kept", "/left", "/new", "/newer"].filter((path) => last.get(path) !== undefined)).toEqual([
      "/kept",
      "/new",
      "/newer",
    ]);
  });
});
