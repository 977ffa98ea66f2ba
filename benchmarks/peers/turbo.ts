// The same shape for turbo: a workspace of packages, one task each, as its users have it.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, type Program } from "../harness/process.ts";
import type { Shape } from "../work/shapes.ts";

/** Writes the packages. The tasks themselves do next to nothing: only runs without work are measured. */
export function turboProgram(folder: string, { dependencies }: Shape): Program {
  const write = (path: string, value: unknown): void => writeFileSync(join(folder, path), JSON.stringify(value));
  write("package.json", { name: "work", private: true, packageManager: "npm@10.0.0", workspaces: ["packages/*"] });
  write("turbo.json", { tasks: { build: { dependsOn: ["^build"], inputs: ["source.txt"], outputs: ["out.txt"] } } });
  const packages: Record<string, object> = { "": { name: "work", workspaces: ["packages/*"] } };
  dependencies.forEach((reads, node) => {
    const path = `packages/n${node}`;
    const needed = Object.fromEntries(reads.map((other) => [`n${other}`, "1.0.0"]));
    mkdirSync(join(folder, path), { recursive: true });
    writeFileSync(join(folder, path, "source.txt"), `source ${node}\n`);
    write(`${path}/package.json`, {
      name: `n${node}`,
      version: "1.0.0",
      scripts: { build: "cp source.txt out.txt" },
      dependencies: needed,
    });
    packages[path] = { version: "1.0.0", dependencies: needed };
    packages[`node_modules/n${node}`] = { resolved: path, link: true };
  });
  write("package-lock.json", { name: "work", lockfileVersion: 3, requires: true, packages });
  return { file: findProgram("turbo")!, args: ["run", "build", "--output-logs=none"], cwd: folder };
}
