// The one file writer, in one process: what is there afterwards, who may read it, and what is refused.

import { linkSync, mkdirSync, readdirSync, readlinkSync, statSync, symlinkSync } from "node:fs";
import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import type { StratigraphError } from "../../../src/errors.ts";
import { hashText } from "../../../src/util/digest.ts";
import {
  probeFolder,
  readError,
  storageError,
  syncFolders,
  writeCacheFile,
  writeFileDurably,
} from "../../../src/util/durable-file.ts";
import { parseTempName, tempName, TEMP_PREFIX } from "../../../src/util/temp-name.ts";
import { sweepTemps } from "../../../src/util/temp-sweep.ts";
import { failureOf, Folder } from "../../support/folder.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);
const hour = 3_600_000;

describe("writing", () => {
  it("makes the folders, leaves exactly the file, and can be made durable", async () => {
    using folder = new Folder();
    const path = folder.at("a/b/c.txt");

    await writeFileDurably(path, bytes("hello"), { mode: 0o444 });
    await syncFolders([path, folder.at("a/b/d.txt")], folder.path);

    expect(folder.files()).toEqual(["a/b/c.txt"]);
    expect(folder.read("a/b/c.txt")).toBe("hello");
    expect(statSync(path).mode & 0o777).toBe(0o444);
    expect(statSync(folder.at("a")).mode & 0o777).toBe(0o700);
  });

  it.each([0, 1, 1024 * 1024, 1024 * 1024 + 1, 9 * 1024 * 1024])("%i bytes arrive as they are", async (size) => {
    using folder = new Folder();
    const content = Buffer.alloc(size, "0123456789a");

    await writeFileDurably(folder.at("x"), content);

    expect(Buffer.compare(Buffer.from(folder.read("x")), content)).toBe(0);
  });

  it("never replaces a file unless told to, and then with another inode", async () => {
    using folder = new Folder();
    const path = folder.at("x");
    await writeFileDurably(path, bytes("one"));
    linkSync(path, folder.at("linked"));

    const error = await failureOf(() => writeFileDurably(path, bytes("two")));
    expect(error).toMatchObject({
      code: "STORAGE_FAILED",
      message: expect.stringContaining("is there already") as string,
    });
    expect([folder.read("x"), folder.files()]).toEqual(["one", ["linked", "x"]]);

    await writeFileDurably(path, bytes("two"), { replace: true });
    expect([folder.read("x"), folder.read("linked")]).toEqual(["two", "one"]);
  });

  it("a folder in the file's place, a file in a folder's place and a name too long are typed errors that leave nothing", async () => {
    using folder = new Folder();
    mkdirSync(folder.at("folder/inner"), { recursive: true });
    folder.write("file");

    expect(await failureOf(() => writeFileDurably(folder.at("folder"), bytes("x"), { replace: true }))).toMatchObject({
      code: "STORAGE_FAILED",
    });
    expect(await failureOf(() => writeFileDurably(folder.at("file/x"), bytes("x")))).toMatchObject({
      code: "STORAGE_FAILED",
      message: expect.stringContaining("a file is where a folder should be") as string,
    });
    expect(await failureOf(() => writeFileDurably(folder.at("n".repeat(300)), bytes("x")))).toMatchObject({
      code: "LOCATION_TOO_LONG",
    });
    expect(folder.files()).toEqual(["file"]);
  });

  it("a hundred at once into folders that nobody has made yet all arrive", async () => {
    using folder = new Folder();
    const names = Array.from({ length: 100 }, (_, n) => `f${n % 7}/g${n % 3}/${n}`);

    await Promise.all(names.map((name) => writeFileDurably(folder.at(name), bytes(name))));
    await syncFolders(
      names.map((name) => folder.at(name)),
      folder.path,
    );

    expect(folder.files()).toEqual(names.toSorted());
    for (const name of names) expect(folder.read(name)).toBe(name);
  });

  it("no link below the folder that may be written is followed, wherever it leads", async () => {
    using folder = new Folder();
    mkdirSync(folder.at("root/own"), { recursive: true });
    mkdirSync(folder.at("outside"));
    symlinkSync("../outside", folder.at("root/out"));
    symlinkSync("own", folder.at("root/alias"));
    symlinkSync("root", folder.at("link-above"));
    const within = folder.at("root");

    for (const name of ["root/out/x", "root/out/new/x", "root/alias/x"]) {
      expect(await failureOf(() => writeFileDurably(folder.at(name), bytes("x"), { within }))).toMatchObject({
        code: "STORAGE_FAILED",
        message: expect.stringContaining("a symbolic link leads out") as string,
      });
    }
    expect(readdirSync(folder.at("outside"))).toEqual([]);
    expect(readdirSync(folder.at("root/own"))).toEqual([]);

    await writeFileDurably(folder.at("root/own/x"), bytes("x"), { within });
    await writeFileDurably(folder.at("link-above/own/y"), bytes("y"), { within: folder.at("link-above") });
    expect(readdirSync(folder.at("root/own"))).toEqual(["x", "y"]);
  });

  it("a link in the file's own place is replaced, not written through", async () => {
    using folder = new Folder();
    folder.write("precious", "keep");
    symlinkSync("precious", folder.at("x"));

    expect((await failureOf(() => writeFileDurably(folder.at("x"), bytes("new")))).message).toContain(
      "is there already",
    );
    await writeFileDurably(folder.at("x"), bytes("new"), { replace: true });

    expect([folder.read("x"), folder.read("precious")]).toEqual(["new", "keep"]);
    expect(() => readlinkSync(folder.at("x"))).toThrow("EINVAL");
  });

  it("syncing the folders of what is gone is an error, not silence", async () => {
    using folder = new Folder();

    expect(await failureOf(() => syncFolders([folder.at("nowhere/x")], folder.path))).toMatchObject({
      code: "STORAGE_FAILED",
    });
  });

  it("a probe writes and leaves nothing; a cache file is whole or not there", async () => {
    using folder = new Folder();
    await probeFolder(folder.at("new"));
    expect([statSync(folder.at("new")).isDirectory(), folder.files()]).toEqual([true, []]);
    folder.write("file");
    expect(await failureOf(() => probeFolder(folder.at("file/x")))).toMatchObject({ code: "STORAGE_FAILED" });

    expect(writeCacheFile(folder.at("cache/c"), bytes("1"))).toBe(true);
    expect(writeCacheFile(folder.at("cache/c"), bytes("2"))).toBe(true);
    expect(writeCacheFile(folder.at("file/c"), bytes("2"))).toBe(false);
    expect([folder.read("cache/c"), folder.files()]).toEqual(["2", ["cache/c", "file"]]);
  });
});

