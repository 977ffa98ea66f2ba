// Producer: a versioned function from named input artifacts to output artifacts; calling it wires it into a graph.

import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { Dimensions, Key } from "../identity/dimension.ts";
import { callSite, CodeVersion } from "../identity/code-version.ts";
import { describeVersion, followsCode, type Version, type VersionDescription } from "../identity/version.ts";
import { checkedAnnotations, type Annotations } from "./annotation.ts";
import { inputSpec, type InputSpec } from "./edge.ts";
import { checkInputFits, checkWireFits } from "./fit.ts";
import type { CheckedInputs, Declared, DimensionsIn, SeenIn, ValueIn, WrittenIn } from "./input.ts";
import { checkedOutputs, misplaced, SINGLE, type Outputs } from "./output.ts";
import type { Secret } from "../util/secret.ts";
import { checkName, checkNames } from "./name.ts";
import { checkedDescription, checkOptions, didYouMean, invalid, isPlainRecord } from "./option.ts";
import { checkedParams, type ParamSchemas, type ParamValues, type ProducerParams } from "./params.ts";
import { checkRetries, type Retries, type RetryPolicy } from "./retry.ts";
import { is, type Is, type Says } from "./sentence.ts";
import { checkStreamable } from "./view.ts";
import { checkedThread, tellOfProducer, type ProducerExecutor } from "./thread.ts";
import { wiredArtifact, wireOf, type OutputWire, type ProducerCall, type Wire, type WiredArtifact } from "./wired.ts";

/** A function that wires: give it a wired artifact for each input, and get the wired output, or a record of them. */
export interface Producer<Wires, Out> {
  (...inputs: {} extends Wires ? [inputs?: Wires] : [inputs: Wires]): Out;
  readonly is: Is<"producer">;
  // What every artifact has, so that a misplaced producer is reported by what it is and not by what it lacks.
  readonly "~types": Out;
}

/** Any producer. */
export type AnyProducer = Producer<never, unknown>;

/** What `build` knows besides its inputs. */
export interface BuildContext<OD = Dimensions, Params = {}> {
  /** The params that the producer declares, by name. */
  readonly params: ParamValues<Params>;
  /** The key of the partition being built. */
  readonly key: Key<OD>;
  /** Aborted when the build is cancelled or the time limit is over. */
  readonly signal: AbortSignal;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** A line for people, shown while the build runs. */
  readonly log: (text: string) => void;
  /** How far it is, in whatever it counts: shown while it runs. */
  readonly progress: (done: number, total?: number, note?: string) => void;
  /** A folder for this attempt alone, empty when it is first asked for and gone when the step is over. */
  readonly temp: () => Promise<string>;
  /**
   * A secret by its name: of the variable `STRATA_SECRET_<NAME>`, or of the `secrets` function of the configuration. Its name is kept
   * with the run, its text nowhere. Error: SECRET_MISSING.
   */
  readonly secret: (name: string) => Promise<Secret>;
}

export interface ProducerOptions<Inputs, Outputs, OD, Params = {}> {
  /** Unique within a graph; part of the fingerprint of everything it makes. */
  readonly name: string;
  /** The name it had when its first results were made: they are still its own, and nothing is built again for the new name. */
  readonly was?: string | undefined;
  /**
   * What counts of it is in every fingerprint. `code()` unless told: the code that the producer runs. Any other is yours to raise when
   * the code changes: `"1.0.0"`, `gitCommit()`, …
   */
  readonly version?: Version | undefined;
  /** What it reads: declared artifacts, or edges around them. `{}` for nothing. */
  readonly inputs: CheckedInputs<Inputs, OD>;
  /** The params it uses, each with a schema; only what uses a param is built again when it changes. */
  readonly params?: Params | undefined;
  /** Makes one partition; of several outputs, all in one record. */
  // Nothing is inferred from it; and so the compiler knows what is wanted before it looks inside, and "eu" stays "eu" where that counts.
  readonly build: NoInfer<
    (inputs: Received<Inputs>, context: BuildContext<OD, Params>) => Returned<Outputs> | Promise<Returned<Outputs>>
  >;
  /** Looks at what was built, all outputs together, or each partition of a fan-out: true, or a sentence about what is wrong. */
  readonly validate?: ((outputs: Results<NoInfer<Outputs>>) => true | string | Promise<true | string>) | undefined;
  /** Further attempts after a failure; none unless told. */
  readonly retries?: Retries | undefined;
  /** A pool that its steps are in while they run: `pools` of the configuration or of a build says how many may be at once. */
  readonly pool?: string | undefined;
  /** Milliseconds one attempt may take; no limit unless told. */
  readonly timeout?: number | undefined;
  /** `"threads"`: `build` runs in a thread of its own, for what computes long without waiting; `"local"` unless told. In no fingerprint. */
  readonly executor?: ProducerExecutor | undefined;
  readonly annotations?: Annotations | undefined;
  readonly description?: string | undefined;
}

