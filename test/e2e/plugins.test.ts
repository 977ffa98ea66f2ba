// A plugin of somebody else's: compiled against our types, packed, installed, found both ways, used, taken away again.

import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clearPluginCache, openPlugins } from "../../src/plugins/shelf.ts";
import { lineageBackendCases } from "../../src/testing/index.ts";
import { openSpace, type Space } from "../support/space.ts";

const root = join(import.meta.dirname, "..", "..");
const fixture = join(root, "test", "fixtures", "acme-lineage");

/** Its sources import each other by `.ts`, as ours do; everything else is what a package usually has. */
const tsconfig = {
  compilerOptions: {
    ...{ target: "es2022", module: "nodenext", lib: ["es2023", "esnext.disposable"], types: ["node"] },
    ...{ strict: true, exactOptionalPropertyTypes: true, declaration: true, rewriteRelativeImportExtensions: true },
    ...{ rootDir: "src", outDir: "dist" },
  },
  include: ["src"],
};

let space: Space;

/** The four steps of docs/extending.md. */
beforeAll(async () => {
  space = await openSpace({ installed: false });
  const acme = space.path("acme-lineage");
  cpSync(fixture, acme, { recursive: true });
  renameSync(join(acme, "manifest.json"), join(acme, "package.json"));
  writeFileSync(join(acme, "tsconfig.json"), JSON.stringify(tsconfig));
  install(acme);
  run(acme, process.execPath, join(root, "node_modules", "typescript", "bin", "tsc"), "-p", ".");
  run(acme, "npm", "pack", "--ignore-scripts");

  const project = space.path("project");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "project", private: true, type: "module" }));
  npmInstall(project, "install", join(acme, "acme-lineage-1.0.0.tgz"));
  install(project);
}, 120_000);

afterAll(() => space[Symbol.asyncDispose]());

/** The package as it is built: its types are the ones in dist, as for every user. */
function install(folder: string): void {
  mkdirSync(join(folder, "node_modules", "@types"), { recursive: true });
  for (const name of ["stratigraph", "zod", "@types/node", "undici-types"]) {
    const target = join(folder, "node_modules", name);
    const source = name === "stratigraph" ? root : join(root, "node_modules", name);
    if (!existsSync(target)) symlinkSync(source, target, "junction");
  }
}

function npmInstall(folder: string, ...args: readonly string[]): void {
  run(folder, "npm", ...args, "--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps");
}

function run(cwd: string, program: string, ...args: readonly string[]): void {
  try {
    execFileSync(program, args, { cwd, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    throw new Error(String((error as { stdout?: string }).stdout) + String((error as { stderr?: string }).stderr));
  }
}

describe("a package that brings a lineage backend", () => {
  it("has been packed with what it needs and nothing else", () => {
    const files = readdirSync(space.path("project", "node_modules", "acme-lineage"), { recursive: true }).map(String);

    expect(files.toSorted()).toEqual([
      "dist",
      ...["lineage.d.ts", "lineage.js", "record.d.ts", "record.js"].map((file) => join("dist", file)),
      "package.json",
    ]);
  });

  it("is found because the project depends on it", async () => {
    const { json, code } = await space.run(["plugins", "--json"], { cwd: "project" });
    const { plugins } = json.groups.find(({ group }: { group: string }) => group === "lineage-backends");

    expect(code).toBe(0);
    expect(plugins).toEqual([
      { name: "acme", from: "acme-lineage" },
      { name: "filesystem", from: "stratigraph" },
    ]);
    expect(json.warnings).toEqual([]);
  });

  it("is found because the configuration names it", async () => {
    space.write({ "project/strata.config.ts": `export default { plugins: [import("acme-lineage")] };\n` });
    const { json } = await space.run(["plugins", "--json"], { cwd: "project" });
    space.remove("project/strata.config.ts");
    const { plugins } = json.groups.find(({ group }: { group: string }) => group === "lineage-backends");

    expect(plugins).toContainEqual({ name: "acme", from: "strata.config" });
  });

  it("is what is meant where the environment says so", async () => {
    const { json } = await space.run(["doctor", "--json"], { cwd: "project", env: { STRATA_LINEAGE_BACKEND: "acme" } });

    expect(json.checks.find(({ name }: { name: string }) => name === "lineage")).toMatchObject({ status: "ok" });
  });

  it("passes the kit as it was installed, made with the settings of the project", () => {
    const shelf = JSON.stringify(pathToFileURL(join(root, "dist", "plugins", "shelf.js")).href);
    space.write({
      "project/kit.mjs": `
import { lineageBackendCases, runKit } from "stratigraph/testing";
import { openPlugins } from ${shelf};

const shelf = await openPlugins({ folder: "." });
const context = { root: ".", home: ".strata", settings: { lineage: { table: "main.ops.runs" } } };
const open = async () => ({ made: await shelf.load("lineage-backends", "acme", context) });
const { made } = await open();
const outcomes = [];
for await (const { name, outcome, reason } of runKit({ name: "acme", open }, lineageBackendCases)) {
  outcomes.push(outcome === "passed" ? outcome : name + ": " + reason);
}
console.log(JSON.stringify({ table: made.table, outcomes }));
`,
    });
    const cwd = space.path("project");
    const { table, outcomes } = JSON.parse(execFileSync(process.execPath, ["kit.mjs"], { cwd, encoding: "utf8" }));

    expect(table).toBe("main.ops.runs");
    expect(outcomes).toEqual(lineageBackendCases.map(() => "passed"));
  });

  it("is PLUGIN_NOT_FOUND once it is taken away, and the error names what remains", async () => {
    const folder = space.path("project");
    rmSync(join(folder, "node_modules", "stratigraph"));
    npmInstall(folder, "uninstall", "acme-lineage");
    install(folder);
    clearPluginCache();
    const shelf = await openPlugins({ folder });
    const { json } = await space.run(["doctor", "--json"], { cwd: "project", env: { STRATA_LINEAGE_BACKEND: "acme" } });

    await expect(shelf.load("lineage-backends", "acme", { root: folder, home: folder })).rejects.toMatchObject({
      code: "PLUGIN_NOT_FOUND",
      data: { available: ["filesystem"] },
    });
    expect(json.checks.find(({ name }: { name: string }) => name === "lineage")).toMatchObject({ status: "fail" });
    expect(readFileSync(join(folder, "package.json"), "utf8")).not.toContain("acme-lineage");
  });
});