describe("errors of the file system", () => {
  const failed = (code: string): StratigraphError =>
    storageError(Object.assign(new Error(code), { code }), "/tmp/x", 1234);

  it("become ours, each with its code, the path, and what to do", () => {
    const codes = Object.fromEntries(
      [
        "ENOSPC",
        "EDQUOT",
        "EFBIG",
        "EACCES",
        "EPERM",
        "EROFS",
        "ENAMETOOLONG",
        "EMFILE",
        "ENFILE",
        "EXDEV",
        "EIO",
        "ENOTDIR",
        "EWHATEVER",
      ].map((code) => [code, failed(code).code]),
    );

    expect(codes).toEqual({
      ENOSPC: "STORAGE_FULL",
      EDQUOT: "STORAGE_FULL",
      EFBIG: "STORAGE_FULL",
      EACCES: "STORAGE_READ_ONLY",
      EPERM: "STORAGE_READ_ONLY",
      EROFS: "STORAGE_READ_ONLY",
      ENAMETOOLONG: "LOCATION_TOO_LONG",
      EMFILE: "STORAGE_FAILED",
      ENFILE: "STORAGE_FAILED",
      EXDEV: "STORAGE_FAILED",
      EIO: "STORAGE_FAILED",
      ENOTDIR: "STORAGE_FAILED",
      EWHATEVER: "STORAGE_FAILED",
    });
    expect(failed("ENOSPC").message).toMatch(
      /^\/tmp\/x: the disk is full while writing 1,234 bytes; expected room for 1,234 bytes on \/.*, received [\d,]+ bytes? free\. /,
    );
    expect(failed("EROFS").cause).toMatchObject({ code: "EROFS" });
    expect(failed("ENOSPC").data).toMatchObject({ path: "/tmp/x", errno: "ENOSPC", bytes: 1234 });
  });
});

