// What inference costs: counted, because time depends on the machine.

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { chainOfProducers, checkTypes } from "../../benchmarks/work/typed-program.ts";

const folder = dirname(fileURLToPath(import.meta.url));
const graphOf = (count: number): string => chainOfProducers(count, "./api.ts");

// 39,641 when it was measured; 5 % are left for changes in zod and the compiler. Of it 7 % are what keeps literals in what `build` returns.
test("a graph of fifty producers with an artifact each costs at most 41,600 instantiations", () => {
  const count = instantiations(graphOf(50));

  expect(count).toBeLessThan(41_600);
}, 60_000);

test("the cost grows in proportion to the number of producers", () => {
  const [few, many] = [instantiations(graphOf(20)), instantiations(graphOf(80))];

  expect(many / few).toBeLessThan(4.2);
}, 60_000);

function instantiations(text: string): number {
  const { instantiations: count, messages } = checkTypes(text, { root: join(folder, "../.."), folder });
  expect(messages).toEqual([]);
  return count;
}
