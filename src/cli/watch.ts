// strata build --watch: builds again whenever a source or the code changes, until it is told to stop.

import { watch, readdirSync, type FSWatcher } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import { systemClock } from "../util/clock.ts";
import type { Answer, Call } from "./command.ts";
import { errorJson, errorLines } from "./report/error.ts";
import { escapeJson } from "./terminal/escape.ts";
import { duration } from "./terminal/quantity.ts";

/** Milliseconds of quiet after a change before it counts: editors write in several steps. */
const QUIET = 20;
/** Milliseconds after which a change counts although others keep coming. */
const LONGEST_WAIT = 200;
/** Milliseconds before what fails as before is tried again because of files that came while it ran: twice as long each time. */
const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 60_000;
/** A tree with more folders than this is more than anybody wants watched. */
const MOST_FOLDERS = 20_000;
const OWN = fileURLToPath(new URL("../..", import.meta.url));

/** One build: what it answers, and the folders in which a change may matter. */
export interface WatchedBuild {
  readonly answer: Answer;
  readonly folders: readonly string[];
}

/**
 * Builds, waits for a change, and builds again, until the call's signal. What fails is told in one sentence and ends nothing: whoever
 * edits is about to mend it. `known`: what is watched where not even the first build got to know its folders.
 */
export async function watchBuilds(
  call: Call,
  known: () => Promise<readonly string[]>,
  build: (signal: AbortSignal) => Promise<WatchedBuild>,
): Promise<Answer> {
  const { terminal, signal, cwd } = call;
  await using changes = new Changes();
  changes.watch(await known());
  const failures = new Failures();
  let changed: number | undefined;
  let building = new AbortController();
  // What it threw may be what a step waits for.
  call.outlive(() => building.abort());
  while (!signal.aborted) {
    forgetModules();
    building = new AbortController();
    try {
      const { answer, folders } = await build(AbortSignal.any([signal, building.signal]));
      changes.watch(folders);
      const after = changed === undefined ? undefined : systemClock.monotonic() - changed;
      if (failures.isNews(hasFailed(answer) ? answer.lines : [])) say(answer, after, call);
    } catch (error) {
      if (signal.aborted) break;
      if (changed === undefined && isStratigraphError(error) && error.code === "USAGE") throw error;
      const lines = errorLines(error, terminal.colors, cwd);
      if (failures.isNews(lines)) {
        if (terminal.json) terminal.emit(line({ error: errorJson(error, cwd) }));
        else terminal.warn(...lines);
      }
    }
    if (!terminal.json && changed === undefined && !signal.aborted) {
      terminal.print(terminal.colors.dim("watching for changes; Ctrl-C ends it"));
    }
    changed = await changes.next(signal, failures.patience);
  }
  return { json: {}, lines: [], said: true };
}

/**
 * What fails may itself be a change: of a file that a producer writes, or of the one that our output goes to. So the same failure is told
 * once, and tried again ever later unless somebody edits something.
 */
class Failures {
  #last = "";
  #repeated = 0;

  /** `lines`: none where nothing failed. */
  isNews(lines: readonly string[]): boolean {
    const text = lines.join("\n").replaceAll(/\d+(\.\d+)? (µs|ms|s|min|h)\b/g, "");
    const repeats = text !== "" && text === this.#last;
    this.#last = text;
    this.#repeated = repeats ? this.#repeated + 1 : 0;
    return !repeats;
  }

  get patience(): number {
    return this.#repeated === 0 ? 0 : Math.min(FIRST_RETRY * 2 ** (this.#repeated - 1), LONGEST_RETRY);
  }
}

function hasFailed({ json }: Answer): boolean {
  return ((json as { readonly failed?: number }).failed ?? 0) > 0;
}

/** Of a rebuild in which nothing changed nothing is said: what we wrote ourselves is a change as well. */
function say({ json, lines }: Answer, after: number | undefined, { terminal }: Call): void {
  const { built = 0, failed = 0, changes } = json as { built?: number; failed?: number; changes?: boolean };
  if (after !== undefined && built + failed === 0 && changes !== true) return;
  const milliseconds = after === undefined ? {} : { afterChange: Math.round(after) };
  if (terminal.json) return terminal.emit(line({ ...(json as object), ...milliseconds }));
  terminal.print(...lines.filter((text) => !text.startsWith("next:")));
  if (after !== undefined) terminal.print(terminal.colors.dim(`${duration(after)} after the change`));
}

