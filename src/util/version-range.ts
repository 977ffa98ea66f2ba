// Ranges of semantic versions, as far as records are searched by them: ">=0.3 <0.5".

import { StratigraphError } from "../errors.ts";

type Parts = readonly [major: number, minor: number, patch: number];

interface Comparator {
  readonly is: ">=" | ">" | "<=" | "<" | "=";
  readonly version: Version;
}

interface Version {
  readonly parts: Parts;
  /** What stands behind "-"; empty for a release. */
  readonly pre: readonly string[];
}

const VERSION = /^v?(\d{1,15})(?:\.(\d{1,15}))?(?:\.(\d{1,15}))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;

/** Whether versions lie in a range. */
export type VersionTest = (version: string) => boolean;

/**
 * Conditions that hold together, with spaces between: `>=0.3`, `>0.3`, `<=`, `<`, `=`; `0.3` alone is every 0.3.x, and what is left
 * out on the right is zero beside a sign. What is no version lies in no range. Error: VALIDATION_FAILED.
 */
export function parseVersionRange(text: string): VersionTest {
  const words = text
    .trim()
    .replace(/([<>=])\s+/g, "$1")
    .split(/\s+/);
  const comparators = words.flatMap((word) => comparatorsOf(word, text));
  return (given) => {
    const version = parseVersion(given);
    return version !== undefined && comparators.every((comparator) => holds(version, comparator));
  };
}

function comparatorsOf(word: string, text: string): Comparator[] {
  const [, sign = "", rest = ""] = /^(>=|<=|>|<|=)?(.*)$/.exec(word) ?? [];
  const match = VERSION.exec(rest);
  const version = parseVersion(rest);
  if (match === null || version === undefined) {
    throw new StratigraphError("VALIDATION_FAILED", "that is no range of versions", {
      where: "engineVersion",
      expected: 'conditions such as ">=0.3 <0.5"',
      received: `'${text}'`,
    });
  }
  const [major, minor] = version.parts;
  const next: Parts | undefined = match[2] === undefined ? [major + 1, 0, 0] : [major, minor + 1, 0];
  const whole = match[3] !== undefined;
  switch (sign) {
    case ">=":
    case "<":
      return [{ is: sign, version }];
    case ">":
      return [whole ? { is: ">", version } : { is: ">=", version: release(next) }];
    case "<=":
      return [whole ? { is: "<=", version } : { is: "<", version: release(next) }];
    default:
      return whole
        ? [{ is: "=", version }]
        : [
            { is: ">=", version },
            { is: "<", version: release(next) },
          ];
  }
}

function release(parts: Parts): Version {
  return { parts, pre: [] };
}

function parseVersion(text: string): Version | undefined {
  const match = VERSION.exec(text);
  if (match === null) return undefined;
  const [, major, minor = "0", patch = "0", pre] = match;
  return { parts: [Number(major), Number(minor), Number(patch)], pre: pre === undefined ? [] : pre.split(".") };
}

function holds(version: Version, { is, version: bound }: Comparator): boolean {
  const order = compare(version, bound);
  switch (is) {
    case ">=":
      return order >= 0;
    case ">":
      return order > 0;
    case "<=":
      return order <= 0;
    case "<":
      return order < 0;
    case "=":
      return order === 0;
  }
}

/** As semver 2.0.0 §11 orders them. */
function compare(a: Version, b: Version): number {
  for (let index = 0; index < 3; index++) {
    if (a.parts[index] !== b.parts[index]) return a.parts[index]! - b.parts[index]!;
  }
  if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length - a.pre.length;
  for (let index = 0; index < Math.min(a.pre.length, b.pre.length); index++) {
    const order = compareIdentifiers(a.pre[index]!, b.pre[index]!);
    if (order !== 0) return order;
  }
  return a.pre.length - b.pre.length;
}

function compareIdentifiers(a: string, b: string): number {
  const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (left && right) return Number(a) - Number(b);
  if (left !== right) return left ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
