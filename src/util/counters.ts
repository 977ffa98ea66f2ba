// What the engine did, counted: the deterministic half of every benchmark.

/** Process-wide, only ever increasing; a measurement takes a copy before and subtracts it after. */
export const counters = {
  stats: 0,
  filesRead: 0,
  bytesHashed: 0,
  canonicalisations: 0,
  statements: 0,
  rowsWritten: 0,
  transactions: 0,
  steps: 0,
};

export type Counters = { [Name in keyof typeof counters]: number };

/** The counts since `before`. */
export function countsSince(before: Counters): Counters {
  const difference = { ...counters };
  for (const name of Object.keys(difference) as (keyof Counters)[]) difference[name] -= before[name];
  return difference;
}
