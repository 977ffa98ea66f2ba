// The artifact store with random folders, forged lists, and what its files look like on disk.

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { StratigraphError } from "../../../src/errors.ts";
import { withFolderLock } from "../../../src/registry/layout/folder-lock.ts";
import { localStore } from "../../../src/registry/store/local-store.ts";
import { memoryStore } from "../../../src/registry/store/memory-store.ts";
import { openArtifactStore } from "../../../src/registry/store/open-store.ts";
import { decodeTree, digestOf, encodeTree, pathProblem, type Tree } from "../../../src/registry/store/tree.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { failureOf, Folder } from "../../support/folder.ts";
import { fc } from "../../support/random.ts";

/** A name that Linux takes: any text but `/`, NUL, "." and "..", of at most 255 bytes. */
const fileName = fc
  .oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 40 }),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
    fc.constantFrom("con", "a\\b", "%2e%2e", "~", " ", "\n", "-rf", "ﬁ", "é", "e\u0301", "..a", ".hidden", "*", "C:"),
  )
  .filter((name) => !/[/\0]/.test(name) && name !== "." && name !== ".." && Buffer.byteLength(name) <= 255)
  .filter((name) => Buffer.from(name, "utf8").toString("utf8") === name);

/** A folder: a name has bytes, or is a folder again. */
interface Files {
  readonly [name: string]: Uint8Array | Files;
}
const files = fc.letrec<{ folder: Files; entry: Uint8Array | Files }>((tie) => ({
  folder: fc.dictionary(fileName, tie("entry"), { maxKeys: 5, noNullPrototype: true }),
  entry: fc.oneof({ depthSize: "small", withCrossShrink: true }, fc.uint8Array({ maxLength: 50 }), tie("folder")),
})).folder;

function write(folder: string, content: Files): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, value] of Object.entries(content)) {
    if (value instanceof Uint8Array) writeFileSync(join(folder, name), value);
    else write(join(folder, name), value);
  }
}

function read(folder: string): Files {
  return Object.fromEntries(
    readdirSync(folder, { withFileTypes: true }).map((entry) => {
      const path = join(folder, entry.name);
      return [entry.name, entry.isDirectory() ? read(path) : new Uint8Array(readFileSync(path))];
    }),
  );
}

describe("a random folder", () => {
  for (const kind of ["memory", "local"] as const) {
    it(`comes back the same from the ${kind} store, opened and downloaded`, { timeout: 60_000 }, async () => {
      using folder = new Folder();
      const store = kind === "memory" ? memoryStore() : localStore(folder.at("store"));
      let run = 0;
      await fc.assert(
        fc.asyncProperty(files, async (content) => {
          const place = folder.at(`run-${++run}`);
          write(join(place, "in"), content);

          const artifact = await store.put({ path: join(place, "in") });
          await store.download(artifact, join(place, "out"));

          expect(read(join(place, "out"))).toEqual(content);
          await using view = await store.open(artifact);
          expect(read(view.path)).toEqual(content);
          expect(await store.exists(artifact)).toBe(true);
          expect((await store.put({ path: join(place, "out") })).digest).toBe(artifact.digest);
        }),
        { numRuns: kind === "memory" ? 100 : 40 },
      );
    });
  }
});

