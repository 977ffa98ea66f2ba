// strata bisect: the snapshot from which on a check fails, and what changed there.

import { spawn } from "node:child_process";
import type { StoredSnapshot } from "../../backend/records.ts";
import { placeText } from "../../build/place.ts";
import { resolveSnapshot } from "../../build/snapshot.ts";
import { describeThrown } from "../../build/thrown.ts";
import { readPartitionBytes } from "../../build/workspace.ts";
import { decodeWritten, formInSnapshot } from "../../build/written.ts";
import { isStratigraphError, StratigraphError } from "../../errors.ts";
import type { GraphDescription } from "../../graph/describe.ts";
import type { GraphNode } from "../../graph/graph.ts";
import { bisect as search, type BisectOptions, type Verdict } from "../../operations/bisect.ts";
import { diffSnapshots, type SnapshotDiff } from "../../operations/diff.ts";
import { suggest } from "../../util/suggest.ts";
import { defineCommand, text, type Call, type Command } from "../command.ts";
import { findSnapshot, withLookup, type Lookup } from "../lookup.ts";
import { plainJson } from "../report/json.ts";
import { findArtifact, findPartition, keyTextOf, parseTarget } from "../target.ts";
import { escapeText } from "../terminal/escape.ts";
import { count, moment, short } from "../terminal/quantity.ts";
import { declarationLines } from "../report/declarations.ts";
import { partitionLines } from "./diff.ts";

/** What `--run` ends with where it cannot tell, as for `git bisect run`. */
const CANNOT_TELL = 125;

interface Options {
  readonly check: string | undefined;
  readonly run: string | undefined;
  readonly good: string | undefined;
  readonly bad: string | undefined;
}

export const bisect: Command = defineCommand({
  name: "bisect",
  summary: "find the snapshot from which on a check fails, and what changed there",
  details: [
    "Walks the snapshots by halving, asks the artifact's checks (or a program) about the stored value, and shows which sources and " +
      "declarations changed between the last good and the first bad one. Builds nothing: every value is still there.",
  ],
  arguments: [{ shape: "<artifact[partition]>", says: "total, days[2026-01-02]" }],
  options: {
    check: text("--check <name>", "one check of the artifact; all of them unless told"),
    run: text(
      "--run <command>",
      "ask a program instead: it gets the value as JSON on standard input and ends with 0 for good, 125 where it cannot tell, else bad",
    ),
    good: text("--good <snapshot>", "where it was still good; the first snapshot unless told"),
    bad: text("--bad <snapshot>", "where it is bad; the latest unless told"),
  },
  examples: [
    { command: "strata bisect total --check positive", says: "since when does the check fail?" },
    { command: "strata bisect total --good prod --run 'jq -e \".total > 0\"'", says: "with a question of your own" },
  ],
  run: (call) =>
    withLookup(call, async (lookup) => {
      const { connection } = lookup.workspace;
      const { terminal, options } = call;
      const target = parseTarget(call.args[0]!);
      const bad = await resolveSnapshot(connection, lookup.graph, options.bad ?? "latest");
      const good =
        options.good === undefined ? undefined : await resolveSnapshot(connection, lookup.graph, options.good);
      const { description } = await findSnapshot(connection, lookup.graph, bad.id);
      const artifact = findArtifact(description, target.key);
      // One that is named may have come later than the snapshot; without a name the only one is meant.
      const partition =
        target.partition === undefined
          ? (await findPartition(connection, bad, artifact, undefined)).key
          : keyTextOf(artifact, target.partition);
      const place = placeText(target.key, partition);
      const found = await search(connection, lookup.graph, {
        key: target.key,
        was: artifact.was,
        partition,
        good,
        bad: options.bad === undefined ? undefined : bad,
        judge: await judgeOf(lookup, target.key, call),
        on({ snapshot, verdict }) {
          if (!terminal.json) terminal.warn(lookLine(snapshot, verdict, call));
        },
      });
      const changes = await changesAbove(lookup, found.good, found.bad, [target.key, ...(artifact.was ?? [])]);
      return {
        json: {
          graph: lookup.graph,
          key: target.key,
          partition,
          good: found.good.id,
          bad: found.bad.id,
          wrong: found.wrong,
          before: found.before.content,
          after: found.after.content,
          unknown: found.unknown.map(({ id }) => id),
          looks: found.looks.map(({ snapshot, verdict }) => ({
            snapshot: snapshot.id,
            verdict: verdict === true ? "good" : verdict === undefined ? "unknown" : "bad",
            wrong: typeof verdict === "string" ? verdict : null,
          })),
          declarations: changes.declarations,
          artifacts: changes.artifacts.map(({ key, change, added, removed, changed, partitions }) => ({
            key,
            change,
            added,
            removed,
            changed,
            partitions: partitions.map((one) => ({ partition: one.partition, change: one.change })),
          })),
        },
        lines: [
          `${escapeText(place)} is bad since snapshot ${short(found.bad.id)} of ${moment(found.bad.createdAt)} UTC: ${escapeText(found.wrong)}`,
          `the last good one is ${short(found.good.id)} of ${moment(found.good.createdAt)} UTC; between the two:`,
          ...declarationLines(changes.declarations, terminal.colors),
          ...partitionLines(changes.artifacts, new Map(), terminal.colors),
          ...(found.unknown.length > 0
            ? [terminal.colors.dim(`  and ${count(found.unknown.length, "snapshot")} of which nothing can be said`)]
            : []),
          `${terminal.colors.dim("next:")} strata diff ${short(found.good.id)} ${short(found.bad.id)} --values`,
        ],
      };
    }),
});

