// Params: values that are given to a build from outside, by name, and count in the fingerprint of exactly the producers that use them.

import type { output } from "zod";
import { $ZodAsyncError, safeParse, type $ZodType } from "zod/v4/core";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import { canonicalText, parseCanonical } from "../util/canonical.ts";
import { showValue } from "../util/show.ts";
import { describeIssues } from "../data/issues.ts";
import { json } from "../data/format/json.ts";
import type { GraphDefinition } from "./graph.ts";
import { checkNames } from "./name.ts";
import { didYouMean, invalid, isPlainRecord } from "./option.ts";
import type { ProducerDefinition } from "./producer.ts";

/** What a producer says of the params it uses: a schema for each, with `.default()` where nobody need give one. */
export type ParamSchemas = { readonly [name: string]: $ZodType };

/** As `context.params` has them. */
export type ParamValues<Params> = { readonly [Name in keyof Params]: output<Params[Name]> } & {};

/** The params of one producer. */
export interface ProducerParams {
  readonly schemas: ReadonlyMap<string, $ZodType>;
  /** As canonical text, each that is known: what counts is exactly what the producer gets. */
  readonly values: ReadonlyMap<string, string>;
}

/** A value that was written on a command line or in a variable: what it is depends on the schema. */
export class ParamText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Names with values, or with `ParamText`. */
export type GivenParams = Readonly<Record<string, unknown>>;

/** Errors: GRAPH_INVALID; PARAM_INVALID for a default that does not fit. */
export function checkedParams(params: unknown, where: string): ProducerParams | undefined {
  if (params === undefined) return undefined;
  if (!isPlainRecord(params)) invalid(where, "params are schemas by name", "params: { rate: z.number() }", params);
  const names = Object.keys(params);
  if (names.length === 0) return undefined;
  checkNames(names, where, "param");
  const schemas = new Map<string, $ZodType>();
  const values = new Map<string, string>();
  for (const name of names) {
    const schema = params[name];
    if (typeof schema !== "object" || schema === null || !("_zod" in schema)) {
      invalid(`${where}, param '${name}'`, "a param has a zod schema", "z.number(), z.string().default(…), …", schema);
    }
    schemas.set(name, schema as $ZodType);
    const standard = standardOf(schema as $ZodType, `${where}, param '${name}'`);
    if (standard !== undefined) values.set(name, standard);
  }
  return Object.freeze({ schemas, values });
}

function standardOf(schema: $ZodType, where: string): string | undefined {
  const result = parsed(schema, undefined, where);
  return result.success ? encoded(result.data, where) : undefined;
}

/** Made anew for every call of a producer, which may do with it what it likes. */
export function paramValues({ params }: ProducerDefinition): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...(params?.values ?? [])].map(([name, text]) => [name, parseCanonical(text)]));
}

/** By graph, then by what was given: a graph that is built again and again with the same params is the same graph. */
const bound = new WeakMap<GraphDefinition, Map<string, GraphDefinition>>();

/**
 * The graph with these values for the params that its producers use; what is not given stays as it is. Errors: PARAM_INVALID for a value
 * that does not fit and for a name that no producer uses.
 */
export function bindParams<G extends string, N>(
  graph: GraphDefinition<G, N>,
  given: GivenParams | undefined,
): GraphDefinition<G, N> {
  const where = `graph '${graph.name}'`;
  if (given === undefined) return graph;
  if (!isPlainRecord(given)) throw paramInvalid("params are given by name", where, "{ rate: 0.2 }", given);
  const known = usedParams(graph);
  const taken = Object.keys(given).filter((name) => given[name] !== undefined);
  for (const name of taken) if (!known.has(name)) throw unknownParam(name, known, where);
  if (taken.length === 0) return graph;

  const producers = new Map<ProducerDefinition, ProducerDefinition>();
  let key = "";
  for (const { producer } of graph.calls) {
    const { params } = producer;
    if (params === undefined || producers.has(producer)) continue;
    const values = new Map(params.values);
    for (const [name, schema] of params.schemas) {
      if (!taken.includes(name)) continue;
      const text = valueText(schema, given[name], `${where}, producer '${producer.name}', param '${name}'`);
      values.set(name, text);
      key += `${JSON.stringify([producer.name, name, text])}\n`;
    }
    producers.set(producer, Object.freeze({ ...producer, params: Object.freeze({ schemas: params.schemas, values }) }));
  }
  let mine = bound.get(graph);
  if (mine === undefined) bound.set(graph, (mine = new Map<string, GraphDefinition>()));
  let result = mine.get(key);
  if (result === undefined) mine.set(key, (result = graph.withProducers(producers)));
  return result as GraphDefinition<G, N>;
}

