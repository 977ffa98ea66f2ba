// Environments: a name that many graphs share. Promotion gives one name what another has, all graphs or none; rollback takes that back.

import type { Connection } from "../backend/backend.ts";
import { everyItem } from "../backend/pages.ts";
import type { TagChange, TagRecord } from "../backend/records.ts";
import { userName } from "../build/holder.ts";
import { checkTag } from "../build/snapshot.ts";
import { openWorkspace, type WorkspaceOptions } from "../build/workspace.ts";
import { StratigraphError } from "../errors.ts";
import { fingerprintText, type Fingerprint } from "../identity/fingerprint.ts";
import type { Clock } from "../util/clock.ts";
import { suggest } from "../util/suggest.ts";

/** One graph's part of a change of an environment. */
export interface Move {
  readonly graph: string;
  /** `undefined`: the environment had nothing of this graph. */
  readonly before: Fingerprint | undefined;
  /** `undefined`: it has nothing of this graph afterwards. */
  readonly after: Fingerprint | undefined;
}

/** What a promotion or rollback does, or would do. */
export interface EnvironmentChange {
  readonly environment: string;
  /** In order of graph names; only what changes. */
  readonly moves: readonly Move[];
  /** Graphs that have it already. */
  readonly unchanged: number;
  /** Stands for exactly these moves: give it as `expected` to make these or none. */
  readonly token: string;
}

/** Only these graphs; all that the environment has unless told. */
interface Chosen {
  readonly graphs?: readonly string[] | undefined;
}

interface ApplyOptions {
  readonly expected?: string | undefined;
  readonly by: string;
  readonly why?: string | undefined;
  readonly clock: Clock;
}

/** What the environment `from` has, as what `to` would get. Errors: ENVIRONMENT_UNKNOWN; TEXT_INVALID; SNAPSHOT_INCOMPLETE. */
export async function planPromotion(
  connection: Connection,
  from: string,
  to: string,
  { graphs }: Chosen = {},
): Promise<EnvironmentChange> {
  checkTag(to);
  if (from === to) {
    throw new StratigraphError("ENVIRONMENT_UNKNOWN", "an environment cannot be promoted to itself", {
      received: from,
    });
  }
  const tags = await tagsNamed(connection, from, graphs);
  const moves: Move[] = [];
  let unchanged = 0;
  for (const { graph, snapshot } of tags) {
    const before = (await connection.readSnapshotTag(graph, to))?.snapshot;
    if (before === snapshot) {
      unchanged++;
      continue;
    }
    const state = (await connection.readSnapshot(snapshot))?.state;
    if (state !== "complete") throw incomplete(graph, from, snapshot, state);
    moves.push({ graph, before, after: snapshot });
  }
  return change(to, moves, unchanged);
}

/** What the newest change of the environment did, taken back. Errors: ENVIRONMENT_UNKNOWN; SNAPSHOT_UNKNOWN where it would lead to what is gone. */
export async function planRollback(
  connection: Connection,
  environment: string,
  { graphs, to }: Chosen & { readonly to?: string | undefined } = {},
): Promise<EnvironmentChange> {
  const newest: TagChange[] = [];
  const moves: Move[] = [];
  let unchanged = 0;
  for await (const graph of everyItem((page) => connection.listGraphs(page))) {
    if (graphs !== undefined && !graphs.includes(graph)) continue;
    if (to === undefined) {
      const { items } = await connection.readSnapshotTagHistory(graph, environment, { limit: 1 });
      if (items[0] !== undefined) newest.push(items[0]);
      continue;
    }
    const then = await stateAt(connection, graph, environment, to);
    if (then === undefined) continue;
    if (then.before === then.after) unchanged++;
    else moves.push({ graph, ...then });
  }
  if (to === undefined) {
    const last = newest.toSorted((a, b) => b.sequence - a.sequence)[0];
    for (const one of newest) {
      // Made together: the same person, reason and moment.
      if (one.at === last!.at && one.by === last!.by && one.why === last!.why) {
        moves.push({ graph: one.graph, before: one.snapshot, after: one.previous });
      } else unchanged++;
    }
  }
  if (moves.length + unchanged === 0) throw await environmentUnknown(connection, environment, graphs);
  for (const { graph, after } of moves) {
    if (after === undefined || (await connection.readSnapshot(after)) !== undefined) continue;
    throw new StratigraphError("SNAPSHOT_UNKNOWN", "what the environment had before is not stored any more", {
      where: `graph '${graph}', environment '${environment}', snapshot ${after.slice(0, 12)}`,
      hint: "Nothing was changed. Go to a later moment with --to, or promote what is there.",
    });
  }
  return change(environment, moves, unchanged);
}

/**
 * Makes the moves, all or none. Each is a compare-and-set: TAG_CONFLICT where somebody moved one in between, and where `expected` is
 * not the token of this change.
 */
export async function applyChange(
  connection: Connection,
  { environment, moves, token }: EnvironmentChange,
  { expected, by, why, clock }: ApplyOptions,
): Promise<void> {
  if (expected !== undefined && expected !== token) {
    throw new StratigraphError("TAG_CONFLICT", "this is not the change that was looked at", {
      where: `environment '${environment}'`,
      expected,
      received: token,
      hint: "Look at it again with --plan and decide anew.",
    });
  }
  const at = new Date(clock.now()).toISOString();
  await connection.transaction(async (tx) => {
    for (const { graph, before, after } of moves) {
      const tag = environment;
      if (after === undefined) await tx.removeSnapshotTag({ graph, tag, by, why, at, expected: before });
      else await tx.writeSnapshotTag({ graph, tag, snapshot: after, by, why, at, expected: before ?? null });
    }
  });
}

