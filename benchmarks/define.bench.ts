// What does it cost to define a graph of 10,000 nodes and to know its fingerprint, the first time and again?

import stringify from "fast-json-stable-stringify";
import xxhash from "xxhash-wasm";
import type { Graph } from "stratigraph";
import type { Bench } from "./bench.ts";
import { counted } from "./harness/counting.ts";
import { inTurn, milliseconds, timed } from "./harness/in-turn.ts";
import { defineWork } from "./work/graph.ts";
import { shape } from "./work/shapes.ts";

const SEED = 0x9e3779b97f4a7c15n;

export const bench: Bench = {
  question:
    "What does it cost to define a graph of 10,000 nodes and to know its fingerprint, the first time and again?",

  async *run({ quick, result }) {
    const n = quick ? 1_000 : 10_000;
    const rounds = quick ? 9 : 21;
    const { h64 } = await xxhash();
    const hash = (text: string): string =>
      h64(text, 0n).toString(16).padStart(16, "0") + h64(text, SEED).toString(16).padStart(16, "0");

    for (const name of ["layered", "chain"] as const) {
      const made = shape(name, n);
      const samples = await inTurn(
        {
          ours: timed(() => defineWork(made).definition.fingerprint),
          theirs: timed(() => rawDefinition(made.dependencies, hash)),
        },
        rounds,
      );
      yield result({
        case: `define and fingerprint, ${name}`,
        n,
        unit: "ms",
        against: "plain objects, canonical JSON, two lanes of XXH64",
        target: 1.5,
        gate: 2.5,
        pair: samples,
      });
    }

    const made = shape("layered", n);
    const graph = defineWork(made);
    const first = await counted(() => graph.definition.fingerprint);
    const again = await counted(() => graph.definition.fingerprint);
    yield result({
      case: "canonicalisations, fingerprint asked again",
      n,
      unit: "count",
      against: "0",
      target: 0,
      gate: 0,
      count: { ours: again.canonicalisations, theirs: 1 },
      counters: { canonicalisations: first.canonicalisations },
      note: `the first time ${first.canonicalisations}`,
    });

    const small = shape("layered", n / 10);
    const growth = await inTurn(
      {
        ours: timed(() => defineWork(made).definition.fingerprint),
        theirs: timed(() => defineWork(small).definition.fingerprint),
      },
      rounds,
    );
    yield result({ case: "growth", n, unit: "ms", against: `n=${n / 10}`, target: 12, gate: 16, pair: growth });

    // A fresh graph each time, asked twice: the second answer against the first.
    const twice = { ours: [] as number[], theirs: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      const fresh: Graph = defineWork(made);
      globalThis.gc?.();
      twice.theirs.push(time(() => fresh.definition.fingerprint));
      twice.ours.push(time(() => fresh.definition.fingerprint));
    }
    yield result({
      case: "fingerprint asked again",
      n,
      unit: "ms",
      against: "the first time",
      target: 1 / 15,
      gate: 1 / 8,
      pair: twice,
    });
  },
};

function time(work: () => unknown): number {
  const start = process.hrtime.bigint();
  work();
  return milliseconds(start);
}

/** The least that gives every node an identity: an object, its description as canonical text, a hash, combined along the edges. */
function rawDefinition(dependencies: readonly (readonly number[])[], hash: (text: string) => string): string {
  const nodes = new Map<string, { source: object; inputs: readonly number[]; description: object }>();
  dependencies.forEach((inputs, node) => {
    nodes.set(
      `n${node}`,
      Object.freeze({
        inputs,
        source: Object.freeze({
          kind: "source",
          key: `s${node}`,
          template: `src/${node}.txt`,
          schema: { type: "string" },
          format: "text",
        }),
        description: Object.freeze({
          kind: "produced",
          key: `n${node}`,
          producer: { name: `mix-${inputs.length}`, version: { kind: "semver", counts: "1" } },
          inputs: Object.fromEntries(inputs.map((other, index) => [`input${index}`, `n${other}`])),
          schema: { type: "string" },
          format: { kind: "text", options: {}, extension: ".txt" },
        }),
      }),
    );
  });
  const prints: string[] = [];
  for (const { source, inputs, description } of nodes.values()) {
    let text = hash(stringify(source)) + hash(stringify(description));
    for (const input of inputs) text += prints[input]!;
    prints.push(hash(text));
  }
  return hash(prints.join(""));
}