// One shape with a union in it instead of overloads: "no overload matches this call" would bury the sentence.
export interface OneOutput<Output> {
  readonly output: CheckedOutput<Output>;
  readonly outputs?: never;
}
export interface ManyOutputs<Outputs> {
  readonly outputs: CheckedOutputs<Outputs>;
  readonly output?: never;
}

type AnyFanOut = { readonly is: Is<"fanOut">; readonly over: readonly string[] };
type AnyDeclared = { readonly is: Is<"declared"> } | { readonly is: Is<"view">; readonly view: "stream" };
type AnyOne = AnyDeclared | AnyFanOut;
/** Of one dimension set; a streamed one as well. */
type DeclaredIn<OD> =
  | Declared<unknown, OD, never>
  | { readonly is: Is<"view">; readonly view: "stream"; readonly "~types": { readonly dimensions: OD } };

type CheckedOutput<Output> = Output extends AnyOne ? Output : OutputSentence<Output>;
type CheckedOutputs<Outputs> = [Outputs] extends [{ readonly [name: string]: DeclaredIn<OutputDimensions<Outputs>> }]
  ? Outputs
  : {
      readonly [Slot in keyof Outputs]: Outputs[Slot] extends AnyDeclared
        ? Outputs[Slot] extends DeclaredIn<OutputDimensions<Outputs>>
          ? Outputs[Slot]
          : Says<"dimensionsDiffer">
        : OutputSentence<Outputs[Slot]>;
    };
type OutputSentence<X> = X extends { readonly is: Is<"wired"> }
  ? Says<"wiredAlready">
  : X extends { readonly is: Is<"producer"> }
    ? Says<"producerNamed">
    : X extends { readonly is: Is<"fanOut"> }
      ? Says<"fannedOut">
      : X extends { readonly is: Is<"edge"> | Is<"optional"> | Is<"clean"> }
        ? Says<"edgeAsOutput">
        : X extends { readonly is: Is<"view"> }
          ? Says<"viewAsOutput">
          : Says<"notAnArtifact">;

/** Of the key of a step: those of its outputs, but for those that a fan-out finds. */
export type OutputDimensions<Outputs> = Outputs extends AnyDeclared
  ? DimensionsIn<Outputs>
  : Outputs extends AnyFanOut
    ? Omit<DimensionsIn<Outputs>, Outputs["over"][number]>
    : { [Slot in keyof Outputs]: DimensionsIn<Outputs[Slot]> }[keyof Outputs];

export type Received<Inputs> = { readonly [Name in keyof Inputs]: SeenIn<Inputs[Name]> } & {};
export type Returned<Outputs> = Outputs extends AnyOne
  ? WrittenIn<Outputs>
  : object extends Outputs // of no output at all: that is what the compiler shall name, and not what build returns
    ? unknown
    : { readonly [Slot in keyof Outputs]: WrittenIn<Outputs[Slot]> } & {};
type Results<Outputs> = Outputs extends AnyOne
  ? ValueIn<Outputs>
  : { readonly [Slot in keyof Outputs]: ValueIn<Outputs[Slot]> } & {};

type OptionalName<Inputs> = {
  [Name in keyof Inputs]: Inputs[Name] extends { readonly is: Is<"optional"> } ? Name : never;
}[keyof Inputs];
// Spelled out each time: an alias would stand in every message in place of what it means.
export type Wiring<Inputs> = [OptionalName<Inputs>] extends [never]
  ? { readonly [Name in keyof Inputs]: WiredArtifact<ValueIn<Inputs[Name]>, DimensionsIn<Inputs[Name]>> } & {}
  : {
      readonly [Name in Exclude<keyof Inputs, OptionalName<Inputs>>]: WiredArtifact<
        ValueIn<Inputs[Name]>,
        DimensionsIn<Inputs[Name]>
      >;
    } & {
      readonly [Name in OptionalName<Inputs>]?:
        WiredArtifact<ValueIn<Inputs[Name]>, DimensionsIn<Inputs[Name]>> | undefined;
    };
export type Wired<Outputs> = Outputs extends AnyOne
  ? WiredArtifact<ValueIn<Outputs>, DimensionsIn<Outputs>>
  : { readonly [Slot in keyof Outputs]: WiredArtifact<ValueIn<Outputs[Slot]>, DimensionsIn<Outputs[Slot]>> } & {};

