// A place of its own for one example: a temporary copy, with the package installed as a user has it.

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

const root = join(import.meta.dirname, "..", "..");

export interface Answer {
  /** Standard output and standard error, in the order they came. */
  readonly output: string;
  readonly status: number | null;
}

export class ExampleCopy implements Disposable {
  readonly folder: string;

  /** A copy of `examples/<name>`; an empty folder without a name. */
  constructor(name?: string) {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), "stratigraph-example-")));
    if (name !== undefined) {
      const example = join(root, "examples", name);
      // Prepared data may have been edited, as the example invites to do; a copy prepares its own.
      const prepared = existsSync(join(example, "prepare.ts"));
      const skipped = new Set([".strata", "node_modules", "expected.txt", ...(prepared ? ["data"] : [])]);
      cpSync(example, this.folder, { recursive: true, filter: (from) => !skipped.has(basename(from)) });
    }
    const modules = join(this.folder, "node_modules");
    mkdirSync(join(modules, ".bin"), { recursive: true });
    symlinkSync(root, join(modules, "stratigraph"), "junction");
    for (const needed of ["zod", "vega-datasets", "ml-random-forest", "@duckdb/node-api"]) {
      mkdirSync(dirname(join(modules, needed)), { recursive: true });
      symlinkSync(join(root, "node_modules", needed), join(modules, needed), "junction");
    }
    this.#command("strata", join(root, "dist", "cli", "main.js"));
    this.#command("jiti", join(root, "node_modules", "jiti", "lib", "jiti-cli.mjs"));
    if (existsSync(join(this.folder, "prepare.ts"))) this.run("jiti prepare.ts");
  }

  /** Runs one line as it would be typed. Colourless, without a terminal, in UTC. */
  run(line: string): Answer {
    // What a test runner or npm adds would show in the output.
    const environment = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !/^(npm_|VITEST|NODE_OPTIONS$|NODE_ENV$|FORCE_COLOR$|CI$)/.test(name),
      ),
    );
    const path = `${join(this.folder, "node_modules", ".bin")}:${environment["PATH"] ?? ""}`;
    const { stdout, status, error } = spawnSync("bash", ["-c", `exec 2>&1; ${line}`], {
      cwd: this.folder,
      encoding: "utf8",
      env: { ...environment, PATH: path, TZ: "UTC", LC_ALL: "C.UTF-8", NO_COLOR: "1" },
      timeout: 120_000,
    });
    if (error !== undefined) throw error;
    return { output: stdout, status };
  }

  #command(name: string, program: string): void {
    const file = join(this.folder, "node_modules", ".bin", name);
    writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
    chmodSync(file, 0o755);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
