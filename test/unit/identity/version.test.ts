import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeVersion, gitCommit, semver, text, timestamp, type Version } from "../../../src/identity/version.ts";
import { fc } from "../../support/random.ts";

const counts = (version: Version): string => describeVersion(version).counts;
const invalid = expect.objectContaining({ code: "VERSION_INVALID" });

describe("a semantic version", () => {
  it("counts by its major number from 1.0.0 on, and by all three before", () => {
    expect(["1.0.0", "1.2.3", "1.99.0"].map(counts)).toEqual(["semver 1", "semver 1", "semver 1"]);
    expect(["0.1.0", "0.1.1", "0.0.1"].map(counts)).toEqual(["semver 0.1.0", "semver 0.1.1", "semver 0.0.1"]);
    expect(counts("2.0.0")).not.toBe(counts("1.0.0"));
  });

  it("counts whole as a pre-release, and never by its build metadata", () => {
    expect(counts("2.0.0-rc.1")).toBe("semver 2.0.0-rc.1");
    expect(counts("2.0.0+linux.5")).toBe("semver 2");
    expect(counts("0.2.0-a+b")).toBe("semver 0.2.0-a");
  });

  it("is what a plain string is when it reads as one", () => {
    expect(describeVersion("1.2.3")).toEqual({ kind: "semver", counts: "semver 1", text: "1.2.3" });
    expect(describeVersion(semver("1.2.3"))).toEqual(describeVersion("1.2.3"));
    for (const other of ["1", "1.0", "v1.0.0", "01.0.0", "1.0.0.0", "1.0.0-", "1.0.0-01", "autumn"]) {
      expect(describeVersion(other)).toEqual({ kind: "text", counts: `text ${other}`, text: other });
      expect(() => semver(other)).toThrow(invalid);
    }
  });
});

describe("a text version", () => {
  it("counts character for character, also when it reads like another kind", () => {
    expect(counts(text("1.0.0"))).toBe("text 1.0.0");
    expect(counts(text("1.0.0"))).not.toBe(counts("1.0.0"));
    expect(counts(text("1"))).not.toBe(counts("1.0.0"));
    expect(counts(text("a"))).not.toBe(counts(text("a ")));
  });

  it.each(["", " ", "\n", "a\0", "a\nb", "\ud800"])("is not %j", (value) => {
    expect(() => text(value)).toThrow(invalid);
    expect(() => describeVersion(value)).toThrow(invalid);
  });
});

describe("a timestamp", () => {
  it("counts by its moment, not by how it is written", () => {
    const same = [
      "2026-01-02T03:04:05Z",
      "2026-01-02T04:04:05+01:00",
      "2026-01-02T03:04:05.000Z",
      "2026-01-01T21:34:05-05:30",
    ];

    expect(new Set(same.map((moment) => counts(timestamp(moment))))).toEqual(new Set(["time 2026-01-02T03:04:05Z"]));
    expect(counts(timestamp(new Date("2026-01-02T03:04:05.250Z")))).toBe("time 2026-01-02T03:04:05.25Z");
    expect(counts(timestamp("2026-01-02T03:04Z"))).toBe("time 2026-01-02T03:04:00Z");
    expect(counts(timestamp("2026-01-02T03:04:05.123456789Z"))).toBe("time 2026-01-02T03:04:05.123456789Z");
  });

  it("of a Date counts as that Date", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-30T00:00:00Z"), noInvalidDate: true }),
        (date) => {
          expect(new Date(counts(timestamp(date)).slice("time ".length)).getTime()).toBe(date.getTime());
        },
      ),
    );
  });

  it.each([
    "2026-01-02",
    "2026-01-02T03:04:05",
    "2026-02-30T00:00:00Z",
    "2026-01-02T24:00:00Z",
    "2026-01-02T03:60Z",
    "2026-01-02T03:04:60Z",
    "2026-01-02T03:04Z ",
    "2026-01-02T03:04+24:00",
    "now",
  ])("is not %s", (value) => {
    expect(() => timestamp(value)).toThrow(invalid);
  });

  it("is not an invalid Date", () => {
    expect(() => timestamp(new Date(NaN))).toThrow(invalid);
  });
});

