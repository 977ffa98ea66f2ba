// The package as it is installed by somebody who lacks one of its optional packages.

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Space } from "./space.ts";

const root = join(import.meta.dirname, "..", "..");

/** The package itself, with all that it depends on and all its peers but one. */
export function installWithout(space: Space, missing: string): void {
  const packages = join(root, "node_modules");
  const home = space.path("node_modules", "stratigraph");
  cpSync(join(root, "dist"), join(home, "dist"), { recursive: true });
  cpSync(join(root, "package.json"), join(home, "package.json"));
  const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  ) as Readonly<Record<string, Readonly<Record<string, string>>>>;
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
    if (name === missing) continue;
    mkdirSync(dirname(space.path("node_modules", name)), { recursive: true });
    symlinkSync(join(packages, name), space.path("node_modules", name), "junction");
  }
}

/** Runs the program that was installed there. */
export function installed(
  space: Space,
  ...args: readonly string[]
): { stdout: string; stderr: string; status: number | null } {
  const program = space.path("node_modules", "stratigraph", "dist", "cli", "main.js");
  return spawnSync(process.execPath, [program, ...args], { cwd: space.folder, encoding: "utf8" });
}
