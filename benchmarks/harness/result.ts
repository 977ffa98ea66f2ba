// One answer of a benchmark: what was measured, against what, and whether that is good enough.

import { loadavg } from "node:os";
import type { Counters } from "../../src/util/counters.ts";

export type Unit = "ms" | "µs" | "ns" | "MiB" | "count";

/** Where the gate is broken, `ratio` and `minRatio` both are: a loaded machine raises the median, rarely the minimum. */
export type Status = "ok" | "misses target" | "above gate" | "not run";

/** One line of `--json`. Ratios are ours over theirs: less is better, everywhere. */
export interface Result {
  /** The benchmark. */
  readonly name: string;
  /** Which of its questions. */
  readonly case: string;
  readonly n: number;
  readonly unit: Unit;
  /** Ours. */
  readonly median: number | null;
  readonly min: number | null;
  /** Theirs. */
  readonly reference: number | null;
  readonly ratio: number | null;
  readonly minRatio: number | null;
  /** What `ratio` compares with. */
  readonly against: string;
  readonly target: number;
  readonly gate: number;
  readonly status: Status;
  readonly samples: number;
  /** Load of the machine over the last minute. */
  readonly load: number;
  readonly counters?: Partial<Counters> | undefined;
  readonly note?: string | undefined;
}

/** What a benchmark says. */
export interface Facts {
  readonly case: string;
  readonly n: number;
  readonly unit: Unit;
  readonly against: string;
  readonly target: number;
  readonly gate: number;
  /** Samples of both arms, taken in turn: the ratio is the median of the ratios of neighbours. None of theirs: not run. */
  readonly pair?: { readonly ours: readonly number[]; readonly theirs: readonly number[] } | undefined;
  /** For what is counted rather than timed: the count, and what it is measured by. */
  readonly count?: { readonly ours: number; readonly theirs: number } | undefined;
  readonly counters?: Partial<Counters> | undefined;
  readonly note?: string | undefined;
}

export function result(name: string, facts: Facts): Result {
  const { pair, count, note, counters, ...told } = facts;
  const common = { name, ...told, load: round(loadavg()[0]!), ...(counters && { counters }), ...(note && { note }) };
  if (count !== undefined) {
    const { ours, theirs } = count;
    const ratio = ours / theirs;
    const status = ratio > facts.gate ? "above gate" : ratio > facts.target ? "misses target" : "ok";
    const ratios = { ratio: round(ratio), minRatio: round(ratio) };
    return { ...common, median: ours, min: ours, reference: theirs, ...ratios, status, samples: 1 };
  }
  if (pair === undefined || pair.theirs.length === 0) {
    return {
      ...common,
      median: null,
      min: null,
      reference: null,
      ratio: null,
      minRatio: null,
      status: "not run",
      samples: 0,
    };
  }
  const ratios = pair.ours.map((ours, index) => ours / pair.theirs[index]!);
  const [ratio, minRatio] = [median(ratios), Math.min(...ratios)];
  const status =
    ratio <= facts.target ? "ok" : ratio > facts.gate && minRatio > facts.gate ? "above gate" : "misses target";
  return {
    ...common,
    median: round(median(pair.ours)),
    min: round(Math.min(...pair.ours)),
    reference: round(median(pair.theirs)),
    ratio: round(ratio),
    minRatio: round(minRatio),
    status,
    samples: ratios.length,
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** For people. */
export function resultLine(result: Result): string {
  const { name, n, unit, against, target, gate, status } = result;
  const what = `${name}: ${result.case}, n=${n}`;
  const note = result.note === undefined ? "" : ` (${result.note})`;
  if (result.ratio === null) return `${what}, against ${against}: not run${note}`;
  const shown = unit === "count" ? `${result.median}` : `${result.median} ${unit}`;
  return `${what}: ${shown}, ${result.ratio}x ${against}, min ${result.minRatio}x (target ${target}, gate ${gate}): ${status}${note}`;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
