// What a producer calls knows its run, and nobody else thinks to be in one.

import { setTimeout as wait } from "node:timers/promises";
import { expect, it } from "vitest";
import { all, artifact, graph, integers, literal, memory, producer } from "stratigraph";
import { z } from "zod";
import type { RunId, RunRecord } from "../../../src/backend/records.ts";
import { currentRun, currentStep, insideRun, type StepScope } from "../../../src/build/run-scope.ts";

interface Seen {
  readonly run: RunId | undefined;
  readonly step: StepScope | undefined;
  readonly key: number;
  readonly attempt: number;
}

it("a producer, and all that it awaits, is in the run that its step is recorded as, at every attempt and however many run at once", async () => {
  const seen: Seen[] = [];
  const note = async (key: number, attempt: number): Promise<void> => {
    await wait(Math.random() * 5);
    seen.push({ run: currentRun(), step: currentStep(), key, attempt });
  };
  const Numbers = artifact({ schema: z.number(), partitionBy: { n: integers() } });
  const double = producer({
    name: "double",
    version: "2.1.0",
    inputs: { number: Numbers },
    output: Numbers,
    retries: { times: 2, delay: 1 },
    async build({ number }, { key, attempt }) {
      await Promise.all([note(key.n, attempt), note(key.n, attempt)]);
      if (attempt === 1 && key.n % 2 === 0) throw new Error("again");
      if (key.n === 9) throw new Error("always");
      return number * 2;
    },
  });
  const sum = producer({
    name: "sum",
    version: "1.0.0",
    inputs: { numbers: all(Numbers) },
    output: artifact({ schema: z.number() }),
    build: ({ numbers }) => numbers.reduce((total, { value }) => total + value, 0),
  });
  const numbers = graph("numbers", () => {
    const raw = Numbers.from(literal.partitions(Array.from({ length: 10 }, (_, n) => ({ key: { n }, value: n }))));
    const doubled = double({ number: raw });
    return { raw, doubled, total: sum({ numbers: doubled }) };
  });
  const backend = memory();

  await expect(numbers.build({ backend, concurrency: 8 })).rejects.toMatchObject({ code: "BUILD_FAILED" });

  await using connection = await backend.connect();
  const records = (await connection.listRuns({ kind: "step" })).items.filter((one) => one.producer === "double");
  const byId = new Map(records.map((one): [RunId, RunRecord] => [one.id, one]));
  const snapshot = await connection.readLatestSnapshot("numbers");
  expect(byId.size).toBe(10);
  // Odd ones twice at the first attempt, even ones at the second as well, the last at three.
  expect(seen.length).toBe(2 * (4 + 5 * 2 + 3));
  for (const { run, step, key } of seen) {
    const record = byId.get(run!)!;
    expect(record.key).toMatch(new RegExp(`${key}$`));
    expect(step).toEqual({
      graph: "numbers",
      snapshot: record.snapshot,
      producer: "double",
      version: "2.1.0",
      key: record.key,
      config: snapshot!.graphFingerprint,
    });
  }
  expect([currentRun(), currentStep()]).toEqual([undefined, undefined]);
});

it("of a run inside a run the inner one counts, and the outer one again after it", async () => {
  const [outer, inner] = ["outer", "inner"] as RunId[];
  const told = await insideRun(outer!, async () => {
    const before = currentRun();
    const within = await insideRun(inner!, async () => {
      await wait(1);
      return [currentRun(), currentStep()];
    });
    return [before, ...within, currentRun()];
  });

  expect(told).toEqual([outer, inner, undefined, outer]);
  expect(currentRun()).toBeUndefined();
});
