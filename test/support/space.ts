// A folder of its own for one test, with the built program in it as users have it: write files, run commands, see what they say.
//
// KEEP_SPACES=1 leaves the folders where they are, and names them.

import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = join(root, "dist", "cli", "main.js");
const isRoot = process.getuid?.() === 0;
const NOBODY = { uid: 65_534, gid: 65_534 };

/** Why no user can be bound by permissions here, to skip a test with; `undefined` where one can. */
export function whyUnbound(): string | undefined {
  if (process.getuid === undefined) return "not run: this system has no permissions of that kind";
  if (!isRoot) return undefined;
  const read = `require("node:fs").accessSync(${JSON.stringify(program)}, 4)`;
  const { status } = spawnSync(process.execPath, ["-e", read], NOBODY);
  return status === 0 ? undefined : "not run: this is root, and other users may not read the repository";
}

export interface Answer {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as the one JSON document that it must be. */
  readonly json: any;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Relative to the space; the space itself unless told. */
  readonly cwd?: string;
  /** As a user whom permissions bind: another one where this is root, who may write anywhere. See `whyUnbound`. */
  readonly bound?: boolean;
  /** Milliseconds; a minute unless told. */
  readonly timeout?: number;
  /** Milliseconds; what is not over by then is killed, with SIGKILL. */
  readonly killAfter?: number | undefined;
  /** Called with what was written so far, whenever something is: to send a signal at the right moment. */
  readonly onOutput?: (text: string, child: { kill(signal: NodeJS.Signals): boolean }) => void;
}

export class Space implements AsyncDisposable {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  /** Writes files, making their folders. */
  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      const path = this.path(name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  has(name: string): boolean {
    return existsSync(this.path(name));
  }

  remove(name: string): void {
    rmSync(this.path(name), { recursive: true, force: true });
  }

  /** Files below a folder, relative to it, in order. */
  list(folder: string): string[] {
    if (!this.has(folder)) return [];
    return readdirSync(this.path(folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.path(folder).length + 1))
      .sort();
  }

  /** Runs `strata` with these arguments. Without colours, in UTC. */
  strata(...args: readonly string[]): Promise<Answer> {
    return this.run(args);
  }

  run(
    args: readonly string[],
    { env = {}, cwd = "", bound = false, timeout = 60_000, killAfter, onOutput }: RunOptions = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [program, ...args], {
        cwd: this.path(cwd),
        ...(bound && isRoot ? NOBODY : {}),
        env: { ...plainEnvironment(), ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const said = { stdout: "", stderr: "" };
      for (const name of ["stdout", "stderr"] as const) {
        child[name].setEncoding("utf8").on("data", (text: string) => {
          said[name] += text;
          onOutput?.(said.stdout + said.stderr, child);
        });
      }
      const late = setTimeout(() => {
        child.kill("SIGKILL");
        reject(new Error(`strata ${args.join(" ")} took more than ${timeout} ms\n${said.stdout}${said.stderr}`));
      }, timeout);
      const killing = killAfter === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), killAfter);
      child.on("error", reject);
      child.on("close", (code, signal) => {
        clearTimeout(late);
        clearTimeout(killing);
        const { stdout, stderr } = said;
        resolve({
          code,
          signal,
          stdout,
          stderr,
          get json(): unknown {
            return JSON.parse(stdout);
          },
        });
      });
    });
  }

  /** Runs `strata` on a terminal of its own, and answers everything it was sent. `undefined` where no terminal can be made. */
  terminal(
    args: readonly string[],
    { columns = 80, rows = 24, env = {} } = {},
  ): { output: string; code: number | null } | undefined {
    if (spawnSync("script", ["--version"]).error !== undefined) return undefined;
    const words = [process.execPath, program, ...args].map((word) => `'${word}'`).join(" ");
    const { stdout, status } = spawnSync(
      "script",
      ["-qec", `stty rows ${rows} cols ${columns}; ${words}`, "/dev/null"],
      {
        cwd: this.folder,
        env: { ...plainEnvironment({ colors: true }), TERM: "xterm-256color", ...env },
        encoding: "utf8",
        timeout: 60_000,
      },
    );
    return { output: stdout.replaceAll("\r\n", "\n"), code: status };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (process.env["KEEP_SPACES"] !== undefined) console.log(`kept ${this.folder}`);
    else rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** An empty folder; `installed` puts the package and zod into its node_modules, as npm would. */
export async function openSpace({ installed = true }: { readonly installed?: boolean } = {}): Promise<Space> {
  if (!existsSync(program)) throw new Error("The program is not compiled: run `npm run setup` first.");
  const space = new Space(realpathSync(mkdtempSync(join(tmpdir(), "stratigraph-space-"))));
  if (installed) {
    mkdirSync(space.path("node_modules"));
    symlinkSync(root, space.path("node_modules", "stratigraph"), "junction");
    symlinkSync(join(root, "node_modules", "zod"), space.path("node_modules", "zod"), "junction");
  }
  return space;
}

/** Without what a developer's shell or the test runner may have set. */
function plainEnvironment({ colors = false } = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) =>
      value !== undefined &&
      !/^(STRATA_|npm_|VITEST|NODE_OPTIONS$|NODE_EXTRA_CA_CERTS$|FORCE_COLOR$|NO_COLOR$|CI$)/.test(name),
  ) as [string, string][];
  return { ...Object.fromEntries(kept), TZ: "UTC", ...(colors ? {} : { NO_COLOR: "1" }) };
}
