// Producer: a versioned function from named input artifacts to output artifacts; calling it wires it into a graph.

import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { Dimensions, Key } from "../identity/partition.ts";
import { callSite, CodeVersion } from "../identity/code-version.ts";
import { describeVersion, followsCode, type Version, type VersionDescription } from "../identity/version.ts";
import { checkedAnnotations, type Annotations } from "./annotation.ts";
import { declaredArtifact, type DeclaredArtifact } from "./artifact.ts";
import { inputSpec, type InputSpec } from "./edge.ts";
import { checkInputFits, checkWireFits, sameDimensions } from "./fit.ts";
import type { CheckedInputs, Declared, DimensionsIn, SeenIn, ValueIn, WrittenIn } from "./input.ts";
import { checkName, checkNames } from "./name.ts";
import { checkedDescription, checkOptions, didYouMean, invalid, isPlainRecord } from "./option.ts";
import { checkRetries, type Retries, type RetryPolicy } from "./retry.ts";
import { is, says, type Is, type Says } from "./sentence.ts";
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
export interface BuildContext<OD = Dimensions> {
  /** The key of the partition being built. */
  readonly key: Key<OD>;
  /** Aborted when the build is cancelled or the time limit is over. */
  readonly signal: AbortSignal;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** A line for people, shown and kept with the run. */
  readonly log: (text: string) => void;
}

interface ProducerOptions<Inputs, Outputs, OD> {
  /** Unique within a graph; part of the fingerprint of everything it makes. */
  readonly name: string;
  /**
   * What counts of it is in every fingerprint. `code()` unless told: the code that the producer runs. Any other is yours to raise when
   * the code changes: `"1.0.0"`, `gitCommit()`, …
   */
  readonly version?: Version | undefined;
  /** What it reads: declared artifacts, or edges around them. `{}` for nothing. */
  readonly inputs: CheckedInputs<Inputs, OD>;
  /** Makes one partition; of several outputs, all in one record. */
  readonly build: (
    inputs: Received<Inputs>,
    context: BuildContext<OD>,
  ) => Returned<NoInfer<Outputs>> | Promise<Returned<NoInfer<Outputs>>>;
  /** Looks at what was built, all outputs together: true, or a sentence about what is wrong. */
  readonly validate?: ((outputs: Results<NoInfer<Outputs>>) => true | string | Promise<true | string>) | undefined;
  /** Further attempts after a failure; none unless told. */
  readonly retries?: Retries | undefined;
  /** Milliseconds one attempt may take; no limit unless told. */
  readonly timeout?: number | undefined;
  readonly annotations?: Annotations | undefined;
  readonly description?: string | undefined;
}

// One shape with a union in it instead of overloads: "no overload matches this call" would bury the sentence.
interface OneOutput<Output> {
  readonly output: CheckedOutput<Output>;
  readonly outputs?: never;
}
interface ManyOutputs<Outputs> {
  readonly outputs: CheckedOutputs<Outputs>;
  readonly output?: never;
}

type AnyDeclared = { readonly is: Is<"declared"> };

type CheckedOutput<Output> = Output extends AnyDeclared ? Output : OutputSentence<Output>;
type CheckedOutputs<Outputs> = [Outputs] extends [
  { readonly [name: string]: Declared<unknown, OutputDimensions<Outputs>, never> },
]
  ? Outputs
  : {
      readonly [Slot in keyof Outputs]: Outputs[Slot] extends AnyDeclared
        ? Outputs[Slot] extends Declared<unknown, OutputDimensions<Outputs>, never>
          ? Outputs[Slot]
          : Says<"dimensionsDiffer">
        : OutputSentence<Outputs[Slot]>;
    };
type OutputSentence<X> = X extends { readonly is: Is<"wired"> }
  ? Says<"wiredAlready">
  : X extends { readonly is: Is<"producer"> }
    ? Says<"producerNamed">
    : X extends { readonly is: Is<"edge"> | Is<"optional"> | Is<"clean"> }
      ? Says<"edgeAsOutput">
      : Says<"notAnArtifact">;

type OutputDimensions<Outputs> = Outputs extends AnyDeclared
  ? DimensionsIn<Outputs>
  : { [Slot in keyof Outputs]: DimensionsIn<Outputs[Slot]> }[keyof Outputs];

type Received<Inputs> = { readonly [Name in keyof Inputs]: SeenIn<Inputs[Name]> } & {};
type Returned<Outputs> = Outputs extends AnyDeclared
  ? WrittenIn<Outputs>
  : { readonly [Slot in keyof Outputs]: WrittenIn<Outputs[Slot]> } & {};
type Results<Outputs> = Outputs extends AnyDeclared
  ? ValueIn<Outputs>
  : { readonly [Slot in keyof Outputs]: ValueIn<Outputs[Slot]> } & {};

type OptionalName<Inputs> = {
  [Name in keyof Inputs]: Inputs[Name] extends { readonly is: Is<"optional"> } ? Name : never;
}[keyof Inputs];
// Spelled out each time: an alias would stand in every message in place of what it means.
type Wiring<Inputs> = [OptionalName<Inputs>] extends [never]
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
type Wired<Outputs> = Outputs extends AnyDeclared
  ? WiredArtifact<ValueIn<Outputs>, DimensionsIn<Outputs>>
  : { readonly [Slot in keyof Outputs]: WiredArtifact<ValueIn<Outputs[Slot]>, DimensionsIn<Outputs[Slot]>> } & {};