export interface PromoteOptions extends Pick<WorkspaceOptions, "backend"> {
  /** Only these graphs; all that the environment has unless told. */
  readonly graphs?: readonly string[] | undefined;
  /** Say what would be done, and do nothing. False unless told. */
  readonly plan?: boolean | undefined;
  /** The token of a change that was looked at: anything else that would be done now is refused. */
  readonly expected?: string | undefined;
  /** The user of the process unless told. */
  readonly by?: string | undefined;
  readonly why?: string | undefined;
}

/**
 * Gives the environment `to` what `from` has: of all graphs, or of none. No data is moved.
 * Errors: ENVIRONMENT_UNKNOWN, SNAPSHOT_INCOMPLETE, TAG_CONFLICT.
 */
export function promote(from: string, to: string, options: PromoteOptions = {}): Promise<EnvironmentChange> {
  return decideAndApply((connection) => planPromotion(connection, from, to, options), options);
}

/**
 * Takes back the newest change of an environment, or brings back what it had at a moment (ISO time with zone).
 * Errors: ENVIRONMENT_UNKNOWN, SNAPSHOT_UNKNOWN where it is gone, TAG_CONFLICT.
 */
export function rollback(
  environment: string,
  options: PromoteOptions & { readonly to?: string | undefined } = {},
): Promise<EnvironmentChange> {
  return decideAndApply((connection) => planRollback(connection, environment, options), options);
}

async function decideAndApply(
  decide: (connection: Connection) => Promise<EnvironmentChange>,
  { backend, plan = false, expected, by = userName(), why }: PromoteOptions,
): Promise<EnvironmentChange> {
  await using workspace = await openWorkspace({ backend, readOnly: plan });
  const { connection, clock } = workspace;
  const decided = await decide(connection);
  if (!plan) await applyChange(connection, decided, { expected, by, why, clock });
  return decided;
}

/** Names that snapshots have, each with what it names, by name then graph. */
export async function listEnvironments(connection: Connection): Promise<ReadonlyMap<string, readonly TagRecord[]>> {
  const names = new Map<string, TagRecord[]>();
  for await (const tag of everyItem<TagRecord>((page) => connection.listSnapshotTags(undefined, page))) {
    const known = names.get(tag.tag);
    if (known === undefined) names.set(tag.tag, [tag]);
    else known.push(tag);
  }
  return new Map([...names].sort(([a], [b]) => (a < b ? -1 : 1)));
}

// ---------------------------------------------------------------------------------------------------------------------

function change(environment: string, moves: readonly Move[], unchanged: number): EnvironmentChange {
  const sorted = moves.toSorted((a, b) => (a.graph < b.graph ? -1 : 1));
  const text = JSON.stringify([environment, ...sorted.map(({ graph, before, after }) => [graph, before, after])]);
  return { environment, moves: sorted, unchanged, token: fingerprintText(text).slice(0, 12) };
}

/** What the environment had of a graph at a moment, beside what it has now; `undefined` where it never had any. */
async function stateAt(
  connection: Connection,
  graph: string,
  environment: string,
  moment: string,
): Promise<Omit<Move, "graph"> | undefined> {
  let before: { readonly snapshot: Fingerprint | undefined } | undefined;
  let oldest: Fingerprint | undefined;
  for await (const one of everyItem((page) => connection.readSnapshotTagHistory(graph, environment, page))) {
    before ??= one;
    if (Date.parse(one.at) <= Date.parse(moment)) return { before: before.snapshot, after: one.snapshot };
    oldest = one.previous;
  }
  return before === undefined ? undefined : { before: before.snapshot, after: oldest };
}

async function tagsNamed(
  connection: Connection,
  environment: string,
  graphs: readonly string[] | undefined,
): Promise<readonly TagRecord[]> {
  const all = (await listEnvironments(connection)).get(environment) ?? [];
  const tags = all.filter(({ graph }) => graphs === undefined || graphs.includes(graph));
  if (tags.length === 0) throw await environmentUnknown(connection, environment, graphs);
  return tags;
}

/** With the nearest name. */
export async function environmentUnknown(
  connection: Connection,
  environment: string,
  graphs?: readonly string[],
): Promise<StratigraphError> {
  const names = [...(await listEnvironments(connection)).keys()];
  const guess = suggest(environment, names);
  const of = graphs === undefined ? "" : ` of ${graphs.map((graph) => `graph '${graph}'`).join(", ")}`;
  return new StratigraphError("ENVIRONMENT_UNKNOWN", `environment '${environment}' has nothing${of}`, {
    ...(names.length === 0 ? {} : { expected: names.slice(0, 5).join(", ") }),
    hint:
      guess === undefined || guess === environment
        ? `Build it: strata build --env ${environment}`
        : `Did you mean '${guess}'?`,
  });
}

function incomplete(graph: string, from: string, snapshot: Fingerprint, state: string | undefined): StratigraphError {
  return new StratigraphError(
    "SNAPSHOT_INCOMPLETE",
    state === "partial"
      ? "only a part of the graph was built for this environment"
      : "what the environment names was not built to its end",
    {
      where: `graph '${graph}', environment '${from}', snapshot ${snapshot.slice(0, 12)}`,
      hint: `Build all of it: strata build --env ${from}`,
    },
  );
}
