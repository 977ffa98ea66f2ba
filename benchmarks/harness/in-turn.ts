// Measuring arms in turn, so that whatever the machine does meanwhile happens to all of them.

/** Does the work once and says how long the part that counts took, in milliseconds. */
export type Arm = () => number | Promise<number>;

/**
 * Every arm once unmeasured, then `rounds` times all of them in turn, every second round backwards.
 * Garbage is collected before each sample: no arm pays for another one's. An absent arm has no samples.
 */
export async function inTurn<Name extends string>(
  arms: Readonly<Record<Name, Arm | undefined>>,
  rounds: number,
): Promise<Record<Name, number[]>> {
  const present = (Object.entries(arms) as [Name, Arm | undefined][]).filter(
    (entry): entry is [Name, Arm] => entry[1] !== undefined,
  );
  const samples = Object.fromEntries(Object.keys(arms).map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (const [, arm] of present) await arm();
  for (let round = 0; round < rounds; round++) {
    for (const [name, arm] of round % 2 === 0 ? present : present.toReversed()) {
      globalThis.gc?.();
      samples[name].push(await arm());
    }
  }
  return samples;
}

/** Times the whole of it. */
export function timed(work: () => unknown): Arm {
  return async () => {
    const start = process.hrtime.bigint();
    const answer = work();
    // An await costs a turn of the event loop, which synchronous work should not pay.
    if (answer instanceof Promise) await answer;
    return milliseconds(start);
  };
}

/** Since `start`, as `process.hrtime.bigint()` gave it. */
export function milliseconds(start: bigint): number {
  return Number(process.hrtime.bigint() - start) / 1e6;
}