/** The run-time side of a producer: frozen, plain. */
export interface ProducerDefinition extends Outputs {
  readonly name: string;
  /** The name that counts in fingerprints: the first it had. */
  readonly firstName: string;
  readonly version: VersionDescription;
  readonly inputs: ReadonlyMap<string, InputSpec>;
  /** The dimensions all outputs have; of a fan-out those that it does not find. */
  readonly dimensions: Dimensions;
  /** Declared with `output`: there is one slot, named "output", and `build` returns its value itself. */
  readonly single: boolean;
  readonly build: (inputs: Readonly<Record<string, unknown>>, context: BuildContext) => unknown;
  /** Made by `sink`: what it does outside counts, so that nothing runs it again only to look at what it returns. */
  readonly sink: boolean;
  /** It is another program, which ends soon after it is asked to. */
  readonly program: boolean;
  readonly validate: ((outputs: unknown) => true | string | Promise<true | string>) | undefined;
  readonly params: ProducerParams | undefined;
  readonly retries: RetryPolicy | undefined;
  readonly pool: string | undefined;
  /** Milliseconds. */
  readonly timeout: number | undefined;
  /** For one that runs in a thread: where it is declared, and its code. */
  readonly thread: CodeVersion | undefined;
  readonly annotations: Annotations;
  readonly description: string | undefined;
}

/** Only `sink` has it to give. */
export const SINK: unique symbol = Symbol("sink");

/** Only `command` has it to give. */
export const PROGRAM: unique symbol = Symbol("program");

const optionNames = [
  "name",
  "was",
  "version",
  "inputs",
  "params",
  "output",
  "outputs",
  "build",
  "validate",
  "retries",
  "pool",
  "timeout",
  "executor",
  "annotations",
  "description",
];

/**
 * Declares a producer. Errors: GRAPH_INVALID, VERSION_INVALID, TEMPLATE_INVALID, naming producer and input or output.
 *
 * @example
 * const sumDay = producer({
 *   name: "sum-day",
 *   version: "1.0.0",
 *   inputs: { transactions: Transactions },
 *   output: DailySpend,
 *   build: ({ transactions }) => transactions.reduce((sum, t) => sum + t.amount, 0),
 * });
 */
export function producer<
  Inputs extends { readonly [name: string]: unknown },
  Outputs extends object,
  Params extends ParamSchemas = {},
>(
  options: ProducerOptions<Inputs, Outputs, OutputDimensions<Outputs>, Params> &
    (OneOutput<Outputs> | ManyOutputs<Outputs>),
): Producer<Wiring<Inputs>, Wired<Outputs>> {
  return callable(definitionFrom(options)) as unknown as Producer<Wiring<Inputs>, Wired<Outputs>>;
}

const DEFINITION = Symbol.for("stratigraph.producer");

/** The run-time side of a producer; `undefined` for anything else. */
export function producerDefinition(thing: unknown): ProducerDefinition | undefined {
  return typeof thing === "function" && DEFINITION in thing
    ? (thing as { [DEFINITION]: ProducerDefinition })[DEFINITION]
    : undefined;
}

function callable(definition: ProducerDefinition): object {
  const wire = (inputs: unknown): unknown => {
    const call = wireCall(definition, wiresFrom(definition, inputs));
    if (definition.single) return wiredArtifact(call.outputs.get(SINGLE)!);
    const outputs = [...call.outputs].map(([slot, output]) => [slot, wiredArtifact(output)] as const);
    return Object.freeze(Object.fromEntries(outputs));
  };
  Object.defineProperty(wire, "name", { value: definition.name });
  Object.defineProperty(wire, "is", { value: is.producer, enumerable: true });
  Object.defineProperty(wire, DEFINITION, { value: definition });
  return Object.freeze(wire);
}

/** One call, with its outputs. */
export function wireCall(producer: ProducerDefinition, inputs: ReadonlyMap<string, Wire>): ProducerCall {
  const outputs = new Map<string, OutputWire>();
  const call: ProducerCall = Object.freeze({ producer, dimensions: producer.dimensions, inputs, outputs });
  for (const [slot, artifact] of producer.outputs) {
    outputs.set(slot, Object.freeze({ kind: "output", artifact, call, slot }));
  }
  return call;
}

function wiresFrom(definition: ProducerDefinition, inputs: unknown): ReadonlyMap<string, Wire> {
  const given = inputs ?? {};
  if (!isPlainRecord(given)) {
    const expected = `{ ${[...definition.inputs.keys()].join(", ")} }`;
    invalid(placeOf(definition), "a producer is called with its inputs by name", expected, given);
  }
  for (const name of Object.keys(given)) if (!definition.inputs.has(name)) unknownInput(definition, name);
  const wires = new Map<string, Wire>();
  for (const [name, spec] of definition.inputs) {
    const thing = Object.hasOwn(given, name) ? given[name] : undefined;
    if (thing === undefined && spec.optional) continue;
    const wire = wireOf(thing);
    if (wire === undefined) {
      const what = thing === undefined ? "this input is missing" : "this cannot be wired";
      invalid(placeOf(definition, name), what, is.wired, thing);
    }
    if (wire.artifact !== spec.artifact) {
      checkWireFits(wire.artifact, spec.artifact, placeOf(definition, name));
      if (spec.view === "stream") checkStreamable(wire.artifact, placeOf(definition, name));
    }
    wires.set(name, wire);
  }
  return wires;
}

