// Semantic versions as the registry counts them: which texts are one, which of two is higher, and what comes next.

/** `rest`: pre-release and build metadata, empty for a plain `x.y.z`. */
export interface SemanticVersion {
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  readonly rest: string;
}

export type Bump = "patch" | "minor" | "major";

/** `undefined` for what is no semantic version: also "v1.0.0", "1.0" and "2.0.0-rc.01". */
export function parseSemanticVersion(text: string): SemanticVersion | undefined {
  const match = text.length <= LONGEST ? SEMVER.exec(text) : null;
  if (match === null) return undefined;
  const [, major = "", minor = "", patch = "", rest = ""] = match;
  return { major: BigInt(major), minor: BigInt(minor), patch: BigInt(patch), rest };
}

/**
 * The version after the highest plain `x.y.z` of those given, numbers compared as numbers; "1.0.0" where there is none. Pre-releases and
 * whatever else is in the list do not count: nobody wants 2.0.1 after trying out 2.0.0-rc1.
 */
export function nextVersion(existing: Iterable<string>, bump: Bump): string {
  let highest: SemanticVersion | undefined;
  for (const text of existing) {
    const version = parseSemanticVersion(text);
    if (version?.rest !== "") continue;
    if (highest === undefined || isHigher(version, highest)) highest = version;
  }
  if (highest === undefined) return "1.0.0";
  const { major, minor, patch } = highest;
  switch (bump) {
    case "major":
      return `${major + 1n}.0.0`;
    case "minor":
      return `${major}.${minor + 1n}.0`;
    case "patch":
      return `${major}.${minor}.${patch + 1n}`;
  }
}

function isHigher(one: SemanticVersion, other: SemanticVersion): boolean {
  if (one.major !== other.major) return one.major > other.major;
  return one.minor !== other.minor ? one.minor > other.minor : one.patch > other.patch;
}

/** Longer ones are mistakes, and no file name. */
const LONGEST = 128;

// semver.org, version 2.0.0: numbers without leading zeros, dotted pre-release and build names.
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)((?:-(?:(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*))*))?(?:\+[\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*)?)$/;
