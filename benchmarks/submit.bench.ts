// What does a record cost its caller while the backend is well, hangs, or is down?

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Connection } from "stratigraph";
import { createLineage, type NewLineageRecord } from "stratigraph/lineage";
import { sqlite } from "stratigraph/sqlite";
import { createHost, type Host } from "../src/changes/host.ts";
import { faulty } from "../src/testing/faulty.ts";
import type { Bench } from "./bench.ts";
import { milliseconds } from "./harness/in-turn.ts";

/** Records of one sample; fewer than the queue holds, so that none is dropped. */
const RECORDS = 500;

export const bench: Bench = {
  question: "What does a record cost its caller while the backend is well, hangs, or is down?",

  async *run({ space, quick, result }) {
    const rounds = quick ? 3 : 15;
    const folder = space.folder("submit");
    mkdirSync(folder, { recursive: true });
    const arms: Record<string, Host> = {};
    const connections: Connection[] = [];
    for (const [name, fault] of [
      ["well", undefined],
      ["hanging", { kind: "hang" }],
      ["down", { kind: "throw" }],
    ] as const) {
      const own = await sqlite(join(folder, `${name}.db`)).connect();
      connections.push(own);
      const connection =
        fault === undefined ? own : faulty(own, ({ name: call }) => (call === "transaction" ? fault : undefined));
      arms[name] = createHost({
        connection,
        actor: "bench",
        mode: "behind",
        writer: { home: join(folder, name), writeTimeout: 50, flushTimeout: 100 },
      });
    }

    const idle = await delayOf(async () => void (await new Promise((resolve) => setTimeout(resolve, 500))));
    const samples: Record<string, number[]> = { well: [], hanging: [], down: [] };
    const held: Record<string, number[]> = { well: [], hanging: [], down: [] };
    for (let round = 0; round < rounds; round++) {
      for (const [name, host] of Object.entries(arms)) {
        let each = 0;
        const delay = await delayOf(async () => {
          each = await submit(host, round);
          // Until all of it is written or in the journal: the next sample begins with an empty queue.
          await host.flush();
        });
        samples[name]!.push(each);
        held[name]!.push(delay);
      }
    }
    for (const name of ["hanging", "down"]) {
      yield result({
        case: `a record, the backend ${name}`,
        n: RECORDS,
        unit: "ms",
        against: "the same with a backend that is well",
        target: 1.2,
        gate: 2,
        pair: { ours: samples[name]!, theirs: samples["well"]! },
      });
    }
    yield result({
      case: "a record, the backend well",
      n: RECORDS,
      unit: "count",
      against: "1 ms",
      target: 0.5,
      gate: 1,
      count: { ours: median(samples["well"]!), theirs: 1 },
    });
    for (const name of ["well", "hanging", "down"]) {
      yield result({
        case: `the event loop held, 99 of 100, the backend ${name}`,
        n: RECORDS,
        unit: "count",
        against: "50 ms, and what it is held without us",
        target: 1,
        gate: 1.5,
        count: { ours: median(held[name]!), theirs: 50 + idle },
      });
    }
    for (const host of Object.values(arms)) await host.close();
    for (const connection of connections) await connection.close();
  },
};

/** Milliseconds a record, awaited as a producer would. */
async function submit(host: Host, round: number): Promise<number> {
  const lineage = createLineage({ host });
  const receipts: Promise<unknown>[] = [];
  const start = process.hrtime.bigint();
  for (let n = 0; n < RECORDS; n++) receipts.push((await lineage.record(recordOf(round, n))).committed);
  const each = milliseconds(start) / RECORDS;
  // What falls back says so in its receipt, which is not what is measured.
  void Promise.allSettled(receipts);
  return each;
}

function recordOf(round: number, n: number): NewLineageRecord {
  return {
    runId: `run-${process.pid}-${round}-${n}`,
    task: "train",
    status: "success",
    startedAt: "2026-01-01T00:00:00.000Z",
    finishedAt: "2026-01-01T00:00:01.000Z",
  };
}

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[times.length >>> 1]!;
}

/** The 99th of a hundred delays of the event loop, in milliseconds. */
async function delayOf(work: () => Promise<void>): Promise<number> {
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  await work();
  delays.disable();
  return delays.percentile(99) / 1e6;
}
