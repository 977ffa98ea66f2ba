// What a build is told that cannot be meant: one sentence, at once, and nothing started.

import { expect, it } from "vitest";
import { artifact, graph, memory, producer, type BuildOptions } from "stratigraph";
import { z } from "zod";

const One = artifact({ schema: z.number() });
let runs = 0;
const one = producer({ name: "one", version: "1", inputs: {}, output: One, build: () => ++runs });
const ones = graph("ones", () => ({ one: one() }));

it.each<readonly [title: string, options: Record<string, unknown>, message: string]>([
  [
    "a concurrency of a variable that is not set",
    { concurrency: Number(undefined) },
    "graph 'ones', build(), concurrency: that is no such number; expected a whole number of steps, at least 1, received NaN",
  ],
  [
    "a concurrency by text",
    { concurrency: "4" },
    "graph 'ones', build(), concurrency: that is no such number; expected a whole number of steps, at least 1, received \"4\"",
  ],
  [
    "a budget that is no number",
    { budget: NaN },
    "graph 'ones', build(), budget: that is no such number; expected milliseconds of work, at least 0, received NaN",
  ],
  [
    "a backend by text",
    { backend: "sqlite:strata.db" },
    'this is no backend; expected what sqlite(".strata/strata.db") or memory() returns, received "sqlite:strata.db"',
  ],
])("%s is refused", async (_title, options, message) => {
  const given = { backend: memory(), ...options } as BuildOptions;

  await expect(ones.build(given)).rejects.toMatchObject({ code: "VALIDATION_FAILED", message });
  expect(runs).toBe(0);
});
