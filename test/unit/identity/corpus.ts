// The golden corpus as values of this program; run by itself it prints their fingerprints, so that another process can be compared.

import { readFileSync } from "node:fs";
import { fingerprintText } from "../../../src/identity/fingerprint.ts";
import { sealManifest } from "../../../src/identity/manifest.ts";
import { daily, hourly, integers, monthly, strings, weekly } from "../../../src/identity/declare-dimension.ts";
import type { Dimensions } from "../../../src/identity/dimension.ts";
import { encodeKey } from "../../../src/identity/partition-key.ts";
import { gitCommit, semver, text, timestamp, type Version } from "../../../src/identity/version.ts";
import { canonicalText } from "../../../src/util/canonical.ts";

/** A value in the notation of test/golden/fingerprints.py. */
export type Notation = readonly [kind: string, ...rest: any[]];

export interface Golden {
  readonly algorithm: string;
  readonly published: readonly { readonly hex: string; readonly xxh64: string }[];
  readonly bytes: readonly { readonly length: number; readonly fingerprint: string; readonly sha256: string }[];
  readonly values: readonly { readonly value: Notation; readonly text: string; readonly fingerprint: string }[];
  readonly manifests: readonly {
    readonly kind: string;
    readonly format: number;
    readonly parts: Notation;
    readonly text: string;
    readonly fingerprint: string;
  }[];
  readonly schemas: Readonly<Record<string, { readonly json: unknown; readonly fingerprint: string }>>;
  readonly keys: readonly {
    readonly dimensions: Readonly<Record<string, string>>;
    readonly key: Readonly<Record<string, string | number>>;
    readonly text: string;
    readonly fingerprint: string;
  }[];
  readonly versions: readonly {
    readonly kind: string;
    readonly value: string;
    readonly counts: string;
    readonly fingerprint: string;
  }[];
}

export const goldenFolder = new URL("../../golden/", import.meta.url);
export const goldenText = readFileSync(new URL("fingerprints.json", goldenFolder), "utf8");
export const golden = JSON.parse(goldenText) as Golden;

const views: Readonly<Record<string, (bytes: ArrayBuffer) => unknown>> = {
  Uint8Array: (bytes) => new Uint8Array(bytes),
  Uint8ClampedArray: (bytes) => new Uint8ClampedArray(bytes),
  Int8Array: (bytes) => new Int8Array(bytes),
  Uint16Array: (bytes) => new Uint16Array(bytes),
  Int32Array: (bytes) => new Int32Array(bytes),
  Float32Array: (bytes) => new Float32Array(bytes),
  Float64Array: (bytes) => new Float64Array(bytes),
  BigInt64Array: (bytes) => new BigInt64Array(bytes),
  BigUint64Array: (bytes) => new BigUint64Array(bytes),
  Buffer: (bytes) => Buffer.from(bytes),
  ArrayBuffer: (bytes) => bytes,
};

export function valueOf([kind, ...rest]: Notation): unknown {
  switch (kind) {
    case "null":
      return null;
    case "undefined":
      return undefined;
    case "boolean":
    case "text":
      return rest[0];
    case "number":
      return Number(rest[0]);
    case "bigint":
      return BigInt(rest[0]);
    case "date":
      return new Date(rest[0]);
    case "list":
      return rest[0].map(valueOf);
    case "set":
      return new Set(rest[0].map(valueOf));
    case "map":
      return new Map(rest[0].map(([key, member]: [Notation, Notation]) => [valueOf(key), valueOf(member)]));
    case "record":
      return recordOf({}, rest[0]);
    case "bare":
      return recordOf(Object.create(null) as object, rest[0]);
    case "bytes":
      return views[rest[0] as string]?.(new Uint8Array(Buffer.from(rest[1], "hex")).buffer);
    default:
      throw new Error(`no such kind: ${kind}`);
  }
}

function recordOf(target: object, entries: readonly (readonly [string, Notation])[]): object {
  for (const [name, member] of entries) {
    Object.defineProperty(target, name, {
      value: valueOf(member),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return target;
}

const makers: Readonly<Record<string, () => Dimensions[string]>> = {
  hourly: () => hourly({ zone: "Europe/Berlin" }),
  daily: () => daily(),
  weekly: () => weekly(),
  monthly: () => monthly(),
  integers: () => integers(),
  strings: () => strings(),
};

export function dimensionsOf(kinds: Readonly<Record<string, string>>): Dimensions {
  return Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, makers[kind]!()]));
}

export function versionOf(kind: string, value: string): Version {
  const declare = { semver, text, git: gitCommit, time: timestamp }[kind] as (value: string) => Version;
  return declare(value);
}

/** Every fingerprint of the corpus that comes from a value, in order. */
export function corpusFingerprints(): readonly string[] {
  return [
    ...golden.values.map(({ value }) => fingerprintText(canonicalText(valueOf(value)))),
    ...golden.manifests.map(
      ({ kind, format, parts }) =>
        sealManifest({ kind, format, parts: valueOf(parts) as Record<string, unknown> }).fingerprint,
    ),
    ...golden.keys.map(({ dimensions, key }) => fingerprintText(encodeKey(dimensionsOf(dimensions), key))),
  ];
}

if (process.argv.includes("--print-corpus")) console.log(JSON.stringify(corpusFingerprints()));