describe("the list of a folder's files", () => {
  const file = (path: string): Tree["files"][number] => ({ path, digest: digestOf(path), size: 1, mode: "644" });

  it("is one text whatever the order of the files, and reads back as what it was", () => {
    const paths = fc.uniqueArray(fileName, { maxLength: 8 });
    fc.assert(
      fc.property(paths, (names) => {
        const tree = { files: names.map(file), emptyFolders: [] };
        const text = encodeTree(tree);

        expect(encodeTree({ ...tree, files: tree.files.toReversed() })).toBe(text);
        expect(new Set(decodeTree(text, "here").files.map(({ path }) => path))).toEqual(new Set(names));
      }),
    );
  });

  it("never has a path that leaves the folder it is written to", () => {
    const part = fc.oneof(fc.constantFrom("..", ".", "", "a", "\0", "C:", "\\"), fc.string({ maxLength: 5 }));
    const path = fc.array(part, { maxLength: 6 }).map((parts) => parts.join("/"));
    fc.assert(
      fc.property(path, (one) => {
        if (pathProblem(one) !== undefined) return;
        expect(resolve("/target", one).startsWith(`/target${sep}`)).toBe(true);
        expect(resolve("/target", one)).toBe(`/target/${one}`);
      }),
      { numRuns: 2000 },
    );
    for (const wrong of ["../x", "/etc/passwd", "a/../../x", "a//b", "./a", "a/", "a\0b", ""]) {
      for (const tree of [
        { files: [file(wrong)], emptyFolders: [] },
        { files: [], emptyFolders: [wrong] },
      ]) {
        expect(() => decodeTree(encodeTree(tree), "here"), wrong).toThrow(StratigraphError);
      }
    }
  });

  it("is refused with a path twice, or a file that is a folder as well", () => {
    for (const paths of [
      ["a", "a"],
      ["a", "a/b"],
    ]) {
      const text = encodeTree({ files: paths.map(file), emptyFolders: [] });
      expect(() => decodeTree(text, "here")).toThrow(/twice|both/);
    }
    const text = encodeTree({ files: [file("a")], emptyFolders: ["a"] });
    expect(() => decodeTree(text, "here")).toThrow("twice");
  });

  it("is refused when it is no such list", () => {
    for (const text of [
      "",
      "{}",
      "null",
      "[]",
      '{"format":2,"files":[],"emptyFolders":[]}',
      '{"format":1,"files":[{}]}',
    ]) {
      expect(() => decodeTree(text, "here")).toThrow(StratigraphError);
    }
  });
});

describe("the local store", () => {
  it("keeps objects that nobody can write, in a folder that others cannot read", async () => {
    using folder = new Folder();
    const store = localStore(folder.at("store"));

    const { digest } = await store.put({ bytes: Buffer.from("x"), name: "model" });

    const path = `store/objects/${digest.slice(0, 2)}/${digest.slice(2)}`;
    expect(folder.files("store")).toEqual([`store/files/${digest.slice(0, 2)}/${digest.slice(2)}`, path]);
    expect(statSync(folder.at(path)).mode & 0o222).toBe(0);
    expect(statSync(folder.at("store/objects")).mode & 0o077).toBe(0);
  });

  it("leaves nothing but objects and claims after any of its operations", async () => {
    using folder = new Folder();
    const store = localStore(folder.at("store"));
    const model = { namespace: "team", name: "Churn" };
    await store.claim(model, { bump: "patch" }, { highestSequence: 0, versions: [] }, async () => false);
    const artifact = await store.put({ fill: async (path) => writeFileSync(join(path, "a"), "a") });
    await (await store.open(artifact))[Symbol.asyncDispose]();
    await failureOf(() => store.put({ fill: () => Promise.reject(new Error("no model")) }));
    await failureOf(() => store.put({ path: folder.at("nowhere") }));

    expect(readdirSync(folder.at("store/tmp"))).toEqual([]);
    const [name] = readdirSync(folder.at("store/claims/team"));
    expect(name).toMatch(/^Churn~[0-9a-f]{12}$/);
    expect(readdirSync(folder.at(`store/claims/team/${name}`)).sort()).toEqual(["#1~1", "v1.0.0~1"]);
  });

  it("refuses pipes, links to folders, links to nowhere, and names that are no UTF-8", async () => {
    using folder = new Folder();
    const store = localStore(folder.at("store"));
    const makers: Readonly<Record<string, (path: string) => unknown>> = {
      "is no regular file": (path) => execFileSync("mkfifo", [join(path, "pipe")]),
      "links to a folder": (path) => symlinkSync("inner", join(path, "link")),
      "leads nowhere": (path) => symlinkSync("nothing", join(path, "link")),
      "not UTF-8": (path) => writeFileSync(Buffer.concat([Buffer.from(`${path}/a`), Buffer.from([0xff])]), "x"),
    };
    for (const [i, [problem, make]] of Object.entries(makers).entries()) {
      const path = folder.at(`model-${i}`);
      mkdirSync(join(path, "inner"), { recursive: true });
      make(path);

      const error = await failureOf(() => store.put({ path }));

      expect(error).toMatchObject({ code: "VALIDATION_FAILED" });
      expect(error.message).toContain(problem);
    }
  });

  it("finds a changed list of a folder's files, and a forged one that fits its own digest", async () => {
    using folder = new Folder();
    const store = localStore(folder.at("store"));
    const artifact = await store.put({ fill: async (path) => writeFileSync(join(path, "a"), "a") });
    const list = folder.at(`store/folders/${artifact.digest.slice(0, 2)}/${artifact.digest.slice(2)}`);
    chmodSync(list, 0o600);
    writeFileSync(list, readFileSync(list, "utf8").replace('"a"', '"b"'));
    expect(await failureOf(() => store.open(artifact))).toMatchObject({ code: "ARTIFACT_CORRUPTED" });

    const forged = encodeTree({
      files: [{ path: "../../escaped", digest: digestOf("a"), size: 1, mode: "644" }],
      emptyFolders: [],
    });
    const digest = digestOf(forged);
    const path = folder.at(`store/folders/${digest.slice(0, 2)}/${digest.slice(2)}`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, forged);
    const error = await failureOf(() => store.download({ ...artifact, digest }, folder.at("out/deep")));
    expect(error).toMatchObject({ code: "ARTIFACT_CORRUPTED" });
    expect(folder.files().filter((file) => file.includes("escaped"))).toEqual([]);
  });

  it("does not store a file that changes while it is read", async () => {
    using folder = new Folder();
    const path = folder.write("model.bin", Buffer.alloc(8 * 1024 * 1024));
    const writer = setInterval(() => utimesSync(path, Date.now() / 1000, Math.random() * 1e9), 0);

    const error = await failureOf(() => localStore(folder.at("store")).put({ path }));
    clearInterval(writer);

    expect(error).toMatchObject({ code: "SOURCE_UNSTABLE" });
  });

  it("can be read where it cannot be written", async () => {
    using folder = new Folder();
    const artifact = await localStore(folder.at("store")).put({ bytes: Buffer.from("x"), name: "model" });
    const script = `
      import { localStore } from ${JSON.stringify(join(import.meta.dirname, "../../../src/registry/store/local-store.ts"))};
      import { readFileSync } from "node:fs";
      process.setuid?.(65534);
      await using view = await localStore(process.argv[2]).open(JSON.parse(process.argv[3]));
      process.stdout.write(readFileSync(view.path, "utf8"));
    `;
    folder.write("read.ts", script);
    chmodSync(folder.path, 0o755);
    execFileSync("chmod", ["-R", "a+rX", folder.at("store")]);
    const jiti = join(import.meta.dirname, "../../../node_modules/jiti/lib/jiti-cli.mjs");

    const said = execFileSync(
      process.execPath,
      [jiti, folder.at("read.ts"), folder.at("store"), JSON.stringify(artifact)],
      {
        encoding: "utf8",
        env: { ...process.env, NODE_OPTIONS: "", VITEST: "", JITI_FS_CACHE: "false" },
      },
    );

    expect(said).toBe("x");
  });
});

