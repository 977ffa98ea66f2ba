// Arms that are processes: ours and the peers', started the same way in the same environment.

import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { milliseconds, type Arm } from "./in-turn.ts";

/** main.mjs starts every benchmark in the package's folder; the code that runs is a compiled copy elsewhere. */
export const benchmarks = join(process.cwd(), "benchmarks");
/** The compiled command. */
export const strata = join(process.cwd(), "dist", "cli", "main.js");

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

/** What Node parses or loads at every start because the machine says so is in nobody's figure. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const environment = { ...process.env };
  delete environment["NODE_EXTRA_CA_CERTS"];
  delete environment["NODE_OPTIONS"];
  delete environment["FORCE_COLOR"];
  environment["TURBO_TELEMETRY_DISABLED"] = "1";
  return environment;
}

/** Wall time of the whole process. Throws with what it printed when it fails. */
export function processArm(program: Program): Arm {
  return () => {
    const start = process.hrtime.bigint();
    runProgram(program);
    return milliseconds(start);
  };
}

/** An absent program is an absent arm. */
export function optional(program: Program | "" | undefined): Arm | undefined {
  return program === undefined || program === "" ? undefined : processArm(program);
}

export function runProgram({ file, args, cwd }: Program): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    cwd,
    env: cleanEnvironment(),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (status === 0) return stdout;
  throw new Error(
    `${file} ${args.join(" ")} ended with ${status}: ${error?.message ?? ""}\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`,
  );
}

export function node(args: readonly string[], cwd: string): Program {
  return { file: process.execPath, args, cwd };
}

/** The most memory a Node process had, in MiB; it must end with this exit code. */
export function peakMemory({ file, args, cwd }: Program, code = 0): number {
  const report = `data:text/javascript,process.on("exit",()=>process.stderr.write("\\npeak "+process.resourceUsage().maxRSS))`;
  const { status, stderr } = spawnSync(file, ["--import", report, ...args], {
    cwd,
    env: cleanEnvironment(),
    encoding: "utf8",
  });
  const peak = /\npeak (\d+)$/.exec(stderr);
  if (status !== code || peak === null)
    throw new Error(`${args.join(" ")} ended with ${status}\n${stderr.slice(-2000)}`);
  return Number(peak[1]) / 1024;
}

/** The program's full path, or `undefined` where this machine does not have it. */
export function findProgram(name: string): string | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}
