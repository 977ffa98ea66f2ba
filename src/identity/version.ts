// What an author declares on a producer, so that changed code is told from unchanged: semver, text, git commit, timestamp, or the code itself.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { StratigraphError } from "../errors.ts";
import { showValue } from "../util/show.ts";
import { parseLabel } from "./calendar.ts";

export const versionKinds = ["semver", "text", "git", "time", "code"] as const;
export type VersionKind = (typeof versionKinds)[number];

/** Made by `semver`, `text`, `gitCommit`, `timestamp` or `code`; frozen plain data. */
export interface DeclaredVersion {
  readonly kind: VersionKind;
  readonly value: string;
}

/** What may be written as `version:`. A plain string is semver when it reads as one ("1.2.3"), otherwise text. */
export type Version = string | DeclaredVersion;

export interface VersionDescription {
  readonly kind: VersionKind;
  /** What enters fingerprints; different kinds never give the same. */
  readonly counts: string;
  /** For people, as declared. */
  readonly text: string;
}

/**
 * From 1.0.0 on only the major number counts, before it all three; a pre-release ("2.0.0-rc.1") promises nothing and counts whole.
 * Build metadata ("+linux") never counts. Throws VERSION_INVALID. Format: https://semver.org, version 2.0.0.
 */
export function semver(value: string): DeclaredVersion {
  if (typeof value === "string" && SEMVER.test(value)) return Object.freeze({ kind: "semver", value });
  throw invalid("this is not a semantic version", "three numbers like 1.2.3", value);
}

/** Any text; every character of it counts. Throws VERSION_INVALID when it is empty or holds control characters. */
export function text(value: string): DeclaredVersion {
  if (typeof value === "string" && value.trim() !== "" && !/[\p{Cc}\p{Cs}]/u.test(value))
    return Object.freeze({ kind: "text", value });
  throw invalid("this cannot be a version", "a text without control characters, not empty", value);
}

/**
 * A git commit; without a hash the one that HEAD names now in the working directory's repository. Every commit is then a new version,
 * also of producers it did not touch, and uncommitted edits are none. Throws VERSION_INVALID.
 */
export function gitCommit(hash?: string, options: { readonly cwd?: string | undefined } = {}): DeclaredVersion {
  if (hash === undefined) return Object.freeze({ kind: "git", value: readHead(options.cwd ?? process.cwd()) });
  if (typeof hash === "string" && /^[0-9a-f]{7,64}$/i.test(hash))
    return Object.freeze({ kind: "git", value: hash.toLowerCase() });
  throw invalid("this is not a git commit", "7 to 64 hex characters", hash);
}

/** A moment with its zone: "2026-01-02T03:04:05Z", "2026-01-02T04:04+01:00", or a Date. The moment counts, not how it is written. Throws VERSION_INVALID. */
export function timestamp(value: string | Date): DeclaredVersion {
  const written = value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : value;
  if (typeof written === "string" && readMoment(written) !== undefined)
    return Object.freeze({ kind: "time", value: written });
  throw invalid(
    "this is not a moment with a time zone",
    "an ISO date and time with zone, like 2026-01-02T03:04:05Z",
    value,
  );
}

const FOLLOWED: DeclaredVersion = Object.freeze({ kind: "code", value: "" });

/**
 * The producer's own code: what it does is followed from the call of `producer()` through every function and package it reaches. Also
 * what counts where no version is given. See docs/code-versions.md for what is seen of it and what is not.
 */
export function code(): DeclaredVersion {
  return FOLLOWED;
}

/** Whether a producer declared with this version follows its code. */
export function followsCode(version: unknown): boolean {
  if (version === undefined) return true;
  return typeof version === "object" && version !== null && (version as { kind?: unknown }).kind === "code";
}

/** What counts of a declared version, and how it reads. Throws VERSION_INVALID. */
export function describeVersion(version: Version): VersionDescription {
  const { kind, value } = checked(version);
  return { kind, counts: `${kind} ${countingPart(kind, value)}`, text: value };
}

function checked(version: unknown): DeclaredVersion {
  if (typeof version === "string") return SEMVER.test(version) ? semver(version) : text(version);
  const { kind, value } = (typeof version === "object" && version !== null ? version : {}) as {
    kind?: unknown;
    value?: unknown;
  };
  if (typeof value === "string") {
    // Checked again, as plain JavaScript may have made the object by hand.
    if (kind === "semver") return semver(value);
    if (kind === "text") return text(value);
    if (kind === "git") return gitCommit(value);
    if (kind === "time") return timestamp(value);
  }
  throw invalid(
    "this is not a version",
    'a text like "1.0.0", or semver(), versionText(), gitCommit(), timestamp(), code()',
    version,
  );
}

