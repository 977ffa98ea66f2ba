// The one file writer, with the power cut, the process killed, the disk full and the system saying no: real processes, real file systems.
// What this machine cannot do is told as "not run", never passed over.

import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseTempName } from "../../src/util/temp-name.ts";
import { sweepTemps } from "../../src/util/temp-sweep.ts";
import { Folder } from "../support/folder.ts";

const program = fileURLToPath(new URL("programs/write.mjs", import.meta.url));
const SIZE = 600_000;

interface Ended {
  readonly lines: readonly string[];
  readonly errors: string;
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
}

interface Running {
  /** A command in front of node: strace, bash. */
  readonly through?: readonly string[];
  readonly uid?: number | undefined;
  /** SIGKILL, this many milliseconds after the first line. */
  readonly killAfter?: number;
  /** What to do after the first line, before the kill. */
  readonly onFirstLine?: () => void;
}

function run(
  what: string,
  folder: string,
  options: object = {},
  { through = [], uid, killAfter, onFirstLine }: Running = {},
): Promise<Ended> {
  const line = [...through, process.execPath, program, what, folder, JSON.stringify({ size: SIZE, ...options })];
  return new Promise((done, failed) => {
    const child = spawn(line[0]!, line.slice(1), {
      // One thread, as strace counts calls for each by itself.
      env: { PATH: process.env["PATH"], UV_THREADPOOL_SIZE: "1" },
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => {
      if (output === "") {
        onFirstLine?.();
        if (killAfter !== undefined) setTimeout(() => child.kill("SIGKILL"), killAfter);
      }
      output += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    child.on("error", failed);
    child.on("close", (code, signal) =>
      done({ lines: output.split("\n").filter((line) => line !== ""), errors, code, signal }),
    );
  });
}

/** Which number's file it is; throws where it is not whole. */
function numberIn(path: string): number {
  const text = readFileSync(path, "latin1");
  const n = Number(text.slice(0, 8));
  if (text.length !== SIZE || text !== String(n).padStart(8, "0") + "abcdefghij"[n % 10]!.repeat(SIZE - 8)) {
    throw new Error(`${path} is torn: ${text.length} bytes beginning ${JSON.stringify(text.slice(0, 20))}`);
  }
  return n;
}

/** Everything under final names is whole, and everything acknowledged is there. Answers how many temporary files were left. */
function verify(folder: Folder, under: string, lines: readonly string[]): number {
  const at = (name: string): string => folder.at(join(under, name));
  let temps = 0;
  for (const file of folder.files(under)) {
    const name = file.split("/").at(-1)!;
    if (parseTempName(name) !== undefined) temps += 1;
    else if (name === "current") numberIn(folder.at(file));
    else expect(numberIn(folder.at(file))).toBe(Number(name));
  }
  const acknowledged = lines
    .map((line) => line.split(" ") as [string, string])
    .map(([kind, n]) => [kind, Number(n)] as const);
  for (const [kind, n] of acknowledged) if (kind === "new") expect(numberIn(at(`f/${n % 5}/${n}`))).toBe(n);
  const last = acknowledged.filter(([kind]) => kind === "current").at(-1)?.[1];
  // The next one may have come as far as its rename without being acknowledged.
  if (last !== undefined) expect([last, last + 1]).toContain(numberIn(at("current")));
  return temps;
}

const has = (command: string): boolean => spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;
const canTrace = has("strace") && spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0;
const isRoot = process.getuid?.() === 0;

function notRun(title: string, why: string): void {
  process.stderr.write(`not run: ${title} (${why})\n`);
}

/** Tests that need something of this machine; told apart from tests that pass. */
function needing(able: boolean, why: string): (title: string, test: () => Promise<void>, timeout?: number) => void {
  return (title, test, timeout) => {
    if (able) it(title, test, timeout);
    else {
      notRun(title, why);
      it.skip(`${title} (not run: ${why})`, test);
    }
  };
}

describe("killed at a random moment", () => {
  it("sixty times: no file under a final name is torn, nothing acknowledged is lost, and what is left can be swept", async () => {
    let acknowledged = 0;
    let orphans = 0;
    for (let round = 0; round < 60; round += 3) {
      await Promise.all(
        Array.from({ length: 3 }, async (_, lane) => {
          using folder = new Folder();
          const { lines, signal, errors } = await run("loop", folder.path, {}, { killAfter: Math.random() * 40 });
          expect(signal, errors).toBe("SIGKILL");
          const temps = verify(folder, ".", lines);
          acknowledged += lines.length;
          orphans += temps;
          expect(sweepTemps(folder.path, { olderThan: 0 }), `round ${round + lane}`).toHaveLength(temps);
          verify(folder, ".", lines);
          expect(folder.files().some((file) => file.includes(".strata-tmp"))).toBe(false);
        }),
      );
    }
    expect(acknowledged).toBeGreaterThan(60);
    // If no kill ever left a temporary file, none came in the middle of a write, and the test has shown nothing.
    expect(orphans).toBeGreaterThan(0);
  }, 180_000);

  const killed = needing(canTrace, "strace is missing");
  killed(
    "at each write, fsync, rename and folder made, one after the other",
    async () => {
      for (const [call, times] of [
        ["pwrite64", 4],
        ["fsync", 8],
        ["rename", 4],
        ["mkdir", 3],
      ] as const) {
        for (let k = 1; k <= times; k++) {
          using folder = new Folder();
          mkdirSync(folder.at("d"));
          const inject = `${call}:signal=KILL:when=${k}`;
          const { lines, errors } = await run(
            "loop",
            folder.at("d"),
            { count: 5, size: SIZE },
            { through: ["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${call}`, "-e", `inject=${inject}`] },
          );
          expect(lines.length, `${inject} ${errors}`).toBeLessThan(10);
          verify(folder, "d", lines);
          sweepTemps(folder.path, { olderThan: 0 });
          expect(
            folder.files().filter((file) => file.includes(".strata-tmp")),
            inject,
          ).toEqual([]);
        }
      }
    },
    180_000,
  );
});

describe("refused by the system", () => {
  const traced = needing(canTrace, "strace is missing");

  /** Lets the k-th call of a kind fail while four files are written one after the other. */
  async function failing(
    call: string,
    error: string,
    when: number | string,
  ): Promise<{ lines: readonly string[]; files: readonly string[]; log: string }> {
    using folder = new Folder();
    mkdirSync(folder.at("d"));
    const log = folder.at("log");
    const { lines, errors } = await run(
      "try",
      folder.at("d"),
      { count: 4 },
      {
        through: [
          "strace",
          "-f",
          "-qq",
          "-y",
          "-o",
          log,
          "-e",
          "trace=pwrite64,fsync,rename,unlink",
          "-e",
          `inject=${call}:error=${error}:when=${when}`,
        ],
      },
    );
    expect(lines, errors).toHaveLength(4);
    return { lines, files: folder.files("d"), log: readFileSync(log, "utf8") };
  }

  traced(
    "the error has the right code, nothing is left of the file, and the next write works",
    async () => {
      const cases = [
        ["pwrite64", "ENOSPC", "STORAGE_FULL"],
        ["pwrite64", "EDQUOT", "STORAGE_FULL"],
        ["pwrite64", "EFBIG", "STORAGE_FULL"],
        ["pwrite64", "EIO", "STORAGE_FAILED"],
        ["rename", "EACCES", "STORAGE_READ_ONLY"],
        ["rename", "EROFS", "STORAGE_READ_ONLY"],
        ["rename", "EXDEV", "STORAGE_FAILED"],
        ["rename", "ENOSPC", "STORAGE_FULL"],
      ] as const;
      for (const [call, error, code] of cases) {
        const { lines, files } = await failing(call, error, 2);

        expect([lines[0], lines[2], lines[3]], `${call} ${error}`).toEqual(["ok", "ok", "ok"]);
        expect(JSON.parse(lines[1]!)).toMatchObject({
          code,
          data: { errno: error, bytes: SIZE, path: expect.stringMatching(/d\/f1$/) as string },
        });
        expect(files).toEqual(["d/f0", "d/f2", "d/f3"]);
      }
    },
    120_000,
  );

  traced(
    "after an error of fsync the file is dropped, and that descriptor is never synced again",
    async () => {
      // Each file is two: its own, and its folder's.
      const { lines, files, log } = await failing("fsync", "EIO", 3);

      expect(JSON.parse(lines[1]!)).toMatchObject({ code: "STORAGE_FAILED", errno: "EIO" });
      expect([lines[0], lines[2], lines[3]]).toEqual(["ok", "ok", "ok"]);
      expect(files).toEqual(["d/f0", "d/f2", "d/f3"]);
      const syncs = [...log.matchAll(/fsync\(\d+<([^>]*)>/g)]
        .map(([, path]) => path!)
        .filter((path) => path.includes(".strata-tmp"));
      expect(syncs).toHaveLength(4);
      expect(new Set(syncs).size).toBe(4);
    },
    60_000,
  );

  traced(
    "an error of the folder's fsync is told, and the folder is synced anew for the next file",
    async () => {
      const { lines } = await failing("fsync", "EIO", 2);

      expect(JSON.parse(lines[0]!)).toMatchObject({ code: "STORAGE_FAILED", errno: "EIO" });
      expect(lines.slice(1)).toEqual(["ok", "ok", "ok"]);
    },
    60_000,
  );

  traced(
    "the order is: folders made, bytes written, file synced, renamed, then every new folder and the base synced",
    async () => {
      using folder = new Folder();
      mkdirSync(folder.at("d"));
      const log = folder.at("log");
      const trace = [
        "strace",
        "-f",
        "-qq",
        "-y",
        "-s",
        "0",
        "-o",
        log,
        "-e",
        "trace=openat,mkdir,pwrite64,fsync,rename",
      ];
      await run("try", folder.at("d"), { count: 1, at: "new/deep/f" }, { through: trace });

      const base = folder.at("d");
      const steps = readFileSync(log, "utf8")
        .split("\n")
        .filter((line) => line.includes(base) && !line.includes("resumed>"))
        .map((line) =>
          line
            .replace(/^\d+\s+/, "")
            .replaceAll(base, "BASE")
            .replace(/\.strata-tmp-[\w-]+/g, "TEMP"),
        )
        .flatMap((line) => {
          const [, call, rest] = /^(\w+)\((.*)$/.exec(line)!;
          const paths = [...rest!.matchAll(/BASE[\w/-]*/g)].map(([path]) => path);
          if (call === "openat") return rest!.includes("O_EXCL") ? [`create ${paths.at(-1)!}`] : [];
          return [`${call!} ${call === "rename" ? paths.join(" -> ") : paths[0]!}`];
        });
      const ends = steps.findIndex((step) => step.startsWith("rename"));

      expect(steps.slice(0, ends + 1).filter((step) => !step.startsWith("mkdir"))).toEqual([
        "create BASE/new/deep/TEMP",
        "create BASE/new/deep/TEMP",
        "pwrite64 BASE/new/deep/TEMP",
        "fsync BASE/new/deep/TEMP",
        "rename BASE/new/deep/TEMP -> BASE/new/deep/f0",
      ]);
      expect(steps.slice(ends + 1).toSorted()).toEqual(["fsync BASE", "fsync BASE/new", "fsync BASE/new/deep"]);
    },
    30_000,
  );

  it("a limit on file size is an error, and leaves nothing", async () => {
    using folder = new Folder();

    const { lines } = await run(
      "try",
      folder.path,
      { count: 2 },
      { through: ["bash", "-c", 'ulimit -f 256; exec "$@"', "bash"] },
    );

    for (const line of lines)
      expect(JSON.parse(line)).toMatchObject({ code: "STORAGE_FULL", errno: "EFBIG", data: { bytes: SIZE } });
    expect(lines).toHaveLength(2);
    expect(folder.files()).toEqual([]);
  });

  it("without a descriptor left it waits for one; if none comes it says so after a few seconds", async () => {
    using folder = new Folder();
    const limit = ["bash", "-c", 'ulimit -n 64; exec "$@"', "bash"];
    mkdirSync(folder.at("some"));
    mkdirSync(folder.at("none"));

    const [some, none] = await Promise.all([
      run("starve", folder.at("some"), {}, { through: limit }),
      run("starve", folder.at("none"), { at: "never" }, { through: limit }),
    ]);

    expect(some.lines, some.errors).toEqual(["ok"]);
    expect(JSON.parse(none.lines[0]!), none.errors).toMatchObject({ code: "STORAGE_FAILED", errno: "EMFILE" });
    expect(folder.files()).toEqual(["some/sub/x"]);
  }, 30_000);

  it("a folder that may not be written is told as such", async () => {
    using folder = new Folder();
    // Root may write everywhere, so as root somebody else tries.
    const uid = isRoot ? 65534 : undefined;
    mkdirSync(folder.at("closed"));
    if (uid !== undefined) {
      chmodSync(folder.path, 0o755);
      chownSync(folder.at("closed"), uid, uid);
    }
    chmodSync(folder.at("closed"), 0o555);

    const { lines, errors } = await run("try", folder.at("closed"), { count: 1 }, { uid });

    expect(lines, errors).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      code: "STORAGE_READ_ONLY",
      errno: "EACCES",
      message: expect.stringContaining("closed/f0") as string,
    });
    chmodSync(folder.at("closed"), 0o755);
  });
});

describe("on a file system of its own", () => {
  let folder: Folder;
  const mounts: string[] = [];
  const mount = (...args: string[]): boolean => spawnSync("mount", args).status === 0;
  const unmount = (path: string): void => {
    spawnSync("umount", [path]);
  };
  const probe = new Folder();
  const canMount = isRoot && mount("-t", "tmpfs", "-o", "size=64k", "none", probe.path);
  if (canMount) unmount(probe.path);
  const image = join(probe.path, "probe.img");
  const canLoop = canMount && has("mkfs.ext4") && makeImage(image) && mount("-o", "loop", image, probe.path);
  if (canLoop) unmount(probe.path);
  probe[Symbol.dispose]();

  function makeImage(path: string): boolean {
    writeFileSync(path, "");
    truncateSync(path, 48 * 1024 * 1024);
    return spawnSync("mkfs.ext4", ["-q", "-F", path]).status === 0;
  }

  beforeAll(() => {
    folder = new Folder();
  });
  afterAll(() => {
    for (const path of mounts) unmount(path);
    folder[Symbol.dispose]();
  });

  const mounted = needing(canMount, "no tmpfs can be mounted");
  mounted(
    "when the disk is full the error names volume and bytes, nothing partial stays, and space that comes back is used",
    async () => {
      const disk = folder.at("disk");
      mkdirSync(disk);
      expect(mount("-t", "tmpfs", "-o", "size=1m", "none", disk)).toBe(true);
      mounts.push(disk);

      const { lines, errors } = await run("try", disk, { count: 3 });

      expect(lines, errors).toHaveLength(3);
      expect(lines[0]).toBe("ok");
      for (const line of lines.slice(1)) {
        const told = JSON.parse(line) as { message: string };
        expect(told).toMatchObject({ code: "STORAGE_FULL", errno: "ENOSPC", data: { bytes: SIZE, volume: disk } });
        expect(told.message).toContain(
          `the disk is full while writing 600,000 bytes; expected room for 600,000 bytes on ${disk}`,
        );
      }
      expect(readdirSync(disk)).toEqual(["f0"]);
      expect(numberIn(join(disk, "f0"))).toBe(0);
      rmSync(join(disk, "f0"));
      expect((await run("try", disk, { count: 1 })).lines).toEqual(["ok"]);
    },
    30_000,
  );

  mounted(
    "a read-only disk is told as such",
    async () => {
      const disk = folder.at("readonly");
      mkdirSync(disk);
      expect(mount("-t", "tmpfs", "-o", "ro", "none", disk)).toBe(true);
      mounts.push(disk);

      const { lines } = await run("try", disk, { count: 1 });

      expect(JSON.parse(lines[0]!)).toMatchObject({ code: "STORAGE_READ_ONLY", errno: "EROFS" });
    },
    30_000,
  );

  const looped = needing(canLoop, "no ext4 image can be mounted");
  looped(
    "the power cut: nothing acknowledged is short or gone, while a writer without fsync does lose files",
    async () => {
      let cut = 0;
      /** Writes on a disk of its own, copies what has reached the disk in the middle of it, and looks at the copy as after a restart. */
      async function lost(durable: boolean): Promise<{ acknowledged: number; lost: number }> {
        const [name, disk] = [folder.at(`disk-${++cut}.img`), folder.at(`power-${cut}`)];
        mkdirSync(disk);
        expect(makeImage(name)).toBe(true);
        expect(mount("-o", "loop", name, disk)).toBe(true);
        mounts.push(disk);
        mkdirSync(join(disk, "d"));
        spawnSync("sync", ["-f", disk]);
        const child = run(
          "try",
          join(disk, "d"),
          { size: 20_000, count: 1000, durable },
          { killAfter: 40 + Math.random() * 80 },
        );
        const { lines } = await child;
        cpSync(name, `${name}.cut`);
        unmount(disk);
        expect(mount("-o", "loop", `${name}.cut`, disk)).toBe(true);
        const missing = lines.filter((_, n) => {
          const file = join(disk, "d", `f${n}`);
          return (
            !existsSync(file) ||
            lstatSync(file).size !== 20_000 ||
            readFileSync(file, "latin1").slice(0, 8) !== String(n).padStart(8, "0")
          );
        });
        unmount(disk);
        rmSync(name);
        rmSync(`${name}.cut`);
        return { acknowledged: lines.length, lost: missing.length };
      }

      for (let round = 0; round < 4; round++) {
        const { acknowledged, lost: gone } = await lost(true);
        expect(acknowledged).toBeGreaterThan(0);
        expect(gone).toBe(0);
      }
      // The negative control: without fsync this harness must see losses, or it sees nothing.
      const control = await lost(false);
      expect(control.lost).toBeGreaterThan(0);
    },
    120_000,
  );
});

describe("a folder swapped for a link while files are written into it", () => {
  it("no byte lands outside, and what is acknowledged is inside", async () => {
    using folder = new Folder();
    for (const name of ["root/sub", "outside"]) mkdirSync(folder.at(name), { recursive: true });
    // The writer makes the folder anew where it finds none, so what was moved away may not come back: then it stays aside.
    const swap = `
      const { renameSync, symlinkSync, unlinkSync } = require("node:fs");
      process.chdir(process.argv[1]);
      const tried = (action) => { try { action(); return true; } catch { return false; } };
      const pause = () => { for (const until = performance.now() + Math.random() / 2; performance.now() < until; ); };
      for (let n = 0; ; n++) {
        tried(() => renameSync("root/sub", "aside" + n));
        if (tried(() => symlinkSync("../outside", "root/sub"))) { pause(); unlinkSync("root/sub"); }
        tried(() => renameSync("aside" + n, "root/sub"));
        pause();
      }`;
    const swapper = spawn(process.execPath, ["-e", swap, folder.path], { stdio: "ignore" });

    const { lines, errors } = await run("race", folder.path, { count: 1500, size: 10_000 });
    swapper.kill("SIGKILL");

    expect(lines, errors).toHaveLength(1500);
    const outcomes = new Set(lines);
    expect([...outcomes].filter((outcome) => !["ok", "STORAGE_FAILED"].includes(outcome))).toEqual([]);
    // Both happened, or the race was none.
    expect(outcomes.size).toBe(2);
    const inside = new Map(
      folder
        .files()
        .filter((file) => !file.startsWith("outside/"))
        .map((file) => [file.split("/").at(-1)!, file]),
    );
    for (const [n, outcome] of lines.entries()) {
      if (outcome === "ok") expect(lstatSync(folder.at(inside.get(String(n))!)).size, String(n)).toBe(10_000);
    }
    for (const name of readdirSync(folder.at("outside"))) {
      expect(parseTempName(name), name).toBeDefined();
      expect(lstatSync(folder.at(join("outside", name))).size).toBe(0);
    }
  }, 60_000);
});

describe("eight processes at once", () => {
  it("each acknowledged file is whole, and the one they all replace is somebody's", async () => {
    using folder = new Folder();

    const ended = await Promise.all(
      Array.from({ length: 8 }, (_, lane) => run("loop", folder.path, { count: 20, at: `lane${lane}` })),
    );

    for (const { lines, errors } of ended) expect(lines, errors).toHaveLength(40);
    numberIn(folder.at("current"));
    for (let lane = 0; lane < 8; lane++)
      for (let n = 0; n < 20; n++) expect(numberIn(folder.at(`lane${lane}/${n % 5}/${n}`))).toBe(n);
    expect(folder.files().filter((file) => file.includes(".strata-tmp"))).toEqual([]);
  }, 120_000);
});