function unknownInput(definition: ProducerDefinition, name: string): never {
  const names = [...definition.inputs.keys()];
  const expected = names.map((one) => `'${one}'`).join(", ") || "no inputs";
  invalid(placeOf(definition), "it has no such input", expected, name, didYouMean(name, names));
}

function placeOf({ name }: ProducerDefinition, input?: string): string {
  return `producer '${name}'${input === undefined ? "" : `, input '${input}'`}`;
}

// ------------------------------------------------------------------ checking a definition

type LooseOptions = { readonly [Name in keyof ProducerOptions<never, never, never, never>]?: unknown } & {
  readonly output?: unknown;
  readonly outputs?: unknown;
  readonly [SINK]?: unknown;
  readonly [PROGRAM]?: unknown;
};

function definitionFrom(options: LooseOptions): ProducerDefinition {
  const { name } = options ?? {};
  checkOptions(options, optionNames, typeof name === "string" ? `producer '${name}'` : "producer");
  checkName(name, "producer");
  const where = `producer '${name}'`;
  if (options.was !== undefined) checkName(options.was, `${where}, was`);
  const { outputs, streamed, fanOut } = checkedOutputs(options, where);
  const dimensions = [...outputs.values()][0]!.dimensions;
  const { build, validate } = options;
  if (typeof build !== "function") invalid(where, "a producer needs a build function", "build: (inputs) => …", build);
  if (validate !== undefined && typeof validate !== "function") {
    invalid(where, "validate is a function", "(outputs) => true, or a sentence", validate);
  }
  const version = followsCode(options.version)
    ? new CodeVersion(callSite(where))
    : checkedVersion(options.version, where);
  const inputs = checkedInputs(options.inputs, dimensions, where);
  const definition: ProducerDefinition = Object.freeze({
    name,
    firstName: options.was ?? name,
    version,
    inputs,
    outputs,
    streamed,
    fanOut,
    dimensions,
    single: options.output !== undefined,
    build: build as ProducerDefinition["build"],
    sink: options[SINK] === true,
    program: options[PROGRAM] === true,
    validate: validate as ProducerDefinition["validate"],
    params: checkedParams(options.params, where),
    retries: checkRetries(options.retries, where),
    pool: checkedPool(options.pool, where),
    timeout: checkedTimeout(options.timeout, where),
    thread: checkedThread({ executor: options.executor, version, inputs, streamed }, where),
    annotations: checkedAnnotations(options.annotations, where),
    description: checkedDescription(options.description, where),
  });
  tellOfProducer(definition);
  return definition;
}

/** Throws GRAPH_INVALID where there is none, VERSION_INVALID where it cannot be one. */
export function checkedVersion(version: unknown, where: string): VersionDescription {
  if (version === undefined) {
    throw new StratigraphError("GRAPH_INVALID", "a producer needs a version", {
      where,
      expected: 'one such as version: "1.0.0"',
      received: "nothing",
      hint: "Or code(), where the producer was declared to follow its code.",
    });
  }
  try {
    return describeVersion(version as Version);
  } catch (error) {
    throw isStratigraphError(error) ? error.within(where) : error;
  }
}

export function checkedTimeout(timeout: unknown, where: string): number | undefined {
  if (timeout === undefined || (typeof timeout === "number" && timeout > 0 && timeout < 2 ** 31)) return timeout;
  invalid(where, "a timeout is a time", "milliseconds, above 0 and below 2^31", timeout);
}

function checkedPool(pool: unknown, where: string): string | undefined {
  if (pool !== undefined) checkName(pool, `${where}, pool`);
  return pool;
}

function checkedInputs(inputs: unknown, dimensions: Dimensions, where: string): ReadonlyMap<string, InputSpec> {
  if (!isPlainRecord(inputs)) {
    invalid(where, "a producer names its inputs", "inputs: { days: DailySpend }, or {} for none", inputs);
  }
  const specs = new Map<string, InputSpec>();
  const names = Object.keys(inputs);
  checkNames(names, where, "input");
  for (const name of names) {
    const place = `${where}, input '${name}'`;
    const spec = inputSpec(inputs[name]);
    if (spec === undefined) throw new StratigraphError("GRAPH_INVALID", misplaced(inputs[name]), { where: place });
    checkInputFits(spec, dimensions, place);
    specs.set(name, Object.freeze(spec));
  }
  return specs;
}