it.skipIf(!existsSync("/proc/self"))(
  "a store or a projection where no folder can be made is refused at once",
  async () => {
    const store = localStore("/proc/strata/models");
    const options = { clock: systemClock, timeout: 0 };
    const attempts = [
      () => store.put({ bytes: Buffer.from("x") }),
      () => store.claim({ namespace: "team", name: "churn" }, { bump: "patch" }, { highestSequence: 0, versions: [] }, async () => false), // prettier-ignore
      () => withFolderLock("/proc/strata/mlruns", options, async () => undefined),
    ];

    for (const attempt of attempts) {
      expect(await failureOf(attempt)).toMatchObject({ code: "STORAGE_FAILED", message: expect.stringContaining("/proc/strata") as string }); // prettier-ignore
    }
  },
);

describe("openArtifactStore", () => {
  it("takes paths, file URLs and memory:", async () => {
    using folder = new Folder();
    const urls = [folder.at("a b"), pathToFileURL(folder.at("ü")), `file:${folder.at("plain")}`];
    for (const url of urls) {
      const store = openArtifactStore(url);
      expect(store.kind).toBe("local");
      await store.put({ bytes: Buffer.from("x") });
    }

    expect(readdirSync(folder.path).sort()).toEqual(["a b", "plain", "ü"]);
    expect(openArtifactStore("memory:").kind).toBe("memory");
    expect(openArtifactStore("models").kind).toBe("local");
  });

  it("names the schemes it knows for one it does not", async () => {
    for (const url of ["s3://bucket/models", "postgres://host/db", "", "FTP:x"]) {
      const error = await failureOf(() => openArtifactStore(url));
      expect(error).toMatchObject({ code: "CONFIG_INVALID" });
      expect(error.message).toContain("'file:' or 'memory:'");
    }
    expect(await failureOf(() => openArtifactStore("file://elsewhere/models"))).toMatchObject({
      code: "CONFIG_INVALID",
    });
  });
});
