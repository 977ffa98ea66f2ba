// strata env: environments, what each has of every graph, promotion from one to another, and the way back.

import type { Connection } from "../../backend/backend.ts";
import type { TagChange } from "../../backend/records.ts";
import { everyItem } from "../../backend/pages.ts";
import { userName } from "../../build/holder.ts";
import { StratigraphError } from "../../errors.ts";
import { diffSnapshotsIn } from "../../operations/diff.ts";
import {
  applyChange,
  environmentUnknown,
  listEnvironments,
  planPromotion,
  planRollback,
  type EnvironmentChange,
} from "../../operations/environments.ts";
import { systemClock } from "../../util/clock.ts";
import { defineCommand, exitCodes, flag, text, whole, type Answer, type Call, type Command } from "../command.ts";
import { findProject } from "../project.ts";
import { escapeText } from "../terminal/escape.ts";
import { count, moment, number, short } from "../terminal/quantity.ts";
import { table } from "../terminal/table.ts";

const NAME = { shape: "<name>", says: "the environment" };
const why = text("--why <text>", "the reason, for the history");
const plan = flag("--plan", "say what would be done, and do nothing");
const expect = text("--expect <token>", "do exactly what --plan showed with this token, or nothing");
const changeCodes = [{ code: exitCodes.changes, says: "with --plan: something would change" }];

const list: Command = defineCommand({
  name: "env list",
  summary: "list the environments, and what each has of every graph",
  examples: [{ command: "strata env list", says: "who gave them what they have, and when" }],
  run: (call) => listAll(call),
});

const promote: Command = defineCommand({
  name: "env promote",
  summary: "give one environment what another has: of all graphs, or of none",
  details: [
    "No data is moved and nothing is built: names change. Each name is moved only if it still names what it named when this began.",
  ],
  arguments: [
    { shape: "<from>", says: "the environment that has it" },
    { shape: "<to>", says: "the environment that gets it" },
  ],
  options: { plan, expect, why },
  codes: changeCodes,
  examples: [
    { command: "strata env promote dev prod --plan", says: "what prod would get, and a token for it" },
    {
      command: "strata env promote dev prod --expect 5f0c1a2b3c4d --why 'checked by Ana'",
      says: "that, and nothing else",
    },
    { command: "strata env promote dev prod --graph spend", says: "of one graph only" },
  ],
  run: (call) =>
    carryOut(call, (connection) => planPromotion(connection, call.args[0]!, call.args[1]!, graphsOf(call))),
});

const rollback: Command = defineCommand({
  name: "env rollback",
  summary: "take back the newest change of an environment",
  details: [
    "Graphs that were promoted together go back together. Once more, and the rollback itself is taken back; --to goes further back.",
  ],
  arguments: [NAME],
  options: { to: text("--to <moment>", "to what it had then, as in 2026-01-02T03:04:05Z"), plan, expect, why },
  codes: changeCodes,
  examples: [
    {
      command: "strata env rollback prod --why 'totals are wrong'",
      says: "prod is what it was before its last change",
    },
    { command: "strata env rollback prod --to 2026-01-02T00:00:00Z --plan", says: "what it had at New Year" },
  ],
  run: (call) => {
    const { to } = call.options;
    if (to !== undefined && Number.isNaN(Date.parse(to))) {
      throw new StratigraphError("USAGE", "--to is not a moment", { expected: "2026-01-02T03:04:05Z", received: to });
    }
    return carryOut(call, (connection) => planRollback(connection, call.args[0]!, { ...graphsOf(call), to }));
  },
});

const history: Command = defineCommand({
  name: "env history",
  summary: "every change of an environment, newest first",
  arguments: [NAME],
  options: { limit: whole("--limit <n>", "how many changes; 50 unless told, at most 1000", 1) },
  examples: [{ command: "strata env history prod", says: "what it had when, by whom and why" }],
  run: (call) =>
    withDatabase(call, async (connection) => {
      const { limit = 50, graph: only } = call.options;
      const changes: TagChange[] = [];
      for await (const graph of everyItem((page) => connection.listGraphs(page))) {
        if (only !== undefined && graph !== only) continue;
        const page = { limit: Math.min(limit, 1_000) };
        const { items } = await connection.readSnapshotTagHistory(graph, call.args[0]!, page);
        for (const item of items) changes.push(item);
      }
      const newest = changes.sort((a, b) => b.sequence - a.sequence).slice(0, limit);
      return {
        json: {
          environment: call.args[0],
          history: newest.map(({ graph, snapshot, previous, at, by, why: reason }) => ({
            graph,
            snapshot: snapshot ?? null,
            previous: previous ?? null,
            at,
            by,
            why: reason ?? null,
          })),
        },
        lines:
          newest.length === 0
            ? [`environment '${escapeText(call.args[0]!)}' never had anything`]
            : table(
                newest.map(({ graph, snapshot, previous, at, by, why: reason }) => [
                  moment(at),
                  escapeText(graph),
                  ...arrow({ before: previous, after: snapshot }),
                  escapeText(by),
                  escapeText(reason ?? ""),
                ]),
              ),
      };
    }),
});

const diff: Command = defineCommand({
  name: "env diff",
  summary: "how two environments differ, graph by graph",
  details: [
    "For the partitions of one graph: strata diff <a> <b> --graph <name>, as environments are names of snapshots.",
  ],
  arguments: [
    { shape: "<before>", says: "an environment" },
    { shape: "<after>", says: "the other" },
  ],
  examples: [{ command: "strata env diff prod dev", says: "what a promotion of dev would change in prod" }],
  run: (call) =>
    withDatabase(call, async (connection) => {
      const rows = await compare(connection, call.args[0]!, call.args[1]!, call.options.graph);
      return {
        json: { before: call.args[0], after: call.args[1], graphs: rows },
        lines: table(
          rows.map(({ graph, before, after, same, changed, added, removed }) => [
            escapeText(graph),
            ...arrow({ before: before ?? undefined, after: after ?? undefined }),
            before === after
              ? "the same"
              : `${number(changed)} changed, ${number(added)} added, ${number(removed)} removed, ${number(same)} the same`,
          ]),
        ),
      };
    }),
});

