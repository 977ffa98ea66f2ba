// Wrong programs, each with what the compiler says of it and, where plain JavaScript can be told so too, what the run time says.

export interface WrongProgram {
  /** The mistake, in the words of a user. */
  readonly mistake: string;
  readonly code: string;
  /** A piece of the compiler's message. Only our own sentences and stable words: other versions of the compiler word the rest differently. */
  readonly compiler: string;
  /**
   * A piece of the error thrown when the same is run; `"same"` for the compiler's. Left out where it is no mistake until a build,
   * or where there is nothing to be seen at run time (the types of functions).
   */
  readonly runTime?: string;
}

const producing = (definition: string): string => `producer({ name: "p", version: "1", ${definition} });`;
const missing = (name: string): string => `dimension '${name}' is missing here: use all(), window() or latest()`;
const declared = "a declared artifact: give it a place with .from() or produce it";

export const wrongPrograms: readonly WrongProgram[] = [
  // Views.
  {
    mistake: "a stream of what is no array",
    code: "stream(TotalSpend);",
    compiler: "stream() needs an array schema: z.array(z.object({ … }))",
    runTime: "same",
  },
  {
    mistake: "a view around an edge",
    code: "stream(all(Transactions));",
    compiler: declared,
    runTime: "stream(): a view goes around a declared artifact",
  },
  {
    mistake: "a view around a view",
    code: "file(lazy(DailySpend));",
    compiler: declared,
    runTime: "file(): a view goes around a declared artifact",
  },
  {
    mistake: "a lazy output",
    code: producing("inputs: {}, output: lazy(TotalSpend), build: () => ({ total: 1, days: 1 })"),
    compiler: "an output is a declared artifact, or stream() of one",
    runTime: "same",
  },
  {
    mistake: "a streamed input of a dimension that the output lacks",
    code: producing("inputs: { rows: stream(Transactions) }, output: TotalSpend, build: () => ({ total: 1, days: 1 })"),
    compiler: missing("date"),
    runTime: "same",
  },
  {
    mistake: "a streamed output with a row of another type",
    code: producing('inputs: {}, output: stream(Train), *build() { yield "x"; }'),
    compiler: "'string' is not assignable to type 'number'",
  },
  // Fan-outs.
  {
    mistake: "a fan-out over a dimension that there is not",
    code: 'fanOut(Regional, "area");',
    compiler: `not assignable to parameter of type '"date" | "region"'`,
    runTime: "fanOut(): there is no such dimension",
  },
  {
    mistake: "a fan-out without a dimension",
    code: "fanOut(Regional);",
    compiler: "at least 2",
    runTime: "it names the dimensions that the producer finds",
  },
  {
    mistake: "a fan-out among several outputs",
    code: producing(
      'inputs: {}, outputs: { all: fanOut(Named, "who"), test: Test }, build: () => ({ all: [], test: [] })',
    ),
    compiler: "fanOut() is for the one output of a producer: output: fanOut(x, …)",
    runTime: "same",
  },
  {
    mistake: "a fan-out as an input",
    code: producing('inputs: { all: fanOut(Named, "who") }, output: Train, build: () => []'),
    compiler: "fanOut() is for the one output of a producer: output: fanOut(x, …)",
    runTime: "same",
  },
  {
    mistake: "a partition with the key of another dimension",
    code: producing(
      'inputs: {}, output: fanOut(Regional, "region"), *build() { yield { key: { date: "2026-01-01" }, value: 1 }; }',
    ),
    compiler: "'region' is missing",
  },
  {
    mistake: "a partition with another value",
    code: producing(
      'inputs: {}, output: fanOut(Named, "who"), *build() { yield { key: { who: "ana" }, value: "x" }; }',
    ),
    compiler: "Type 'string' is not assignable to type 'number'",
  },
  {
    mistake: "an input with the dimension that is found",
    code: producing('inputs: { old: Named }, output: fanOut(Named, "who"), build: () => []'),
    compiler: missing("who"),
    runTime: "same",
  },
  {
    mistake: "validate on a fan-out that is no function",
    code: producing('inputs: {}, output: fanOut(Named, "who"), build: () => [], validate: 5'),
    compiler: "number",
    runTime: "validate is a function",
  },
  {
    mistake: "a lazy value that is not called",
    code: producing("inputs: { n: lazy(TotalSpend) }, output: TotalSpend, build: ({ n }) => n"),
    compiler: "() => Promise<",
  },
  {
    mistake: "validate on a streamed output",
    code: producing("inputs: {}, output: stream(Train), *build() { yield 1; }, validate: 5"),
    compiler: "is not assignable to type",
  },
  // Upcasts.
  {
    mistake: "an upcast to another value",
    code: "artifact({ schema: z.number(), upcasts: (from) => [from(z.string(), (old) => old)] });",
    compiler: "'string' is not assignable to type 'number'",
  },
  {
    mistake: "an upcast of rows that leaves a field as it was",
    code: `artifact({
      schema: z.array(z.object({ id: z.int(), price: z.number() })),
      upcasts: (from) => [from.rows(z.array(z.object({ id: z.int(), price: z.string() })), (row) => row)],
    });`,
    compiler: "'price' are incompatible",
  },
  {
    mistake: "an upcast from a field that the old schema lacks",
    code: "artifact({ schema: z.number(), upcasts: (from) => [from(z.object({ price: z.number() }), (old) => old.cents)] });",
    compiler: "Property 'cents' does not exist",
  },
  {
    mistake: "an upcast of rows from one value",
    code: "artifact({ schema: z.array(z.number()), upcasts: (from) => [from.rows(z.string(), Number)] });",
    compiler: "ZodString",
    runTime: "artifact, from.rows(): this schema has no rows that can be taken one by one",
  },
  {
    mistake: "upcasts by list",
    code: "artifact({ schema: z.number(), upcasts: [z.string()] });",
    compiler: "provides no match for the signature",
    runTime:
      "artifact: upcasts are given by a function; expected (from) => [from(OldSchema, (old) => …)], received an array",
  },
  // Inputs that do not fit the output.
  {
    mistake: "a partitioned input, an unpartitioned output, no edge",
    code: producing("inputs: { days: DailySpend }, output: TotalSpend, build: () => ({ total: 1, days: 1 })"),
    compiler: missing("date"),
    runTime: `producer 'p', input 'days': ${missing("date")}`,
  },
  {
    mistake: "the same among inputs that fit",
    code: producing(
      "inputs: { good: all(DailySpend), days: DailySpend }, output: TotalSpend, build: () => ({ total: 1, days: 1 })",
    ),
    compiler: missing("date"),
    runTime: "same",
  },
  {
    mistake: "one of two dimensions missing",
    code: producing("inputs: { x: Regional }, output: DailySpend, build: () => 1"),
    compiler: missing("region"),
    runTime: "same",
  },
  {
    mistake: "an unordered dimension missing behind window()",
    code: producing("inputs: { x: window(Regional, 7) }, output: DailySpend, build: () => 1"),
    compiler: missing("region"),
    runTime: "same",
  },
  {
    mistake: "an unordered dimension missing behind latest()",
    code: producing("inputs: { x: latest(Regional) }, output: TotalSpend, build: () => ({ total: 1, days: 1 })"),
    compiler: missing("region"),
    runTime: "same",
  },
  {
    mistake: "the other dimension missing behind all() over one",
    code: producing('inputs: { x: all(Regional, "date") }, output: DailySpend, build: () => 1'),
    compiler: missing("region"),
    runTime: "same",
  },
  {
    mistake: "missing behind optional()",
    code: producing("inputs: { x: optional(Regional) }, output: DailySpend, build: () => 1"),
    compiler: missing("region"),
    runTime: "same",
  },
  {
    mistake: "an hourly input for a daily output",
    code: producing("inputs: { hours: HourlySpend }, output: DailySpend, build: () => 1"),
    compiler: "dimension 'date' is hourly there and daily here: use mapKeys()",
    runTime: "same",
  },
  {
    mistake: "an hourly input behind all() for a daily output",
    code: producing("inputs: { hours: all(HourlySpend) }, output: DailySpend, build: () => 1"),
    compiler: "dimension 'date' is hourly there and daily here: use mapKeys()",
    runTime: "same",
  },
  {
    mistake: "an output with values the input cannot have",
    code: `const Eu = artifact({ schema: z.number(), partitionBy: { date: daily(), region: oneOf("eu") } });
      ${producing("inputs: { x: Eu }, output: Regional, build: () => 1")}`,
    compiler: "dimension 'region' has values here that it has not there: use mapKeys()",
    runTime: "same",
  },
  {
    mistake: "mapKeys() with the keys of another output",
    code: producing(
      "inputs: { x: mapKeys(DailySpend, Month, ({ month }) => ({ date: month })) }, output: DailySpend, build: () => 1",
    ),
    compiler: "mapKeys() was given the keys of another output",
    runTime: "same",
  },
  {
    mistake: "the same behind optional()",
    code: producing(
      "inputs: { x: optional(mapKeys(DailySpend, Month, ({ month }) => ({ date: month }))) }, output: TotalSpend, build: () => ({ total: 1, days: 1 })",
    ),
    compiler: "mapKeys() was given the keys of another output",
    runTime: "same",
  },

  // Things in the wrong place.
  {
    mistake: "a producer as an input",
    code: producing("inputs: { days: sumDay }, output: DailySpend, build: () => 1"),
    compiler: "this is a producer: name the artifact it makes",
    runTime: "same",
  },
  {
    mistake: "a schema as an input",
    code: producing("inputs: { days: z.number() }, output: DailySpend, build: () => 1"),
    compiler: "this is not an artifact: declare one with artifact({ schema })",
    runTime: "same",
  },
  {
    mistake: "a wired artifact as an input",
    code: producing("inputs: { days: wired }, output: DailySpend, build: () => 1"),
    compiler: "this artifact is wired already: name the declared one",
    runTime: "same",
  },
  {
    mistake: "an artifact of a graph as an input",
    code: producing("inputs: { days: spend.artifacts.days }, output: DailySpend, build: () => 1"),
    compiler: "this artifact is wired already: name the declared one",
    runTime: "same",
  },
  {
    mistake: "wired with a producer",
    code: "sumAll({ days: sumDay });",
    compiler: "a producer: call it with its inputs to get an artifact",
    runTime:
      "producer 'sum-all', input 'days': this cannot be wired; expected an artifact, received a producer: call it with its inputs to get an artifact",
  },
  {
    mistake: "wired with a declared artifact",
    code: "sumAll({ days: DailySpend });",
    compiler: declared,
    runTime: "same",
  },
  {
    mistake: "wired with an edge",
    code: "sumAll({ days: all(DailySpend) });",
    compiler: "an edge, which goes around a declared artifact: all(x)",
    runTime: "same",
  },
  {
    mistake: "a wired artifact as the output",
    code: producing("inputs: {}, output: wired, build: () => 1"),
    compiler: "this artifact is wired already: name the declared one",
    runTime: "same",
  },
  {
    mistake: "a producer as one of the outputs",
    code: producing("inputs: {}, outputs: { a: DailySpend, b: sumDay }, build: () => ({ a: 1, b: 1 })"),
    compiler: "this is a producer: name the artifact it makes",
    runTime: "same",
  },
  {
    mistake: "an edge as the output",
    code: producing("inputs: {}, output: all(DailySpend), build: () => 1"),
    compiler: "an output is a declared artifact: edges are for inputs",
    runTime: "same",
  },
  {
    mistake: "a schema as the output",
    code: producing("inputs: {}, output: z.number(), build: () => 1"),
    compiler: "this is not an artifact: declare one with artifact({ schema })",
    runTime: "same",
  },
  {
    mistake: "outputs with different dimensions",
    code: producing(
      "inputs: {}, outputs: { day: DailySpend, total: TotalSpend }, build: () => ({ day: 1, total: { total: 1, days: 1 } })",
    ),
    compiler: "outputs of one producer have the same dimensions",
    runTime: "same",
  },
  { mistake: "an edge around an edge", code: "all(window(DailySpend, 7));", compiler: declared, runTime: "same" },
  { mistake: "an edge around optional()", code: "all(optional(DailySpend));", compiler: declared, runTime: "same" },
  {
    mistake: "optional() twice",
    code: "optional(optional(DailySpend));",
    compiler: "an optional input, which goes outermost: optional(all(x))",
    runTime: "same",
  },
  { mistake: "an edge around a wired artifact", code: "latest(wired);", compiler: declared, runTime: "same" },
  {
    mistake: "mapKeys() for a wired artifact",
    code: "mapKeys(DailySpend, wired, (key) => key);",
    compiler: declared,
    runTime: "same",
  },

  // Ordered dimensions.
  {
    mistake: "window() over unordered dimensions",
    code: "window(Named, 7);",
    compiler: "window() needs an ordered dimension: hourly, daily, weekly, monthly or integers",
    runTime: "same",
  },
  {
    mistake: "latest() over unordered dimensions",
    code: "latest(TotalSpend);",
    compiler: "latest() needs an ordered dimension: hourly, daily, weekly, monthly or integers",
    runTime: "same",
  },
  {
    mistake: "window() over two ordered dimensions",
    code: "window(Grid, 7);",
    compiler: "window() sees more than one ordered dimension: name the one to go over",
    runTime: "same",
  },
  {
    mistake: "latest() over two ordered dimensions",
    code: "latest(Grid);",
    compiler: "latest() sees more than one ordered dimension: name the one to go over",
    runTime: "same",
  },
  {
    mistake: "a dimension that is not there",
    code: 'all(DailySpend, "day");',
    compiler: '"day"',
    runTime: "there is no such dimension",
  },
  {
    mistake: "an unordered dimension named",
    code: 'window(Regional, 7, "region");',
    compiler: '"region"',
    runTime: "window() needs an ordered dimension: hourly, daily, weekly, monthly or integers",
  },
  {
    mistake: "a window without a size",
    code: "window(DailySpend);",
    compiler: "Expected 2-3 arguments",
    runTime: "a window has a size",
  },

  // Sources.
  {
    mistake: "a template without a dimension",
    code: 'DailySpend.from(local("data/all.json"));',
    compiler: "the template lacks {date}",
    runTime: "same",
  },
  {
    mistake: "a template without the second dimension",
    code: 'Regional.from(local("data/{date.Y}-{date.m}-{date.d}.json"));',
    compiler: "the template lacks {region}",
    runTime: "same",
  },
  {
    mistake: "a text for a storage",
    code: 'DailySpend.from("data/{date}.json");',
    compiler: "'string'",
    runTime: "a source needs a storage",
  },

  // Wiring.
  {
    mistake: "another value wired",
    code: 'sumAll({ days: DailyText.from(local("t/{date}.json")) });',
    compiler: "'string' is not assignable to type 'number'",
    runTime: "producer 'sum-all', input 'days': the wired artifact has other values; expected number, received string",
  },
  {
    mistake: "the wrong artifact wired",
    code: "sumDay({ transactions: wired });",
    compiler: "'number' is not assignable to type '{ id: number; amount: number; }[]'",
    runTime: "the wired artifact has other values; expected array, received number",
  },
  {
    mistake: "fewer columns wired",
    code: `const Poor = artifact({ schema: z.array(z.object({ id: z.int() })), partitionBy: { date: daily() } });
      sumDay({ transactions: Poor.from(local("p/{date}.json")) });`,
    compiler: "Property 'amount' is missing",
    runTime:
      "input 'transactions', value[].amount: the wired artifact has other values; expected number, received nothing",
  },
  {
    mistake: "another kind of dimension wired",
    code: 'sumAll({ days: HourlySpend.from(local("h/{date}.json")) });',
    compiler: `'"hourly"' is not assignable to type '"daily"'`,
    runTime: "the wired artifact has other dimensions; expected { date: daily }, received { date: hourly }",
  },
  {
    mistake: "more dimensions wired",
    code: 'sumAll({ days: Regional.from(local("r/{region}/{date}.json")) });',
    compiler: "Property 'region' is missing",
    runTime: "expected { date: daily }, received { date: daily, region: oneOf eu|us }",
  },
  {
    mistake: "an input left out",
    code: "sumDay({});",
    compiler: "Property 'transactions' is missing",
    runTime: "producer 'sum-day', input 'transactions': this input is missing",
  },
  {
    mistake: "no inputs given at all",
    code: "sumDay();",
    compiler: "Expected 1 arguments, but got 0",
    runTime: "this input is missing",
  },
  {
    mistake: "an input too many",
    code: "sumAll({ days: wired, extra: wired });",
    compiler: "'extra' does not exist",
    runTime: "producer 'sum-all': it has no such input",
  },
  {
    mistake: "a misspelt input",
    code: "sumAll({ day: wired });",
    compiler: "'day' does not exist",
    runTime: "Did you mean 'days'?",
  },
  {
    mistake: "all outputs wired as one",
    code: `const eat = producer({ name: "eat", version: "1", inputs: { t: Train }, output: Test, build: () => [] });
      eat({ t: split({ total: spend.artifacts.total }) });`,
    compiler: "missing the following properties from type 'WiredArtifact<number[], {}>': is",
    runTime: "this cannot be wired; expected an artifact, received an object",
  },

  // What build, validate and checks return.
  {
    mistake: "the wrong value built",
    code: producing('inputs: {}, output: TotalSpend, build: () => ({ total: "1", days: 1 })'),
    compiler: "'string' is not assignable to type 'number'",
  },
  {
    mistake: "a field not built",
    code: producing("inputs: {}, output: TotalSpend, build: async () => ({ total: 1 })"),
    compiler: "Property 'days' is missing",
  },
  {
    mistake: "an output not built",
    code: producing("inputs: {}, outputs: { train: Train, test: Test }, build: () => ({ train: [1] })"),
    compiler: "Property 'test' is missing",
  },
  {
    mistake: "the parsed form built",
    code: producing("inputs: {}, output: Moment, build: () => new Date(0)"),
    compiler: "'Date' is not assignable to type 'string",
  },
  {
    mistake: "validate says false",
    code: producing("inputs: {}, output: Train, build: () => [1], validate: (train) => train.length > 1"),
    compiler: "'boolean' is not assignable to type 'string | true",
  },
  {
    mistake: "a check says false",
    code: "artifact({ schema: z.number(), checks: { positive: (value) => value > 0 } });",
    compiler: "'boolean' is not assignable to type 'string | true",
  },
  {
    mistake: "an optional input used unchecked",
    code: producing("inputs: { t: optional(Train) }, output: Train, build: ({ t }) => [t.length]"),
    compiler: "'t' is possibly 'undefined'",
  },
  {
    mistake: "an input changed",
    code: producing(
      "inputs: { days: all(DailySpend) }, output: Train, build: ({ days }) => { days.push(days[0]!); return []; }",
    ),
    compiler: "Property 'push' does not exist on type 'readonly Partition<",
  },
  {
    mistake: "a misspelt input in build",
    code: producing("inputs: { days: all(DailySpend) }, output: Train, build: ({ day }) => [day]"),
    compiler: "Property 'day' does not exist",
  },
  {
    mistake: "mapKeys() answers other keys",
    code: "mapKeys(DailySpend, Month, ({ month }) => ({ day: month }));",
    compiler: "not assignable to type '{ readonly date: string; } | readonly { readonly date: string; }[]'",
  },

  // Options.
  {
    mistake: "a version that is a number",
    code: 'producer({ name: "p", version: 1, inputs: {}, output: Train, build: () => [1] });',
    compiler: "Type 'number' is not assignable to type 'Version | undefined'",
    runTime: "producer 'p': this is not a version",
  },
  {
    mistake: "neither output nor outputs",
    code: producing("inputs: {}, build: () => [1]"),
    compiler: "'outputs' is missing",
    runTime: "a producer has either one output or several",
  },
  {
    mistake: "neither output nor outputs, and a number built",
    code: producing("inputs: { total: TotalSpend }, build: ({ total }) => total.days"),
    compiler: "'outputs' is missing",
    runTime: "a producer has either one output or several",
  },
  {
    mistake: "no build, with inputs that fit",
    code: producing("inputs: { total: TotalSpend }, output: TotalSpend"),
    compiler: "Property 'build' is missing",
    runTime: "a producer needs a build function",
  },
  {
    mistake: "a misspelt build, with inputs that fit",
    code: producing("inputs: { total: TotalSpend }, output: Train, biuld: () => [1]"),
    compiler: "Did you mean to write 'build'?",
    runTime: "Did you mean 'build'?",
  },
  {
    mistake: "a sink with build in place of send",
    code: 'sink({ name: "p", version: "1", inputs: { total: TotalSpend }, output: Train, build: () => [1] });',
    compiler: "'build' does not exist in type 'SinkOptions<",
    runTime: "a sink needs a send function",
  },
  {
    mistake: "both output and outputs",
    code: producing("inputs: {}, output: Train, outputs: { test: Test }, build: () => [1]"),
    compiler: "'test' does not exist in type",
    runTime: "a producer has either one output or several",
  },
  {
    mistake: "a misspelt option",
    code: producing("inputs: {}, output: Train, build: () => [1], retrys: 3"),
    compiler: "'retrys' does not exist",
    runTime: "Did you mean 'retries'?",
  },
  {
    mistake: "a misspelt option of an artifact",
    code: "artifact({ schema: z.number(), partitionedBy: { date: daily() } });",
    compiler: "'partitionedBy' does not exist",
    runTime: "Did you mean 'partitionBy'?",
  },
  {
    mistake: "no schema",
    code: "artifact({ partitionBy: { date: daily() } });",
    compiler: "Property 'schema' is missing",
    runTime: "an artifact needs a schema",
  },
  {
    mistake: "a dimension that was not called",
    code: "artifact({ schema: z.number(), partitionBy: { date: daily } });",
    compiler: "is not assignable to type 'Dimension<",
    runTime: "dimension 'date' is not a dimension",
  },

  // Graphs.
  {
    mistake: "a graph that returns a number",
    code: 'graph("g", () => ({ n: 1 }));',
    compiler: "'number' is not assignable to type",
    runTime: "graph 'g', 'n': a graph names artifacts; expected an artifact, or an object of them, received 1",
  },
  {
    mistake: "a graph that returns a producer",
    code: 'graph("g", () => ({ sumDay }));',
    compiler: "a producer: call it with its inputs to get an artifact",
    runTime: "received a producer: call it with its inputs to get an artifact",
  },
  {
    mistake: "a graph that returns a declared artifact",
    code: 'graph("g", () => ({ DailySpend }));',
    compiler: "is missing in type 'Artifact<",
    runTime: `received ${declared}`,
  },
  {
    mistake: "a graph that is made later",
    code: 'graph("g", async () => ({ wired }));',
    compiler: "Promise<",
    runTime: "received a Promise. The function that defines a graph cannot be async.",
  },
  {
    mistake: "a name that is not in the graph",
    code: "spend.artifacts.vendor.transaction;",
    compiler: "Did you mean 'transactions'?",
  },
  {
    mistake: "deriving with another type",
    code: 'spend.with((draft) => { draft.artifacts.days = DailyText.from(local("t/{date}.json")); });',
    compiler: "'string' is not assignable to type 'number'",
    runTime: "producer 'sum-all', input 'days': the wired artifact has other values",
  },
  {
    mistake: "replacing a producer by one of another type",
    code: "spend.with((draft) => { draft.replace(sumDay, split); });",
    compiler: "is not assignable to",
    runTime: "it has other inputs or outputs",
  },

  // Reading, whose run time is the build's.
  {
    mistake: "read: a wrong name in the key",
    code: 'read(spend.artifacts.days, { day: "2026-01-02" });',
    compiler: "'day' does not exist in type '{ readonly date: string; }'",
  },
  {
    mistake: "read: a wrong value in the key",
    code: "read(spend.artifacts.days, { date: new Date(0) });",
    compiler: "'Date' is not assignable to type 'string'",
  },
  {
    mistake: "read: another graph's artifact",
    code: 'read(other.artifacts.days, { date: "2026-01-02" });',
    compiler: `'"other"' is not assignable to type '"spend"'`,
  },
  {
    mistake: "read: an artifact without a graph",
    code: 'read(wired, { date: "2026-01-02" });',
    compiler: `is not assignable to`,
  },
  {
    mistake: "read: a key too many",
    code: "read(spend.artifacts.total, {});",
    compiler: "Expected 1 arguments, but got 2",
  },
  { mistake: "read: no key", code: "read(spend.artifacts.days);", compiler: "Expected 2 arguments, but got 1" },
  { mistake: "read: a declared artifact", code: "read(TotalSpend);", compiler: "is not assignable to" },
];
