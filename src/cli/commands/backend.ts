// strata backend copy: everything a backend holds, into another one.

import { realpathSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { Backend } from "../../backend/backend.ts";
import { keptKinds, type KeptKind } from "../../backend/kept-records.ts";
import { memory } from "../../backend/memory/memory-backend.ts";
import { sqlite } from "../../backend/sqlite/index.ts";
import { leaveMark } from "../../build/home-marks.ts";
import { isStratigraphError, StratigraphError } from "../../errors.ts";
import { copyBackend, type Copied, type CopyOptions } from "../../operations/moving/copy-backend.ts";
import { resolveBackend } from "../../plugins/backend-url.ts";
import { systemClock } from "../../util/clock.ts";
import { storageError } from "../../util/durable-file.ts";
import { makeFolder } from "../../util/make-folder.ts";
import { showValue } from "../../util/show.ts";
import { suggest } from "../../util/suggest.ts";
import { defineCommand, flag, text, type Call, type Command } from "../command.ts";
import { shownPath } from "../../code/frames.ts";
import { findProject, type Project } from "../project.ts";
import { escapeText } from "../terminal/escape.ts";
import { shellWord } from "../terminal/shell-word.ts";
import { bytesText, count, number } from "../terminal/quantity.ts";
import { table } from "../terminal/table.ts";

const DRAW_TIME = 100;

const copying: Command = defineCommand({
  name: "backend copy",
  summary: "copy everything a backend holds into another one",
  details: [
    "Every graph, snapshot, tag and its history, partition, run, model, event and row of the audit log, with the ids, numbers and times it has; " +
      "leases are left out. Both sides are compared before anything is kept, so the target has all of it or what it had before. " +
      "Copied again, only what differs is written.",
    "Values in files are in no backend: where both have the same folder there is nothing to do, and otherwise the command says what to copy.",
  ],
  arguments: [
    {
      shape: "<to>",
      says: "the path of an SQLite file, or what the configuration takes: sqlite:<file>, file:<folder>, <plugin>:…",
    },
  ],
  options: {
    from: text("--from <backend>", "instead of the project's own, in the same forms"),
    dryRun: flag("--dry-run", "say what would be written, and write nothing"),
  },
  examples: [
    { command: "strata backend copy .strata/other.db", says: "beside the database, for the same files" },
    { command: "strata backend copy postgres:main --dry-run", says: "how much it would be" },
    { command: "strata backend copy sqlite:.strata/strata.db --from .strata/other.db", says: "and back" },
  ],
  async run(call) {
    const project = await findProject(call);
    const [named] = call.args as [string];
    const { from: asked, dryRun } = call.options;
    const source = asked === undefined ? await project.backend() : await backendOf(asked, project, call);
    const target = await backendOf(named, project, call);
    if (target.kind === "memory") throw lost(named);
    const copied = await copyBetween(source, target, { dryRun, signal: call.signal, on: drawer(call) });
    return {
      json: { from: source.kind, to: target.kind, dryRun, verified: !dryRun, ...copied, digest: copied.digest ?? null },
      lines: copiedLines(call, copied, { source, target, named, url: urlOf(named, project, call), dryRun }),
    };
  },
});

const verbs: readonly Command[] = [copying];

export const backend: Command = defineCommand({
  name: "backend",
  summary: "copy everything the database holds into another one",
  arguments: [{ shape: "<verb>", says: "one of those below" }],
  subcommands: verbs,
  examples: [{ command: "strata backend copy .strata/other.db", says: "a second database that holds the same" }],
  async run({ args }) {
    const words = verbs.map(({ name }) => name.slice("backend ".length));
    const guess = suggest(args[0] ?? "", words);
    throw new StratigraphError("USAGE", `there is no 'strata backend ${args[0]}'`, {
      expected: words.join(", "),
      hint: guess === undefined ? "See: strata backend --help" : `Did you mean: strata backend ${guess}?`,
    });
  },
});

async function backendOf(named: string, project: Project, { cwd }: Pick<Call, "cwd">): Promise<Backend> {
  if (isPath(named)) return sqlite(resolve(cwd, named));
  const { root, home } = project;
  return resolveBackend(named, { root, home, shelf: await project.plugins() });
}

/** What has a scheme, or is one word, is what the configuration takes; everything else is the path of an SQLite file. */
function isPath(named: string): boolean {
  return !/^[a-z][a-z0-9+-]*:/i.test(named) && /[\\/.]/.test(named);
}

async function copyBetween(source: Backend, target: Backend, options: CopyOptions): Promise<Copied> {
  await using from = await source.connect({ readOnly: true });
  if (options.dryRun !== true && target.home !== undefined) makeHomeOf(target.home);
  await using to = options.dryRun === true ? await lookInto(target) : await target.connect();
  // From now on values of one may be those of the other.
  if (options.dryRun !== true) {
    for (const [side, connection] of [
      [source, from],
      [target, to],
    ] as const) {
      if (side.home !== undefined) await leaveMark(resolve(side.home), side, connection);
    }
  }
  return await copyBackend(from, to, options);
}

/** Errors: STORAGE_READ_ONLY, STORAGE_FAILED, … */
function makeHomeOf(home: string): void {
  try {
    makeFolder(home, 0o700);
  } catch (error) {
    throw storageError(error, home, 0);
  }
}

/** For a dry run, a target that is not there yet is an empty one. */
async function lookInto(target: Backend): ReturnType<Backend["connect"]> {
  try {
    return await target.connect({ readOnly: true });
  } catch (error) {
    if (isStratigraphError(error) && error.code === "BACKEND_MISSING") return memory().connect();
    throw error;
  }
}

function lost(named: string): StratigraphError {
  return new StratigraphError("USAGE", "a copy in memory is gone when the command ends", {
    received: showValue(named),
    hint: "Name a file: strata backend copy .strata/other.db",
  });
}

const titles: Readonly<Record<KeptKind, string>> = {
  graphs: "graphs",
  manifests: "manifests",
  snapshots: "snapshots",
  tags: "tags",
  tagChanges: "changes of tags",
  partitions: "partitions",
  quality: "statistics of partitions",
  links: "links to partitions",
  latest: "places of partitions",
  marks: "pins and taints",
  quarantine: "quarantine",
  runs: "runs",
  runPartitions: "inputs and outputs of runs",
  models: "models",
  versions: "versions of models",
  transitions: "changes of stages",
  aliases: "aliases",
  aliasChanges: "changes of aliases",
  annotations: "annotations of models",
  events: "events",
  audit: "audit log",
  submissions: "submissions taken",
};

interface Told {
  readonly source: Backend;
  readonly target: Backend;
  readonly named: string;
  /** What the configuration calls it. */
  readonly url: string;
  readonly dryRun: boolean;
}

function copiedLines(call: Call, copied: Copied, { source, target, named, url, dryRun }: Told): string[] {
  const { green, dim, yellow } = call.terminal.colors;
  const { kinds, records, written, removed, digest, behind } = copied;
  const there = keptKinds.filter((kind) => kinds[kind].records > 0 || kinds[kind].removed > 0);
  const rows = there.map((kind) => [titles[kind], number(kinds[kind].records), changeText(kinds[kind])]);
  const place = escapeText(named);
  const will = dryRun ? "would be " : "";
  const changes = `${number(written)} ${will}written${removed > 0 ? `, ${number(removed)} ${will}removed` : ""}`;
  const files = fileLines(call, copied.files, source, target);
  if (dryRun)
    return [...table(rows, { indent: "  " }), `${count(records, "record")} for ${place}: ${changes}`, ...files];
  return [
    ...table(rows, { indent: "  " }),
    `${green("[OK]")} ${count(records, "record")} in ${place}: ${changes}`,
    `verified: both sides have the same records, SHA-256 ${digest}`,
    ...files,
    ...(behind ? [yellow("the source was written to meanwhile: copy again to bring what came")] : []),
    ...(target.home === undefined ? [] : [`${dim("next:")} backend: ${showValue(url)} in strata.config.ts`]),
  ];
}

function changeText({ written, removed }: { readonly written: number; readonly removed: number }): string {
  const parts = [
    ...(written > 0 ? [`${number(written)} written`] : []),
    ...(removed > 0 ? [`${number(removed)} removed`] : []),
  ];
  return parts.length === 0 ? "as before" : parts.join(", ");
}

function urlOf(named: string, { root }: Project, { cwd }: Pick<Call, "cwd">): string {
  return isPath(named) ? `sqlite:${relative(root, resolve(cwd, named))}` : named;
}

/** What lies in files, where it lies, and whether that is where the target looks for it. */
function fileLines(call: Call, files: Copied["files"], source: Backend, target: Backend): string[] {
  const { partitions, versions, bytes } = files;
  if (partitions + versions === 0) return [];
  const parts = [
    ...(partitions > 0 ? [count(partitions, "value")] : []),
    ...(versions > 0 ? [`${count(versions, "version")} of models`] : []),
  ];
  const what = `${parts.join(" and ")}, ${bytesText(bytes)} in files,`;
  const shown = (home: string): string => escapeText(shownPath(home, call.cwd));
  if (source.home === undefined || target.home === undefined)
    return [`${what} were not copied and are not found from there`];
  if (realPath(source.home) === realPath(target.home))
    return [`${what} stay in ${shown(source.home)}, where both look for them`];
  const folders = [...(partitions > 0 ? ["data"] : []), ...(versions > 0 ? ["registry"] : [])];
  return [
    call.terminal.colors.yellow(`${what} were not copied: they are looked for in ${shown(target.home)} now`),
    ...folders.map(
      (folder) =>
        `  cp -r ${shellWord(shownPath(join(source.home!, folder), call.cwd))} ${shellWord(`${shownPath(target.home!, call.cwd)}/`)}`,
    ),
  ];
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/** Draws a line at most ten times a second. */
function drawer({ terminal }: Call): CopyOptions["on"] {
  let drawn = systemClock.monotonic();
  return ({ doing, kind, records }) => {
    if (!terminal.live || systemClock.monotonic() - drawn < DRAW_TIME) return;
    drawn = systemClock.monotonic();
    terminal.draw([terminal.cut(`  ${doing === "copy" ? "copied" : "compared"} ${number(records)} ${titles[kind]}`)]);
  };
}
