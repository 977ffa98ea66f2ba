// The user's TypeScript as a loaded module, without a build step and with exactly one copy of this framework in it.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type * as Jiti from "jiti";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import { loadingSince } from "../identity/code-version.ts";
import { systemClock } from "../util/clock.ts";
import { errnoOf } from "../util/durable-file.ts";
import { NAME_LIMIT } from "../util/file-name.ts";
import { suggest } from "../util/suggest.ts";
import { formatFrame, shownPath, userFrames } from "./frames.ts";

// Required, not imported: to import it Node first searches its 190 KB for the names of exports, which takes longer than all the rest.
const { createJiti } = createRequire(import.meta.url)("jiti") as typeof Jiti;

export interface LoadOptions {
  /** Where translated files are kept for the next time; nowhere when left out. */
  readonly cache: string | undefined;
  /** For paths in messages. */
  readonly cwd: string;
}

/** Loads a file and gives what it exports. Error: MODULE_NOT_LOADED, or whatever error of ours the file's own code throws. */
export async function loadUserModule(
  file: string,
  { cache, cwd }: LoadOptions,
): Promise<Readonly<Record<string, unknown>>> {
  if (!existsSync(file)) throw missingFile(file, cwd);
  const jiti = loader(file, { fsCache: cache ?? false, interopDefault: false, ...(await framework(file)) });
  loadingSince(systemClock.now());
  try {
    return await settling(() => jiti.import<Record<string, unknown>>(file), shownPath(file, cwd));
  } catch (error) {
    throw notLoaded(error, file, cwd);
  } finally {
    loadingSince(undefined);
  }
}

/** With the path aliases of the user's tsconfig.json; one that cannot be read matters only to who edits, not to what runs. */
function loader(file: string, options: Parameters<typeof createJiti>[1]): ReturnType<typeof createJiti> {
  try {
    return createJiti(file, { ...options, tsconfigPaths: true });
  } catch {
    return createJiti(file, options);
  }
}

/** A file that ends the process while it is loaded, or that waits for what cannot happen, is a mistake like any other. */
async function settling<T>(load: () => Promise<T>, where: string): Promise<T> {
  const exit = process.exit.bind(process);
  let fail: (error: StratigraphError) => void;
  const failing = new Promise<never>((_resolve, reject) => (fail = reject));
  const neverDone = (): void => {
    fail(
      new StratigraphError(
        "MODULE_NOT_LOADED",
        "the file never finishes: it awaits something that cannot happen any more",
        { where },
      ),
    );
  };
  process.once("beforeExit", neverDone);
  process.exit = (code) => {
    const error = new StratigraphError("MODULE_NOT_LOADED", "the file calls process.exit while it is loaded", {
      where,
      received: `exit code ${String(code ?? 0)}`,
      hint: "Remove the call: the file only declares a graph.",
    });
    fail(error);
    throw error;
  };
  try {
    return await Promise.race([load(), failing]);
  } finally {
    process.exit = exit;
    process.off("beforeExit", neverDone);
  }
}

/**
 * The package's public names, tied to the running copy: a second copy would have a memory of its own.
 * The main entry is loaded anyway; the others are looked up only when the user's file imports them.
 */
