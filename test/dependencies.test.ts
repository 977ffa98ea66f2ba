// What comes along with the package: few packages, all of them free to use, and none of the optional ones before it is needed.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..");

interface PackageJson {
  readonly name: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** What the package may depend on, and what for. */
const allowed: Readonly<Record<string, string>> = {
  zod: "schemas",
  immer: "derived graphs",
  "fast-json-stable-stringify": "canonical texts",
  "xxhash-wasm": "fingerprints",
  commander: "the command line",
  picocolors: "the command line",
  jiti: "the user's TypeScript",
  "csv-parse": "the format csv",
  "csv-stringify": "the format csv",
  yaml: "configuration in YAML, loaded where there is some",
  semver: "versions of models",
  cockatiel: "retry and circuit breaker, loaded with the first connection that has them",
  "lru-cache": "the cache of answers, likewise",
};
const allowedOptional = ["better-sqlite3"];
/** Anybody may use, change and pass on what has one of these, as what has ours. */
const free = ["MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "0BSD", "BlueOak-1.0.0"];

function readPackage(folder: string): PackageJson {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as PackageJson;
}

/** Every package that is installed for these, and for those in turn, as Node would find it from the root. */
function installedFor(names: readonly string[], seen: Map<string, PackageJson>): Map<string, PackageJson> {
  for (const name of names) {
    const folder = join(root, "node_modules", name);
    if (seen.has(name) || !existsSync(folder)) continue;
    const found = readPackage(folder);
    seen.set(name, found);
    installedFor(Object.keys(found.dependencies ?? {}), seen);
  }
  return seen;
}

it("the packed package depends on what is listed here, and on nothing else", () => {
  const folder = mkdtempSync(join(tmpdir(), "stratigraph-pack-"));
  try {
    const packed = execFileSync("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
    execFileSync("tar", ["-xzf", join(folder, filename), "-C", folder, "package/package.json", "package/LICENSE"]);
    const { dependencies, optionalDependencies, license } = readPackage(join(folder, "package"));

    expect(Object.keys(dependencies ?? {}).filter((name) => !Object.hasOwn(allowed, name))).toEqual([]);
    expect(Object.keys(optionalDependencies ?? {})).toEqual(allowedOptional);
    expect(license).toBe("MIT");
    expect(readFileSync(join(folder, "package", "LICENSE"), "utf8")).toContain("Permission is hereby granted");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);

it("whatever is installed along with it has a licence that fits", () => {
  const { dependencies = {}, optionalDependencies = {} } = readPackage(root);
  const installed = installedFor([...Object.keys(dependencies), ...Object.keys(optionalDependencies)], new Map());
  const wrong = [...installed.values()].filter(({ license = "" }) => {
    const choices = license.replace(/[()]/g, "").split(" OR ");
    return !choices.some((one) => free.includes(one));
  });

  expect(installed.size).toBeGreaterThan(Object.keys(dependencies).length - 1);
  expect(wrong.map(({ name, license }) => `${name}: ${license}`)).toEqual([]);
});

it("importing the package loads neither the driver nor what only some parts need", () => {
  const program = `
    import { register } from "node:module";
    const hooks = "export async function load(url, context, next) { process._rawDebug(url); return next(url, context); }";
    register("data:text/javascript," + encodeURIComponent(hooks));
    await import("stratigraph");`;
  const { stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    cwd: root,
    encoding: "utf8",
  });
  const loaded = stderr.split("\n");
  const late =
    /node_modules\/(better-sqlite3|yaml|semver|cockatiel|lru-cache|commander|jiti|oxc-parser|piscina|hyparquet|hyparquet-writer|hyparquet-compressors|@hpcc-js\/wasm-graphviz)\//;

  expect(status).toBe(0);
  expect(loaded.some((url) => url.endsWith("/dist/index.js"))).toBe(true);
  expect(loaded.filter((url) => late.test(url))).toEqual([]);
});