describe("a version made by hand", () => {
  it("is checked like any other", () => {
    expect(describeVersion({ kind: "semver", value: "1.2.3" })).toEqual(describeVersion("1.2.3"));
    const bad: unknown[] = [
      undefined,
      null,
      1,
      {},
      [],
      { kind: "semver", value: "x" },
      { kind: "code", value: "x" },
      { kind: "git", value: "HEAD" },
      () => "1.0.0",
    ];
    for (const version of bad) expect(() => describeVersion(version as Version)).toThrow(invalid);
  });

  it("is frozen", () => {
    for (const version of [semver("1.0.0"), text("a"), gitCommit("abcdef1"), timestamp("2026-01-02T03:04Z")])
      expect(Object.isFrozen(version)).toBe(true);
  });
});

describe("a git commit", () => {
  const hash = "d6cd1e2bd19e03a81132a23b2025920577f84e37";
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "version-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const place = (name: string, files: Record<string, string>): string => {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(folder, name, path, ".."), { recursive: true });
      writeFileSync(join(folder, name, path), content);
    }
    return join(folder, name);
  };
  const head = (cwd: string): string => counts(gitCommit(undefined, { cwd }));

  it("counts by its hash", () => {
    expect(describeVersion(gitCommit(hash.toUpperCase()))).toEqual({ kind: "git", counts: `git ${hash}`, text: hash });
    for (const bad of ["", "HEAD", "abc123", "g".repeat(40), "a".repeat(65)])
      expect(() => gitCommit(bad)).toThrow(invalid);
  });

  it("is HEAD's when none is given: of a branch, packed, detached, in a subfolder, in SHA-256", () => {
    expect(head(place("branch", { ".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": `${hash}\n` }))).toBe(
      `git ${hash}`,
    );
    expect(head(place("branch/deep/down", { "x.txt": "" }))).toBe(`git ${hash}`);
    expect(head(place("detached", { ".git/HEAD": `${hash}\n` }))).toBe(`git ${hash}`);
    expect(
      head(
        place("packed", {
          ".git/HEAD": "ref: refs/heads/a/b\n",
          ".git/packed-refs": `# pack-refs\n${"1".repeat(40)} refs/heads/a/bc\n${hash} refs/heads/a/b\n^${"2".repeat(40)}\n`,
        }),
      ),
    ).toBe(`git ${hash}`);
    expect(head(place("sha256", { ".git/HEAD": "a".repeat(64) }))).toBe(`git ${"a".repeat(64)}`);
  });

  it("is the worktree's own HEAD, whose branches are the repository's", () => {
    place("main", {
      ".git/HEAD": "ref: refs/heads/main\n",
      ".git/refs/heads/main": `${"1".repeat(40)}\n`,
      ".git/refs/heads/side": `${hash}\n`,
    });
    place("main", { ".git/worktrees/side/HEAD": "ref: refs/heads/side\n", ".git/worktrees/side/commondir": "../..\n" });

    expect(head(place("side", { ".git": "gitdir: ../main/.git/worktrees/side\n" }))).toBe(`git ${hash}`);
  });

  it("is told as missing outside a repository and before the first commit", () => {
    expect(() => gitCommit(undefined, { cwd: "/" })).toThrow(/outside a git repository/);
    expect(() => head(place("empty", { ".git/HEAD": "ref: refs/heads/main\n" }))).toThrow(/no commit/);
    expect(() => head(place("astray", { ".git/HEAD": "ref: refs/heads/../../../secret\n", secret: hash }))).toThrow(
      /no commit/,
    );
  });

  it("is the one that git itself names", (context) => {
    const cwd = join(folder, "real");
    mkdirSync(cwd);
    const environment = {
      ...process.env,
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_AUTHOR_NAME: "a",
      GIT_AUTHOR_EMAIL: "a@example.org",
      GIT_COMMITTER_NAME: "a",
      GIT_COMMITTER_EMAIL: "a@example.org",
    };
    const git = (...words: string[]): string =>
      execFileSync("git", words, {
        cwd,
        env: environment,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim();
    try {
      git("init", "-q");
    } catch {
      return context.skip("git is not installed");
    }
    git("commit", "-q", "--allow-empty", "-m", "first");

    expect(head(cwd)).toBe(`git ${git("rev-parse", "HEAD")}`);
    git("pack-refs", "--all");
    expect(head(cwd)).toBe(`git ${git("rev-parse", "HEAD")}`);
    appendFileSync(join(cwd, "x"), "");
    git("commit", "-q", "--allow-empty", "-m", "second");
    expect(head(cwd)).toBe(`git ${git("rev-parse", "HEAD")}`);
  });
});