async function framework(
  file: string,
): Promise<{ readonly alias: Record<string, string>; readonly virtualModules: Record<string, unknown> }> {
  const home = new URL("../../package.json", import.meta.url);
  const description = JSON.parse(readFileSync(home, "utf8")) as {
    readonly name: string;
    readonly exports: Readonly<Record<string, string | { readonly default: string; readonly source?: string }>>;
  };
  const built = import.meta.url.endsWith(".js");
  const alias: Record<string, string> = {};
  const virtualModules: Record<string, unknown> = {};
  for (const [entry, target] of Object.entries(description.exports)) {
    if (typeof target === "string") continue;
    const name = description.name + entry.slice(1);
    const url = new URL(built ? target.default : (target.source ?? target.default), home);
    const path = fileURLToPath(url);
    // jiti hands paths to import() as they are, where these characters would mean something else.
    if (entry === "." || /[%#?\\]/.test(path)) virtualModules[name] = await import(url.href);
    else alias[name] = path;
  }
  // Who has no zod of their own (nothing installed yet) gets the one that came with this package.
  if (!resolves("zod", file)) virtualModules["zod"] = await import("zod");
  return { alias, virtualModules };
}

function resolves(name: string, from: string): boolean {
  try {
    createRequire(from).resolve(name);
    return true;
  } catch {
    return false;
  }
}

function missingFile(file: string, cwd: string): StratigraphError {
  if (isTooLong(file)) return tooLong(file);
  const folder = dirname(file);
  const neighbours = existsSync(folder) ? readdirSync(folder).filter((name) => /\.[cm]?[jt]s$/.test(name)) : [];
  const guess = suggest(basename(file), neighbours);
  return new StratigraphError("MODULE_NOT_LOADED", `there is no file ${shownPath(file, cwd)}`, {
    hint: guess === undefined ? undefined : `Did you mean ${shownPath(join(folder, guess), cwd)}?`,
  });
}

function isTooLong(file: string): boolean {
  try {
    statSync(file);
    return false;
  } catch (error) {
    return errnoOf(error) === "ENAMETOOLONG";
  }
}

/** Such a path is not printed whole: nobody would find its end. */
function tooLong(file: string): StratigraphError {
  const longest = file.split(/[/\\]/).reduce((most, name) => Math.max(most, Buffer.byteLength(name)), 0);
  const isName = longest > NAME_LIMIT;
  const bytes = isName ? longest : Buffer.byteLength(file);
  return new StratigraphError(
    "LOCATION_TOO_LONG",
    `the ${isName ? "name" : "path"} of this file is longer than the file system takes`,
    {
      where: `${file.slice(0, 40)}…${file.slice(-40)}`,
      expected: `at most ${NAME_LIMIT} bytes in a name, and 4095 in a path on Linux`,
      received: `${bytes} bytes`,
    },
  );
}

/** What a loader, the parser or the user's own code threw, as one message with its place. */
function notLoaded(error: unknown, file: string, cwd: string): StratigraphError {
  if (isStratigraphError(error)) return error;
  const name = shownPath(file, cwd);
  if (!(error instanceof Error)) {
    return new StratigraphError("MODULE_NOT_LOADED", `${name} threw something that is not an error`, {
      received: typeof error,
    });
  }
  const parsed = /^ParseError: (.*?)\s*\n (.*):(\d+):(\d+)$/s.exec(error.message);
  if (parsed !== null) {
    const [, problem = "", path = "", line = "", column = ""] = parsed;
    return new StratigraphError("MODULE_NOT_LOADED", problem, {
      where: `${shownPath(path, cwd)}:${line}:${Number(column) + 1}`,
    });
  }
  const [frame] = userFrames(error, cwd);
  const where = frame === undefined ? name : formatFrame(frame);
  if (errnoOf(error) === "ENAMETOOLONG") return tooLong((error as NodeJS.ErrnoException).path ?? file);
  const [message = ""] = error.message.split("\nRequire stack:");
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "MODULE_NOT_FOUND" || code === "ERR_MODULE_NOT_FOUND" || code === "ERR_PACKAGE_PATH_NOT_EXPORTED") {
    const wanted = /'([^']+)'/.exec(message)?.[1];
    const isPackage = wanted !== undefined && !/^[./]|^file:/.test(wanted);
    return new StratigraphError("MODULE_NOT_LOADED", isPackage ? `package '${wanted}' is not installed` : message, {
      where,
      hint: isPackage ? `Install it: npm install ${wanted}` : undefined,
      cause: error,
    });
  }
  return new StratigraphError("MODULE_NOT_LOADED", `${error.name}: ${message}`, { where, cause: error });
}