function countingPart(kind: VersionKind, value: string): string {
  if (kind === "time") return readMoment(value) as string;
  if (kind !== "semver") return value;
  const [, major, minor, patch, prerelease] = SEMVER.exec(value) as RegExpExecArray;
  if (prerelease !== undefined) return `${major}.${minor}.${patch}-${prerelease}`;
  return major === "0" ? `0.${minor}.${patch}` : (major as string);
}

// semver.org, section "Is there a suggested regular expression": numbers without leading zeros, dotted pre-release and build names.
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*))*))?(?:\+[\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*)?$/;

const MOMENT = /^(\d{4}-\d\d-\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|([+-])(\d\d):?(\d\d))$/;

/** The moment in UTC, to the fraction of a second it was given with; `undefined` where there is no such moment. */
function readMoment(written: string): string | undefined {
  const match = MOMENT.exec(written);
  if (match === null) return undefined;
  const [, date = "", hour, minute, second = "00", fraction = "", , sign = "+", zoneHour = "00", zoneMinute = "00"] =
    match;
  const day = parseLabel("daily", date);
  const parts = [hour, minute, second, zoneHour, zoneMinute].map(Number) as [number, number, number, number, number];
  if (day === undefined || parts[0] > 23 || parts[1] > 59 || parts[2] > 59 || parts[3] > 23 || parts[4] > 59)
    return undefined;
  const offset = (sign === "-" ? -1 : 1) * (parts[3] * 60 + parts[4]);
  const seconds = day * 86_400 + parts[0] * 3600 + (parts[1] - offset) * 60 + parts[2];
  const whole = new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, "");
  const rest = fraction.replace(/0+$/, "");
  return `${whole}${rest === "" ? "" : `.${rest}`}Z`;
}

/** HEAD's commit, read from git's files; git itself is asked only for what they do not say plainly. */
function readHead(cwd: string): string {
  const folder = findGitFolder(cwd);
  if (folder === undefined) {
    throw new StratigraphError("VERSION_INVALID", "gitCommit() was called outside a git repository", {
      where: cwd,
      hint: 'Give the commit, gitCommit("…"), or another version',
    });
  }
  const hash = followHead(folder) ?? askGit(cwd);
  if (hash !== undefined) return hash;
  throw new StratigraphError("VERSION_INVALID", "the git repository has no commit that HEAD names", {
    where: cwd,
    hint: "Commit first",
  });
}

/** `.git` is a folder, or in worktrees and submodules a file that says where the folder is. */
function findGitFolder(cwd: string): string | undefined {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const git = join(folder, ".git");
    if (existsSync(git)) {
      if (statSync(git).isDirectory()) return git;
      const pointed = /^gitdir: (.+)$/m.exec(readFileSync(git, "utf8"))?.[1];
      if (pointed !== undefined) return resolve(folder, pointed);
    }
    if (folder === dirname(folder)) return undefined;
  }
}

function followHead(folder: string): string | undefined {
  const common = readText(join(folder, "commondir"));
  const shared = common === undefined ? folder : resolve(folder, common);
  let name = "HEAD";
  for (let hops = 0; hops < 5; hops++) {
    // A worktree has its own HEAD and shares the branches.
    const content = readText(join(folder, name)) ?? readText(join(shared, name)) ?? packedRef(shared, name);
    if (content === undefined) return undefined;
    if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(content)) return content;
    const target = /^ref: (refs\/\S+)$/.exec(content)?.[1];
    if (target === undefined || target.split("/").includes("..")) return undefined;
    name = target;
  }
  return undefined;
}

function packedRef(folder: string, name: string): string | undefined {
  for (const line of (readText(join(folder, "packed-refs")) ?? "").split("\n")) {
    if (line.endsWith(` ${name}`)) return line.slice(0, -name.length - 1);
  }
  return undefined;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

function askGit(cwd: string): string | undefined {
  try {
    const answer = execFileSync("git", ["rev-parse", "--verify", "HEAD"], {
      cwd,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return /^[0-9a-f]{40,64}$/.exec(answer.trim())?.[0];
  } catch {
    return undefined;
  }
}

function invalid(what: string, expected: string, received: unknown): StratigraphError {
  return new StratigraphError("VERSION_INVALID", what, { expected, received: showValue(received) });
}
