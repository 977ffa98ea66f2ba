// Finds the snapshot from which on something is wrong, by halving.

import type { Connection } from "../backend/backend.ts";
import { everyItem } from "../backend/pages.ts";
import type { StoredPartition, StoredSnapshot } from "../backend/records.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { KeyText } from "../identity/partition-key.ts";
import { StratigraphError } from "../errors.ts";

/** True: the value is good; a sentence: what is wrong with it; `undefined`: nothing can be said of it, because its bytes are gone. */
export type Verdict = true | string | undefined;

/** One snapshot that was looked at. */
export interface Look {
  readonly snapshot: StoredSnapshot;
  readonly verdict: Verdict;
}

export interface Bisection {
  /** The last good snapshot before the first bad one. */
  readonly good: StoredSnapshot;
  /** The first bad snapshot, and what is wrong there. */
  readonly bad: StoredSnapshot;
  readonly wrong: string;
  readonly before: StoredPartition;
  readonly after: StoredPartition;
  /** Snapshots between the two of which nothing could be said. */
  readonly unknown: readonly StoredSnapshot[];
  /** In the order they were asked about. */
  readonly looks: readonly Look[];
}

export interface BisectOptions {
  readonly key: string;
  /** What the artifact was called before; none unless told. */
  readonly was?: readonly string[] | undefined;
  readonly partition: KeyText;
  /** Where it was still good; the first snapshot of which it can be said unless told. */
  readonly good?: StoredSnapshot | undefined;
  /** Where it is bad; the latest unless told. */
  readonly bad?: StoredSnapshot | undefined;
  /** Asked once for each different content; `key` is what the artifact was called in that snapshot. */
  readonly judge: (partition: StoredPartition, snapshot: StoredSnapshot, key: string) => Promise<Verdict>;
  readonly on?: ((look: Look) => void) | undefined;
}

interface Candidate {
  readonly snapshot: StoredSnapshot;
  readonly key: string;
  readonly partition: StoredPartition | undefined;
}

/**
 * Takes for granted that what became bad stayed bad. Reads stored values only; nothing is built.
 * Errors: BISECT_IMPOSSIBLE where one end is not what it must be, or nothing can be said of any snapshot.
 */
export async function bisectIn(
  connection: Connection,
  graph: string,
  { key, was = [], partition, good, bad, judge, on }: BisectOptions,
): Promise<Bisection> {
  const looks: Look[] = [];
  const verdicts = new Map<Fingerprint, Verdict>();
  const ask = async (candidate: Candidate): Promise<Verdict> => {
    const { snapshot, key: name, partition: stored } = candidate;
    if (stored === undefined) return undefined;
    if (!verdicts.has(stored.content)) verdicts.set(stored.content, await judge(stored, snapshot, name));
    // Where there is but one, it is the first and the last.
    if (looks.some((one) => one.snapshot.id === snapshot.id)) return verdicts.get(stored.content);
    const look = { snapshot, verdict: verdicts.get(stored.content) };
    looks.push(look);
    on?.(look);
    return look.verdict;
  };
  const candidates = await candidatesOf(connection, graph, [key, ...was], partition, { good, bad });
  const low = await firstKnown(candidates, ask, good !== undefined);
  const high = await lastKnown(candidates, ask, bad !== undefined);
  if (low === undefined || high === undefined) {
    throw impossible("its value can be read in no snapshot", `graph '${graph}', '${key}'`);
  }
  if (low.verdict !== true) {
    const { id } = candidates[low.index]!.snapshot;
    throw impossible(
      `it is bad already in ${id.slice(0, 8)}${good === undefined ? ", the first snapshot there is" : ""}: ${low.verdict}`,
      `graph '${graph}', '${key}'`,
    );
  }
  if (high.verdict === true) {
    const { id } = candidates[high.index]!.snapshot;
    throw impossible(
      `it is good in ${id.slice(0, 8)}${bad === undefined ? ", the latest snapshot" : ""}`,
      `graph '${graph}', '${key}'`,
    );
  }
  let [from, to, wrong] = [low.index, high.index, high.verdict];
  for (;;) {
    const next = await between(candidates, from, to, ask);
    if (next === undefined) break;
    if (next.verdict === true) from = next.index;
    else [to, wrong] = [next.index, next.verdict];
  }
  return {
    good: candidates[from]!.snapshot,
    bad: candidates[to]!.snapshot,
    wrong,
    before: candidates[from]!.partition!,
    after: candidates[to]!.partition!,
    unknown: candidates.slice(from + 1, to).map(({ snapshot }) => snapshot),
    looks,
  };
}

/** Oldest first, from `good` to `bad`. */
async function candidatesOf(
  connection: Connection,
  graph: string,
  names: readonly string[],
  partition: KeyText,
  { good, bad }: Pick<BisectOptions, "good" | "bad">,
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for await (const snapshot of everyItem((page) => connection.listSnapshots(graph, page))) {
    if (bad !== undefined && snapshot.sequence > bad.sequence) continue;
    if (good !== undefined && snapshot.sequence < good.sequence) break;
    candidates.push(await candidateOf(connection, snapshot, names, partition));
  }
  return candidates.reverse();
}

async function candidateOf(
  connection: Connection,
  snapshot: StoredSnapshot,
  names: readonly string[],
  partition: KeyText,
): Promise<Candidate> {
  for (const key of names) {
    const { items } = await connection.readSnapshotPartitions(snapshot.id, key, { keys: [partition] });
    if (items[0] !== undefined) return { snapshot, key, partition: items[0] };
  }
  return { snapshot, key: names[0]!, partition: undefined };
}

interface Known {
  readonly index: number;
  readonly verdict: true | string;
}

type Ask = (candidate: Candidate) => Promise<Verdict>;

async function firstKnown(candidates: readonly Candidate[], ask: Ask, only: boolean): Promise<Known | undefined> {
  const end = only ? Math.min(1, candidates.length) : candidates.length;
  for (let index = 0; index < end; index++) {
    const verdict = await ask(candidates[index]!);
    if (verdict !== undefined) return { index, verdict };
  }
  return undefined;
}

async function lastKnown(candidates: readonly Candidate[], ask: Ask, only: boolean): Promise<Known | undefined> {
  const end = only ? candidates.length - 1 : 0;
  for (let index = candidates.length - 1; index >= Math.max(0, end); index--) {
    const verdict = await ask(candidates[index]!);
    if (verdict !== undefined) return { index, verdict };
  }
  return undefined;
}

/** The snapshot nearest to the middle of which something can be said. */
async function between(
  candidates: readonly Candidate[],
  from: number,
  to: number,
  ask: Ask,
): Promise<Known | undefined> {
  const middle = (from + to) >>> 1;
  const indexes = Array.from({ length: Math.max(0, to - from - 1) }, (_, i) => from + 1 + i);
  indexes.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
  for (const index of indexes) {
    const verdict = await ask(candidates[index]!);
    if (verdict !== undefined) return { index, verdict };
  }
  return undefined;
}

function impossible(why: string, where: string): StratigraphError {
  return new StratigraphError("BISECT_IMPOSSIBLE", `there is no change to be found: ${why}`, {
    where,
    hint: "Say where it was good and where it is bad: --good <snapshot>, --bad <snapshot>; in a program { good, bad }",
  });
}