function line(value: object): string {
  return `${escapeJson(JSON.stringify(value))}\n`;
}

/** The user's modules are loaded from their files again; packages and our own modules stay. */
function forgetModules(): void {
  const { cache } = createRequire(import.meta.url);
  for (const path of Object.keys(cache)) {
    if (!path.startsWith(OWN) && !path.includes(`${sep}node_modules${sep}`)) delete cache[path];
  }
}

/** The folders that are watched, each by itself: so that those of packages and of our own state can be left out. */
class Changes implements AsyncDisposable {
  readonly #watchers = new Map<string, FSWatcher>();
  #roots: readonly string[] = [];
  /** When the first change was that nobody has asked for yet, and the last one. */
  #first: number | undefined;
  #last = 0;
  #wake: (() => void) | undefined;

  watch(folders: readonly string[]): void {
    this.#roots = [...new Set([...this.#roots, ...folders.map((folder) => resolve(folder))])];
    const open = [...this.#roots];
    const wanted = new Set<string>();
    for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
      if (wanted.has(folder)) continue;
      const entries = listed(folder);
      if (entries === undefined) continue;
      wanted.add(folder);
      if (wanted.size > MOST_FOLDERS) throw tooMany(folder);
      for (const name of entries) if (!name.startsWith(".") && name !== "node_modules") open.push(join(folder, name));
    }
    for (const [folder, watcher] of this.#watchers) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of wanted) if (!this.#watchers.has(folder)) this.#open(folder);
  }

  #open(folder: string): void {
    try {
      const watcher = watch(folder, (_, name) => {
        if (name?.startsWith(".") === true) return;
        const now = systemClock.monotonic();
        this.#first ??= now;
        this.#last = now;
        this.#wake?.();
      });
      watcher.on("error", () => this.#watchers.delete(folder));
      this.#watchers.set(folder, watcher);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return;
      throw tooMany(folder, cause);
    }
  }

  /**
   * The moment of the first change since the last call, once things are quiet; at once where the signal says stop. `patience`: how long
   * changes wait that are there already, if no further one comes.
   */
  async next(signal: AbortSignal, patience: number): Promise<number | undefined> {
    if (patience > 0) {
      await this.#pause(QUIET, signal);
      if (this.#first !== undefined) await this.#pause(patience, signal, { wakes: true });
    }
    while (this.#first === undefined && !signal.aborted) await this.#pause(undefined, signal, { wakes: true });
    for (;;) {
      const now = systemClock.monotonic();
      const rest = Math.min(this.#last + QUIET, this.#first! + LONGEST_WAIT) - now;
      if (signal.aborted || !(rest > 0)) break;
      await this.#pause(rest, signal);
    }
    const first = this.#first;
    this.#first = undefined;
    this.watch([]); // folders may have come or gone
    return first;
  }

  #pause(time: number | undefined, signal: AbortSignal, { wakes = false } = {}): Promise<void> {
    return new Promise((done) => {
      if (signal.aborted) return done();
      const timer = time === undefined ? undefined : setTimeout(finish, time);
      // A wait without an end must not let the process end.
      const alive = time === undefined ? setInterval(() => undefined, 2 ** 30) : undefined;
      this.#wake = wakes ? finish : undefined;
      signal.addEventListener("abort", finish, { once: true });
      function finish(): void {
        clearTimeout(timer);
        clearInterval(alive);
        signal.removeEventListener("abort", finish);
        done();
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }
}

function listed(folder: string): readonly string[] | undefined {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    return undefined; // gone meanwhile, or not to be read
  }
}

function tooMany(folder: string, cause?: unknown): StratigraphError {
  return new StratigraphError("USAGE", "there are more folders here than can be watched", {
    where: folder,
    expected: `at most ${MOST_FOLDERS} folders, and no more than the system allows`,
    hint: "Start in the folder of the project.",
    cause,
  });
}

/** The folder in which the files of a template lie: what stands before its first placeholder. */
export function folderOfTemplate(template: string, root: string): string {
  const fixed = /^[^{*]*/.exec(template)![0];
  const path = resolve(root, fixed === "" ? "." : fixed);
  return fixed.endsWith("/") ? path : dirname(path);
}