/** The run-time side of a producer: frozen, plain. */
export interface ProducerDefinition {
  readonly name: string;
  readonly version: VersionDescription;
  readonly inputs: ReadonlyMap<string, InputSpec>;
  readonly outputs: ReadonlyMap<string, DeclaredArtifact>;
  /** The dimensions all outputs have. */
  readonly dimensions: Dimensions;
  /** Declared with `output`: there is one slot, named "output", and `build` returns its value itself. */
  readonly single: boolean;
  readonly build: (inputs: Readonly<Record<string, unknown>>, context: BuildContext) => unknown;
  readonly validate: ((outputs: unknown) => true | string | Promise<true | string>) | undefined;
  readonly retries: RetryPolicy | undefined;
  /** Milliseconds. */
  readonly timeout: number | undefined;
  readonly annotations: Annotations;
  readonly description: string | undefined;
}

/** The name of the slot of a producer declared with `output`. */
export const SINGLE = "output";

const optionNames = [
  "name",
  "version",
  "inputs",
  "output",
  "outputs",
  "build",
  "validate",
  "retries",
  "timeout",
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
export function producer<Inputs extends { readonly [name: string]: unknown }, Outputs extends object>(
  options: ProducerOptions<Inputs, Outputs, OutputDimensions<Outputs>> & (OneOutput<Outputs> | ManyOutputs<Outputs>),
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
    if (wire.artifact !== spec.artifact) checkWireFits(wire.artifact, spec.artifact, placeOf(definition, name));
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

type LooseOptions = { readonly [Name in keyof ProducerOptions<never, never, never>]?: unknown } & {
  readonly output?: unknown;
  readonly outputs?: unknown;
};

function definitionFrom(options: LooseOptions): ProducerDefinition {
  const { name } = options ?? {};
  checkOptions(options, optionNames, typeof name === "string" ? `producer '${name}'` : "producer");
  checkName(name, "producer");
  const where = `producer '${name}'`;
  const outputs = checkedOutputs(options, where);
  const dimensions = [...outputs.values()][0]!.dimensions;
  const { build, validate } = options;
  if (typeof build !== "function") invalid(where, "a producer needs a build function", "build: (inputs) => …", build);
  if (validate !== undefined && typeof validate !== "function") {
    invalid(where, "validate is a function", "(outputs) => true, or a sentence", validate);
  }
  return Object.freeze({
    name,
    version: followsCode(options.version) ? new CodeVersion(callSite(where)) : checkedVersion(options.version, where),
    inputs: checkedInputs(options.inputs, dimensions, where),
    outputs,
    dimensions,
    single: options.output !== undefined,
    build: build as ProducerDefinition["build"],
    validate: validate as ProducerDefinition["validate"],
    retries: checkRetries(options.retries, where),
    timeout: checkedTimeout(options.timeout, where),
    annotations: checkedAnnotations(options.annotations, where),
    description: checkedDescription(options.description, where),
  });
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

function checkedOutputs({ output, outputs }: LooseOptions, where: string): ReadonlyMap<string, DeclaredArtifact> {
  if ((output === undefined) === (outputs === undefined)) {
    const received = output === undefined ? "neither" : "both";
    throw new StratigraphError("GRAPH_INVALID", "a producer has either one output or several", {
      where,
      expected: "output: Artifact, or outputs: { name: Artifact }",
      received,
    });
  }
  const named = output === undefined ? outputs : { [SINGLE]: output };
  if (!isPlainRecord(named) || Object.keys(named).length === 0) {
    invalid(where, "outputs are named", "outputs: { train: Train, test: Test }", named);
  }
  const slots = new Map<string, DeclaredArtifact>();
  checkNames(Object.keys(named), where, "output");
  for (const slot of Object.keys(named)) {
    const place = output === undefined ? `${where}, output '${slot}'` : `${where}, output`;
    const artifact = declaredArtifact(named[slot]);
    if (artifact === undefined) {
      const edge = inputSpec(named[slot]) !== undefined;
      throw new StratigraphError("GRAPH_INVALID", edge ? says.edgeAsOutput : misplaced(named[slot]), { where: place });
    }
    const [first] = slots.values();
    if (first !== undefined && !sameDimensions(first.dimensions, artifact.dimensions)) {
      throw new StratigraphError("GRAPH_INVALID", says.dimensionsDiffer, { where: place });
    }
    checkStorage(artifact, place);
    slots.set(slot, artifact);
  }
  return slots;
}

function checkStorage({ storage, dimensions }: DeclaredArtifact, where: string): void {
  try {
    storage?.check(dimensions, "produced");
  } catch (error) {
    throw isStratigraphError(error) ? error.within(where) : error;
  }
}

function misplaced(thing: unknown): string {
  if (wireOf(thing) !== undefined) return says.wiredAlready;
  return producerDefinition(thing) === undefined ? says.notAnArtifact : says.producerNamed;
}
