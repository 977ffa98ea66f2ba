// What the engine did, counted: the half of a benchmark that no other load on the machine can disturb.

import { counters, countsSince, type Counters } from "../../src/util/counters.ts";

export async function counted(work: () => unknown): Promise<Counters> {
  const before = { ...counters };
  await work();
  return countsSince(before);
}
