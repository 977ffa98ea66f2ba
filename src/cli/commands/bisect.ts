// strata bisect: the snapshot from which on a check fails, and what changed there.

import { spawn } from "node:child_process";
import type { StoredSnapshot } from "../../backend/records.ts";
import { placeText } from "../../build/place.ts";
import { resolveSnapshot } from "../../build/snapshot.ts";
import { isStratigraphError, StratigraphError } from "../../errors.ts";
import type { GraphNode } from "../../graph/graph.ts";
import { bisectIn, type Verdict } from "../../operations/bisect.ts";
import { changesAbove } from "../../operations/changes-above.ts";
import { askChecks, judgeValues, type Ask } from "../../operations/judge.ts";
import { defineCommand, text, type Call, type Command } from "../command.ts";
import { findFormer, findSnapshot, withLookup } from "../lookup.ts";
import { plainJson } from "../report/json.ts";
import { findPartition, keyTextOf, parseTarget } from "../target.ts";
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
      const artifact = await findFormer(connection, lookup.graph, description, target.key);
      // One that is named may have come later than the snapshot; without a name the only one is meant.
      const partition =
        target.partition === undefined
          ? (await findPartition(connection, bad, artifact, undefined)).key
          : keyTextOf(artifact, target.partition);
      const { definition } = await lookup.project.graph();
      const node = definition.node(definition.keyNow(artifact.key));
      const { key } = node;
      const was = definition.was.get(key) ?? [];
      const place = placeText(key, partition);
      const found = await bisectIn(connection, lookup.graph, {
        key,
        was,
        partition,
        good,
        bad: options.bad === undefined ? undefined : bad,
        judge: judgeValues(lookup.workspace, node, questionOf(node, call), call.signal),
        on({ snapshot, verdict }) {
          if (!terminal.json) terminal.warn(lookLine(snapshot, verdict, call));
        },
      });
      const changes = await changesAbove(connection, found.good, found.bad, [key, ...was], { limit: 10 });
      return {
        json: {
          graph: lookup.graph,
          key,
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
          artifacts: changes.artifacts.map(({ key: other, change, added, removed, changed, partitions }) => ({
            key: other,
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

/** What `--run` or `--check` asks. */
function questionOf(node: GraphNode, { options, cwd, signal }: Call<Options>): Ask {
  const { run, check } = options;
  if (run !== undefined) {
    if (check === undefined) return programOf(run, cwd, signal);
    throw new StratigraphError("USAGE", "--run and --check exclude each other");
  }
  try {
    return askChecks(node, check, "--run <command>");
  } catch (error) {
    if (!isStratigraphError(error) || error.code !== "VALIDATION_FAILED") throw error;
    const { what, expected, hint } = error;
    throw new StratigraphError("USAGE", what, { expected, hint });
  }
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