export const env: Command = defineCommand({
  name: "env",
  summary: "environments: names that builds move, promotion, rollback",
  details: [
    "An environment is a name for one snapshot of each graph: a tag that `build --env` moves. All environments share what is stored, so what one has built no other builds again.",
  ],
  subcommands: [list, promote, rollback, history, diff],
  examples: [
    { command: "strata env", says: "what each environment has of every graph, since when and from whom" },
    { command: "strata env promote dev prod", says: "prod gets exactly that" },
    { command: "strata env rollback prod", says: "and is what it was" },
  ],
  run: (call) => listAll(call),
});

async function withDatabase(
  call: Call,
  work: (connection: Connection) => Promise<Answer>,
  { readOnly = true }: { readonly readOnly?: boolean } = {},
): Promise<Answer> {
  const project = await findProject(call);
  await using workspace = await project.open({ readOnly });
  return await work(workspace.connection);
}

function graphsOf({ options: { graph } }: Call): { readonly graphs: readonly string[] | undefined } {
  return { graphs: graph === undefined ? undefined : [graph] };
}

interface ChangeValues {
  readonly plan: boolean;
  readonly expect: string | undefined;
  readonly why: string | undefined;
}

function carryOut(
  call: Call<ChangeValues>,
  decide: (connection: Connection) => Promise<EnvironmentChange>,
): Promise<Answer> {
  const { plan: only, expect: expected, why: reason } = call.options;
  return withDatabase(
    call,
    async (connection) => {
      const change = await decide(connection);
      if (!only) await applyChange(connection, change, { expected, by: userName(), why: reason, clock: systemClock });
      const { environment, moves, unchanged, token } = change;
      const what = `environment '${escapeText(environment)}'`;
      const summary =
        moves.length === 0
          ? `${what} has all of it already`
          : `${what}: ${count(moves.length, "graph")} ${only ? "would change" : "changed"}, ${number(unchanged)} as before`;
      return {
        exitCode: only && moves.length > 0 ? exitCodes.changes : exitCodes.done,
        json: {
          environment,
          moves: moves.map(({ graph, before, after }) => ({ graph, before: before ?? null, after: after ?? null })),
          unchanged,
          token,
          done: !only,
        },
        lines: [
          ...table(
            moves.map((move) => [escapeText(move.graph), ...arrow(move)]),
            { indent: "  " },
          ),
          summary,
          ...(only && moves.length > 0 ? [`${call.terminal.colors.dim("next:")} the same with --expect ${token}`] : []),
        ],
      };
    },
    { readOnly: only },
  );
}

function arrow({ before, after }: { before: string | undefined; after: string | undefined }): [string, string] {
  return [before === undefined ? "nothing" : short(before), `→ ${after === undefined ? "nothing" : short(after)}`];
}

function listAll(call: Call): Promise<Answer> {
  return withDatabase(call, async (connection) => {
    const { graph: only } = call.options;
    const environments = [...(await listEnvironments(connection))].flatMap(([name, tags]) => {
      const shown = tags.filter(({ graph }) => only === undefined || graph === only);
      return shown.length === 0 ? [] : [{ name, tags: shown }];
    });
    return {
      json: {
        environments: environments.map(({ name, tags }) => ({
          name,
          graphs: tags.map(({ graph, snapshot, at, by, why: reason }) => ({
            graph,
            snapshot,
            at,
            by,
            why: reason ?? null,
          })),
        })),
      },
      lines:
        environments.length === 0
          ? ["there are no environments; make one with: strata build --env <name>"]
          : table(
              environments.flatMap(({ name, tags }) =>
                tags.map(({ graph, snapshot, at, by, why: reason }, index) => [
                  index === 0 ? call.terminal.colors.cyan(escapeText(name)) : "",
                  escapeText(graph),
                  short(snapshot),
                  moment(at),
                  escapeText(by),
                  escapeText(reason ?? ""),
                ]),
              ),
            ),
    };
  });
}

interface Compared {
  readonly graph: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly changed: number;
  readonly added: number;
  readonly removed: number;
  readonly same: number;
}

async function compare(
  connection: Connection,
  first: string,
  second: string,
  only: string | undefined,
): Promise<readonly Compared[]> {
  const all = await listEnvironments(connection);
  const [had, has] = [all.get(first), all.get(second)];
  if (had === undefined) throw await environmentUnknown(connection, first);
  if (has === undefined) throw await environmentUnknown(connection, second);
  const graphs = new Set([...had, ...has].map(({ graph }) => graph).filter((graph) => (only ?? graph) === graph));
  const rows: Compared[] = [];
  for (const graph of [...graphs].sort()) {
    const before = had.find((tag) => tag.graph === graph)?.snapshot;
    const after = has.find((tag) => tag.graph === graph)?.snapshot;
    const counts = { changed: 0, added: 0, removed: 0, same: 0 };
    if (before !== undefined && after !== undefined) {
      const [old, now] = [await connection.readSnapshot(before), await connection.readSnapshot(after)];
      const found = await diffSnapshotsIn(connection, old!, now!, { limit: 0 });
      counts.same = found.same;
      for (const { changed, added, removed } of found.artifacts) {
        counts.changed += changed;
        counts.added += added;
        counts.removed += removed;
      }
    }
    rows.push({ graph, before: before ?? null, after: after ?? null, ...counts });
  }
  return rows;
}