/** Every param of a graph, with the names of the producers that use it. */
export function usedParams({ calls }: Pick<GraphDefinition, "calls">): ReadonlyMap<string, readonly string[]> {
  const used = new Map<string, string[]>();
  for (const { producer } of calls) {
    for (const name of producer.params?.schemas.keys() ?? []) {
      const users = used.get(name);
      if (users === undefined) used.set(name, [producer.name]);
      else if (!users.includes(producer.name)) users.push(producer.name);
    }
  }
  return used;
}

/** Error: PARAM_INVALID where a producer's param has no value. */
export function requireParams(graph: GraphDefinition): void {
  for (const { producer } of graph.calls) {
    const { params } = producer;
    if (params === undefined || params.values.size === params.schemas.size) continue;
    const name = [...params.schemas.keys()].find((one) => !params.values.has(one))!;
    throw new StratigraphError("PARAM_INVALID", `param '${name}' has no value`, {
      where: `graph '${graph.name}', producer '${producer.name}'`,
      hint: `Give it one: strata build -p ${name}=…, build({ params: { ${name}: … } }), or a default in its schema.`,
    });
  }
}

/** The same producer with the values that a stored manifest of it has. */
export function withStoredParams(producer: ProducerDefinition, stored: unknown): ProducerDefinition {
  if (producer.params === undefined || !isPlainRecord(stored)) return producer;
  const values = new Map(producer.params.values);
  for (const name of producer.params.schemas.keys()) {
    if (Object.hasOwn(stored, name)) values.set(name, canonicalText(stored[name]));
  }
  return Object.freeze({ ...producer, params: Object.freeze({ schemas: producer.params.schemas, values }) });
}

/** What a text may stand for: itself where the schema takes a text, else the JSON that it is. */
function valueText(schema: $ZodType, given: unknown, where: string): string {
  const candidates = given instanceof ParamText ? readings(given.text) : [given];
  for (const candidate of candidates) {
    const result = parsed(schema, candidate, where);
    if (result.success) return encoded(result.data, where);
  }
  const last = candidates.at(-1);
  const result = parsed(schema, last, where);
  const { what, where: place, expected, received } = describeIssues(result.error!.issues, last, json(), where);
  throw new StratigraphError("PARAM_INVALID", what, { where: place, expected, received: received ?? showValue(last) });
}

function readings(text: string): readonly unknown[] {
  try {
    return [text, JSON.parse(text) as unknown];
  } catch {
    return [text];
  }
}

function parsed(schema: $ZodType, value: unknown, where: string): ReturnType<typeof safeParse<$ZodType>> {
  try {
    return safeParse(schema, value);
  } catch (error) {
    const isAsync =
      error instanceof $ZodAsyncError || (error as Error | undefined)?.constructor.name === "$ZodAsyncError";
    throw new StratigraphError(
      "PARAM_INVALID",
      isAsync ? "the schema of a param must answer at once" : "the schema of a param threw an error",
      { where, cause: error },
    );
  }
}

function encoded(value: unknown, where: string): string {
  try {
    return canonicalText(value);
  } catch (error) {
    if (!isStratigraphError(error)) throw error;
    throw new StratigraphError("PARAM_INVALID", "this value cannot be fingerprinted", {
      where,
      cause: error,
      hint: error.what,
    });
  }
}

function unknownParam(name: string, known: ReadonlyMap<string, unknown>, where: string): StratigraphError {
  const names = [...known.keys()];
  return new StratigraphError("PARAM_INVALID", `no producer uses a param '${name}'`, {
    where,
    expected: names.length === 0 ? "no params" : names.map((one) => `'${one}'`).join(", "),
    hint: didYouMean(name, names),
  });
}

function paramInvalid(what: string, where: string, expected: string, received: unknown): StratigraphError {
  return new StratigraphError("PARAM_INVALID", what, { where, expected, received: showValue(received) });
}
