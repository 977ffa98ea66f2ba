// What producers recorded while a command ran, written before it ends, and told where it could not be.

import { unfinished, type WriterTotals } from "../util/unfinished.ts";
import { number } from "./terminal/quantity.ts";

export interface FinishedMetadata {
  readonly totals: WriterTotals;
  /** Everything is in the database. */
  readonly complete: boolean;
  readonly lines: readonly string[];
}

/** `undefined` where nobody recorded anything. Loads nothing: whoever has a writer has put it where this looks. */
export async function finishMetadata(): Promise<FinishedMetadata | undefined> {
  const writers = [...unfinished()];
  const all = await Promise.all(writers.map((writer) => writer.flush()));
  const sum = (name: keyof WriterTotals): number => all.reduce((total, totals) => total + totals[name], 0);
  const totals: WriterTotals = {
    written: sum("written"),
    fallback: sum("fallback"),
    dropped: sum("dropped"),
    lost: sum("lost"),
    pending: sum("pending"),
  };
  if (Object.values(totals).every((count) => count === 0)) return undefined;
  const { fallback, dropped, lost } = totals;
  return { totals, complete: fallback + dropped + lost === 0, lines: finishedLines(totals) };
}

/** A line for each thing that became of records other than being written. */
export function finishedLines({ fallback, dropped, lost }: WriterTotals): string[] {
  return [
    ...(fallback > 0 ? [`${records(fallback)} went to fallback; run \`strata sync\` once the database answers`] : []),
    ...(dropped > 0 ? [`${records(dropped)} had to leave a full queue`] : []),
    ...(lost > 0 ? [`${records(lost)} could be written nowhere and are lost`] : []),
  ];
}

function records(count: number): string {
  return `${number(count)} metadata ${count === 1 ? "record" : "records"}`;
}
