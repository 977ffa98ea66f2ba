// What is said to somebody who wires wrongly: written once as text, and the compiler's messages are types made from that text.

/** What each thing calls itself. Real data (`is`) at run time, and a literal type for the compiler, which prints it when it is misplaced. */
export const is = {
  declared: "a declared artifact: give it a place with .from() or produce it",
  wired: "an artifact",
  producer: "a producer: call it with its inputs to get an artifact",
  view: "a view of an artifact, which goes inside an edge: all(stream(x))",
  clean: "an input without warnings, which goes inside an edge: all(clean(x))",
  fanOut: 'many partitions of an artifact, which go at `output`: output: fanOut(x, "region")',
  edge: "an edge, which goes around a declared artifact: all(x)",
  optional: "an optional input, which goes outermost: optional(all(x))",
  upcast: "an upcast, which goes into an artifact's upcasts",
} as const;

export type Is<Thing extends keyof typeof is> = (typeof is)[Thing];

/** Sentences without a name in them. */
export const says = {
  wiredAlready: "this artifact is wired already: name the declared one",
  producerNamed: "this is a producer: name the artifact it makes",
  notAnArtifact: "this is not an artifact: declare one with artifact({ schema })",
  edgeAsOutput: "an output is a declared artifact: edges are for inputs",
  dimensionsDiffer: "outputs of one producer have the same dimensions",
  viewAsOutput: "an output is a declared artifact, or stream() of one",
  noRows: "stream() needs an array schema: z.array(z.object({ … }))",
  wholeChecks: "stream() gives rows one by one: this schema has a check of all rows together",
  noRowFormat: "stream() needs a format of rows: ndjson(), csv(), json() or parquet()",
  streamedChecks: "an output that is streamed is never whole: checks, validate and statistics of its own cannot see it",
  fannedOut: "fanOut() is for the one output of a producer: output: fanOut(x, …)",
  otherOutput: "mapKeys() was given the keys of another output",
} as const;

export type Says<Sentence extends keyof typeof says> = (typeof says)[Sentence];

// A sentence with a name in it exists twice, as a function and as a type; a test compiles the mistakes and compares.

export type MissingDimension<Name extends string> =
  `dimension '${Name}' is missing here: use all(), window() or latest()`;

export function missingDimension(name: string): string {
  return `dimension '${name}' is missing here: use all(), window() or latest()`;
}

export type OtherKind<
  Name extends string,
  There extends string,
  Here extends string,
> = `dimension '${Name}' is ${There} there and ${Here} here: use mapKeys()`;

export function otherKind(name: string, there: string, here: string): string {
  return `dimension '${name}' is ${there} there and ${here} here: use mapKeys()`;
}

export type OtherValues<Name extends string> =
  `dimension '${Name}' has values here that it has not there: use mapKeys()`;

export function otherValues(name: string): string {
  return `dimension '${name}' has values here that it has not there: use mapKeys()`;
}

/** At run time the storage says it, see `data/storage/layout.ts`. */
export type MissingPlaceholder<Name extends string> = `the template lacks {${Name}}`;

export type NoOrder<Edge extends string> =
  `${Edge} needs an ordered dimension: hourly, daily, weekly, monthly or integers`;

export function noOrder(edge: string): string {
  return `${edge} needs an ordered dimension: hourly, daily, weekly, monthly or integers`;
}

export type TwoOrders<Edge extends string> = `${Edge} sees more than one ordered dimension: name the one to go over`;

export function twoOrders(edge: string): string {
  return `${edge} sees more than one ordered dimension: name the one to go over`;
}