function lookLine(snapshot: StoredSnapshot, verdict: Verdict, { terminal: { colors } }: Call): string {
  const says =
    verdict === true
      ? colors.green("good")
      : verdict === undefined
        ? colors.dim("cannot tell")
        : `${colors.red("bad")}   ${escapeText(verdict)}`;
  return `  ${short(snapshot.id)}  ${colors.dim(moment(snapshot.createdAt))}  ${says}`;
}

/** Bytes that are gone say nothing; a value that the schema refuses is bad. */
async function judgeOf(
  { workspace, project }: Lookup,
  key: string,
  { options, cwd, signal }: Call<Options>,
): Promise<BisectOptions["judge"]> {
  if (options.run !== undefined && options.check !== undefined) {
    throw new StratigraphError("USAGE", "--run and --check exclude each other");
  }
  const { definition } = await project.graph();
  const node = definition.node(key);
  const ask = options.run === undefined ? checksOf(node, options.check) : programOf(options.run, cwd, signal);
  return async (partition, snapshot, then) => {
    signal.throwIfAborted();
    let value: unknown;
    try {
      const bytes = await readPartitionBytes(workspace, node, partition);
      const form = await formInSnapshot(workspace.connection, snapshot, then, node, partition);
      value = await decodeWritten(node, form, bytes, placeText(key, partition.key));
    } catch (error) {
      if (!isStratigraphError(error)) throw error;
      const gone = error.code === "DATA_MISSING" || error.code === "DATA_DAMAGED" || error.code === "SOURCE_CHANGED";
      return gone ? undefined : error.message;
    }
    return ask(value);
  };
}

type Ask = (value: unknown) => Promise<Verdict>;

function checksOf({ key, artifact }: GraphNode, name: string | undefined): Ask {
  const names = Object.keys(artifact.checks);
  if (names.length === 0 || (name !== undefined && !names.includes(name))) {
    const near = name === undefined ? undefined : suggest(name, names);
    throw new StratigraphError(
      "USAGE",
      name === undefined ? `artifact '${key}' has no checks` : `artifact '${key}' has no check '${name}'`,
      {
        expected: names.length === 0 ? "an artifact with checks, or --run <command>" : names.join(", "),
        hint: near === undefined ? undefined : `Did you mean '${near}'?`,
      },
    );
  }
  return async (value) => {
    for (const one of name === undefined ? names : [name]) {
      try {
        const answer = await artifact.checks[one]!(value);
        if (answer !== true) return `check '${one}': ${String(answer)}`;
      } catch (thrown) {
        return `check '${one}' threw: ${describeThrown(thrown)}`;
      }
    }
    return true;
  };
}

function programOf(command: string, cwd: string, signal: AbortSignal): Ask {
  return (value) =>
    new Promise((resolve, reject) => {
      const child = spawn(command, { shell: true, cwd, signal, stdio: ["pipe", "ignore", "pipe"] });
      let said = "";
      child.stderr.setEncoding("utf8").on("data", (part: string) => (said = (said + part).slice(-2_000)));
      // A program may end before it has read everything.
      child.stdin.on("error", () => undefined).end(JSON.stringify(plainJson(value)));
      child.on("error", (cause) =>
        reject(new StratigraphError("USAGE", "the program of --run cannot be run", { received: command, cause })),
      );
      child.on("close", (code, killed) => {
        if (code === 0) resolve(true);
        else if (code === CANNOT_TELL) resolve(undefined);
        else resolve(said.trim().split("\n").at(-1) || `the program ended with ${killed ?? `exit code ${code}`}`);
      });
    });
}

/** What changed among that which the artifact is made from, itself left out. */
async function changesAbove(
  { workspace: { connection }, graph }: Lookup,
  good: StoredSnapshot,
  bad: StoredSnapshot,
  names: readonly string[],
): Promise<Pick<SnapshotDiff, "artifacts" | "declarations">> {
  const { artifacts, declarations } = await diffSnapshots(connection, good, bad, { limit: 10 });
  const { description } = await findSnapshot(connection, graph, bad.id);
  const key = names.find((name) => description.artifacts.some((artifact) => artifact.key === name)) ?? names[0]!;
  const above = upstreamOf(description, key);
  return {
    artifacts: artifacts.filter((artifact) => above.artifacts.has(artifact.key)),
    declarations: declarations.filter(({ kind, name }) =>
      kind === "producer" ? above.producers.has(name) : name === key || above.artifacts.has(name),
    ),
  };
}

function upstreamOf(
  { artifacts, producers }: GraphDescription,
  key: string,
): { readonly artifacts: ReadonlySet<string>; readonly producers: ReadonlySet<string> } {
  const byKey = new Map(artifacts.map((artifact) => [artifact.key, artifact]));
  const seen = new Set<string>();
  const makers = new Set<string>();
  const open = [key];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const producer = byKey.get(next)?.producer ?? null;
    if (producer === null) continue;
    makers.add(producers[producer]!.name);
    for (const { from } of producers[producer]!.inputs) {
      if (seen.has(from)) continue;
      seen.add(from);
      open.push(from);
    }
  }
  return { artifacts: seen, producers: makers };
}