describe("what the system says of a reading", () => {
  it("that is denied speaks of reading, not of writing", () => {
    const error = readError(Object.assign(new Error("EACCES"), { code: "EACCES" }), "/tmp/x");

    expect(error.code).toBe("STORAGE_FAILED");
    expect(error.message).toBe(
      "/tmp/x: this may not be read: permission denied. Give this user permission to read it.",
    );
    expect(readError(Object.assign(new Error("EIO"), { code: "EIO" }), "/tmp/x").message).toContain(
      "the disk reported",
    );
  });
});

describe("sweeping", () => {
  const host = hashText(hostname()).slice(0, 8);
  const temp = (pid: number, age: number, of = host): string =>
    `${TEMP_PREFIX}${pid}-${of}-${(Date.now() - age).toString(36)}-1abc`;
  /** No process has it: Linux gives out at most 2^22. */
  const dead = 2 ** 22 + 1;

  it("names say who made them and when", () => {
    const { pid, host: from, createdAt } = parseTempName(tempName())!;

    expect([pid, from]).toEqual([process.pid, host]);
    expect(Math.abs(Date.now() - createdAt)).toBeLessThan(5000);
    expect(new Set(Array.from({ length: 1000 }, tempName)).size).toBe(1000);
    expect(tempName().length).toBeLessThanOrEqual(64);
    for (const other of [
      "x",
      ".strata-tmp-",
      ".strata-tmp-1-2-3-4",
      "a.strata-tmp-1-00000000-0-0",
      ".strata-tmp-1-00000000-0-0.json",
    ]) {
      expect(parseTempName(other)).toBeUndefined();
    }
  });

  it("removes what is old and nobody's, everywhere below, and nothing else", () => {
    using folder = new Folder();
    folder.write(`a/b/${temp(dead, 2 * hour)}`, "12345");
    folder.write(`a/${temp(dead, hour / 2)}`);
    folder.write(`a/${temp(process.pid, 2 * hour)}`);
    folder.write(`a/${temp(1, 2 * hour, "00000000")}`);
    folder.write(`a/${temp(1, 8 * 24 * hour, "00000000")}`);
    folder.write("a/data.json");
    mkdirSync(folder.at(`a/${temp(dead, 3 * hour)}`));
    folder.write(`outside/${temp(dead, 2 * hour)}`);
    symlinkSync("../outside", folder.at("a/link"));
    const before = folder.files();

    const would = sweepTemps(folder.at("a"), { olderThan: hour, dryRun: true });
    expect(folder.files()).toEqual(before);
    const swept = sweepTemps(folder.at("a"), { olderThan: hour });

    expect(swept).toEqual(would);
    expect(swept.map(({ bytes: size }) => size).toSorted()).toEqual([0, 5]);
    expect(before.length - folder.files().length).toBe(2);
    expect(folder.files("outside")).toHaveLength(1);
    expect(sweepTemps(folder.at("nowhere"), { olderThan: 0 })).toEqual([]);
  });

  it("asks whoever knows better who is alive", () => {
    using folder = new Folder();
    folder.write(temp(dead, 2 * hour));

    expect(sweepTemps(folder.path, { olderThan: hour, isAlive: ({ pid }) => pid === dead })).toEqual([]);
    expect(sweepTemps(folder.path, { olderThan: hour, isAlive: () => false })).toHaveLength(1);
  });
});
