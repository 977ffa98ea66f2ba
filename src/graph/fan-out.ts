// Fan-out: an output of which one step writes many partitions, whose keys are known only once it has run.

import { z } from "zod";
import { json } from "../data/format/json.ts";
import { literal } from "../data/storage/literal.ts";
import type { Dimensions, Key } from "../identity/dimension.ts";
import { artifact as declare, declaredArtifact, type DeclaredArtifact } from "./artifact.ts";
import type { Partition } from "./edge.ts";
import type { Declared, InputTypes } from "./input.ts";
import { invalid } from "./option.ts";
import { is, type Is } from "./sentence.ts";

/** What `build` of a producer with a fan-out returns: `async *build`, or anything that can be gone through. */
export type PartsOf<Written, Opened> = AsyncIterable<Partition<Written, Opened>> | Iterable<Partition<Written, Opened>>;

export interface FanOut<out Value, in out D, in Written, out Over> {
  readonly is: Is<"fanOut">;
  readonly "~types": InputTypes<Value, D, never, Written, never>;
  readonly over: readonly Over[];
}

/** The run-time side. */
export interface FanOutSpec {
  readonly artifact: DeclaredArtifact;
  /** The dimensions whose values the producer finds. */
  readonly over: readonly string[];
  /** One partition for each step: the list of what it made, which is stored beside the partitions and stands for them. */
  readonly keys: DeclaredArtifact;
}

/** One line of the list that a step with a fan-out leaves. */
export interface MadeKey {
  /** Of the dimensions that were fanned out over alone. */
  readonly key: Key<Dimensions>;
  /** Fingerprint of its content. */
  readonly content: string;
}

/**
 * One step makes many partitions: `build` gives `{ key, value }` for each, the key naming the dimensions in `over`, which no input need
 * have. All of them are stored, or none. The other dimensions come from the inputs, as always: there is one step for each of their keys.
 * Error: GRAPH_INVALID.
 *
 * @example
 * const split = producer({
 *   name: "split",
 *   inputs: { orders: Orders },
 *   output: fanOut(ByCountry, "country"),
 *   *build({ orders }) {
 *     for (const country of new Set(orders.map((order) => order.country)))
 *       yield { key: { country }, value: orders.filter((order) => order.country === country) };
 *   },
 * });
 */
export function fanOut<Value, D, Written, const Over extends keyof D & string>(
  artifact: Declared<Value, D, Written>,
  ...over: readonly [Over, ...Over[]]
): FanOut<Value, D, PartsOf<Written, Pick<D, Over>>, Over> {
  const declared =
    declaredArtifact(artifact) ??
    invalid("fanOut()", "a fan-out goes around a declared artifact", is.declared, artifact);
  const names = Object.keys(declared.dimensions);
  const expected = names.length === 0 ? "an artifact with partitionBy" : names.map((name) => `'${name}'`).join(", ");
  if (over.length === 0) invalid("fanOut()", "it names the dimensions that the producer finds", expected, "nothing");
  for (const name of over) {
    if (!names.includes(name)) invalid("fanOut()", "there is no such dimension", expected, name);
  }
  const spec: FanOutSpec = Object.freeze({
    artifact: declared,
    over: Object.freeze([...over]),
    keys: keysOf(declared, over),
  });
  return Object.freeze(Object.defineProperty({ is: is.fanOut, over: spec.over }, SPEC, { value: spec })) as never;
}

const SPEC = Symbol.for("stratigraph.fan-out");

/** `undefined` for anything that is no fan-out. */
export function fanOutSpec(output: unknown): FanOutSpec | undefined {
  return typeof output === "object" && output !== null && SPEC in output
    ? (output as { [SPEC]: FanOutSpec })[SPEC]
    : undefined;
}

function keysOf({ dimensions }: DeclaredArtifact, over: readonly string[]): DeclaredArtifact {
  const values = (name: string) => (dimensions[name]!.kind === "integers" ? z.number() : z.string());
  const key = z.strictObject(Object.fromEntries([...over].sort().map((name) => [name, values(name)])));
  const rest = Object.entries(dimensions).filter(([name]) => !over.includes(name));
  const keys: unknown = declare({
    schema: z.array(z.strictObject({ key, content: z.string() })),
    partitionBy: Object.fromEntries(rest),
    format: json(),
    storage: literal(),
    description: "What a step with a fan-out made: the key of each partition, and the fingerprint of its content.",
  });
  return keys as DeclaredArtifact;
}
