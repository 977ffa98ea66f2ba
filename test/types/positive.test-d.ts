// What compiles without a cast, and what is inferred: each `same<A, B>()` fails to compile unless the two types are one.

import { z } from "zod";
import {
  all,
  artifact,
  bytes,
  daily,
  fanOut,
  file,
  graph,
  hourly,
  integers,
  latest,
  lazy,
  local,
  mapKeys,
  monthly,
  oneOf,
  optional,
  producer,
  stream,
  strings,
  window,
  type Artifact,
  type BuildContext,
  type Daily,
  type GraphArtifact,
  type GraphDefinition,
  type Key,
  type KeyOf,
  type Monthly,
  type OneOf,
  type Partition,
  type Producer,
  type ValueOf,
  type WiredArtifact,
} from "./api.ts";
import { spend } from "./spend.test-d.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(..._proof: Same<A, B> extends true ? [] : [left: A, right: B]): void {}

const Transaction = z.object({ id: z.int(), date: z.iso.date(), amount: z.number() });
const Transactions = artifact({ schema: z.array(Transaction), partitionBy: { date: daily() } });
const DailySpend = artifact({ schema: z.number(), partitionBy: { date: daily() } });
const Regional = artifact({ schema: z.number(), partitionBy: { date: daily(), region: oneOf("eu", "us") } });
const Monthly_ = artifact({ schema: z.number(), partitionBy: { month: monthly() } });
const Total = artifact({ schema: z.object({ total: z.number(), days: z.int() }) });
const Train = artifact({ schema: z.array(z.number()) });
const Test = artifact({ schema: z.array(z.string()) });

// 1. Declared artifacts carry value, dimensions and the written form.
same<typeof DailySpend, Artifact<number, { date: Daily }, number>>();
same<typeof Total, Artifact<{ total: number; days: number }, {}, { total: number; days: number }>>();
same<KeyOf<typeof Regional>, { readonly date: string; readonly region: "eu" | "us" }>();
same<ValueOf<typeof Transactions>, { id: number; date: string; amount: number }[]>();
export const byHand: Artifact<number, { date: Daily }> = DailySpend;

// 2. A transform is written in one form and read in another.
const Moment = artifact({ schema: z.string().transform((text) => new Date(text)) });
same<typeof Moment, Artifact<Date, {}, string>>();
const moment = producer({ name: "moment", version: "1", inputs: {}, output: Moment, build: () => "2026-01-02" });
const year = producer({
  name: "year",
  version: "1",
  inputs: { moment: Moment },
  output: artifact({ schema: z.number() }),
  build: ({ moment }) => moment.getFullYear(),
});

// 3. Defaults are optional when written, there when read.
const Options = artifact({ schema: z.object({ size: z.number().default(1) }) });
producer({ name: "options", version: "1", inputs: {}, output: Options, build: () => ({}) });
producer({
  name: "size",
  version: "1",
  inputs: { o: Options },
  output: artifact({ schema: z.number() }),
  build: ({ o }) => o.size + 1,
});

// 4. all, window and mapKeys to many give partitions.
producer({
  name: "sum",
  version: "1",
  inputs: { days: all(DailySpend) },
  output: Total,
  build: ({ days }) => {
    same<typeof days, readonly Partition<number, { date: Daily }>[]>();
    same<(typeof days)[number]["key"], { readonly date: string }>();
    return { total: days.reduce((sum, day) => sum + day.value, 0), days: days.length };
  },
});
producer({
  name: "week",
  version: "1",
  inputs: { days: window(DailySpend, 7) },
  output: DailySpend,
  build: ({ days }) => days.reduce((sum, { value }) => sum + value, 0) / days.length,
});
export const byMonth = producer({
  name: "by-month",
  version: "1",
  inputs: { days: mapKeys(DailySpend, Monthly_, ({ month }) => [{ date: `${month}-01` }]) },
  output: Monthly_,
  build: ({ days }) => days.reduce((sum, day) => sum + day.value, 0),
});
same<
  typeof byMonth,
  Producer<{ readonly days: WiredArtifact<number, { date: Daily }> }, WiredArtifact<number, { month: Monthly }>>
>();

// 5. latest and mapKeys to one give the value.
producer({
  name: "newest",
  version: "1",
  inputs: { day: latest(DailySpend) },
  output: Total,
  build: ({ day }) => ({ total: day, days: 1 }),
});
producer({
  name: "first",
  version: "1",
  inputs: { day: mapKeys(DailySpend, Monthly_, ({ month }) => ({ date: `${month}-01` })) },
  output: Monthly_,
  build: ({ day }) => day + 1,
});

// 6. A latest over the output's own dimension; a window over one the output does not have.
producer({
  name: "carry",
  version: "1",
  inputs: { day: latest(DailySpend) },
  output: DailySpend,
  build: ({ day }) => day,
});
producer({
  name: "tail",
  version: "1",
  inputs: { days: window(DailySpend, 3) },
  output: Total,
  build: ({ days }) => ({ total: 0, days: days.length }),
});

// 7. An unordered dimension is shared while the ordered one is collected.
producer({
  name: "by-region",
  version: "1",
  inputs: { x: window(Regional, 2) },
  output: artifact({ schema: z.number(), partitionBy: { region: oneOf("eu", "us") } }),
  build: ({ x }) => x.length,
});

// 8. An edge may name its dimension: where two are ordered, and where a shared one is to be collected.
const Grid = artifact({ schema: z.number(), partitionBy: { date: daily(), n: integers() } });
producer({
  name: "along",
  version: "1",
  inputs: { x: window(Grid, 7, "date"), y: latest(Grid, "n"), z: all(Grid, "date") },
  output: artifact({ schema: z.number(), partitionBy: { date: daily(), n: integers() } }),
  build: ({ x, y, z }) => x.length + y + z.length,
});
producer({
  name: "share",
  version: "1",
  inputs: { day: DailySpend, every: all(DailySpend, "date") },
  output: DailySpend,
  build: ({ day, every }) => day / every.reduce((sum, { value }) => sum + value, 0),
});
producer({
  name: "hours",
  version: "1",
  inputs: { hours: all(artifact({ schema: z.number(), partitionBy: { date: hourly() } }), "date") },
  output: DailySpend,
  build: ({ hours }) => hours.length,
});

// 9. More dimensions on the output than on the input.
producer({
  name: "spread",
  version: "1",
  inputs: { day: DailySpend },
  output: Regional,
  build: ({ day }, { key }) => (key.region === "eu" ? day : 0),
});

// 10. The context knows the output's key.
producer({
  name: "context",
  version: "1",
  inputs: {},
  output: Regional,
  build: (_inputs, context) => {
    same<typeof context, BuildContext<{ date: Daily; region: OneOf<"eu" | "us"> }>>();
    same<typeof context.key, Key<{ date: Daily; region: OneOf<"eu" | "us"> }>>();
    context.log(`attempt ${context.attempt} of ${context.key.date}`);
    return context.signal.aborted ? 0 : 1;
  },
});

// 11. build and validate may be async; validate sees all outputs.
const split = producer({
  name: "split",
  version: "1",
  inputs: { total: Total, history: optional(Train) },
  outputs: { train: Train, test: Test },
  build: async ({ total, history }) => ({ train: [total.total, ...(history ?? [])], test: ["x"] }),
  validate: async ({ train, test }) => (train.length > test.length ? true : "too little to train with"),
  retries: { times: 3, delay: 10 },
  timeout: 60_000,
  annotations: { owner: "ana" },
  description: "One day apart.",
});
same<
  typeof split,
  Producer<
    { readonly total: WiredArtifact<{ total: number; days: number }, {}> } & {
      readonly history?: WiredArtifact<number[], {}> | undefined;
    },
    { readonly train: WiredArtifact<number[], {}>; readonly test: WiredArtifact<string[], {}> }
  >
>();

// 12. optional goes around edges: `undefined` instead of the value, and a list that may be absent.
producer({
  name: "maybe",
  version: "1",
  inputs: { last: optional(latest(DailySpend)), days: optional(all(DailySpend)) },
  output: Total,
  build: ({ last, days }) => ({ total: last ?? 0, days: days?.length ?? 0 }),
});

// 13. Checks return true or a sentence.
artifact({
  schema: z.number(),
  checks: {
    positive: (value) => value > 0 || `${value} is not above 0`,
    later: async (value) => (value < 9 ? true : "too much"),
  },
});

// 14. A helper that is generic in the dimensions.
function doubled<D extends { readonly [name: string]: Daily }>(
  name: string,
  from: Artifact<number, D>,
  to: Artifact<number, D>,
) {
  return producer({ name, version: "1", inputs: { x: from }, output: to, build: ({ x }) => 2 * x });
}
function count<D extends { readonly [name: string]: Daily }>(name: string, from: Artifact<number, D>) {
  return producer({
    name,
    version: "1",
    inputs: { x: all(from) },
    output: Total,
    build: ({ x }) => ({ total: 0, days: x.length }),
  });
}
const twice = doubled("twice", DailySpend, DailySpend);
const counted = count("count", DailySpend);

// 15. A fragment that is used twice.
const sumDay = producer({
  name: "sum-day",
  version: "1",
  inputs: { transactions: Transactions },
  output: DailySpend,
  build: () => 1,
});
function shop(place: string) {
  const transactions = Transactions.from(local(`${place}/{date}.json`));
  return { transactions, days: sumDay({ transactions }) };
}
export const shops = graph("shops", () => ({ berlin: shop("berlin"), paris: shop("paris") }));
same<typeof shops.artifacts.berlin.days, GraphArtifact<number, { date: Daily }, "shops">>();

// 16. Producers without inputs are called with or without an empty record; several outputs are wired by name.
export const lab = graph("lab", () => {
  const now = moment();
  const then = moment({});
  const total = Total.from(local("total.json"));
  const parts = split({ total });
  const more = split({ total, history: parts.train });
  return { now, then, total, parts, more: more.test, years: { one: year({ moment: now }) } };
});
same<typeof lab.artifacts.parts.test, GraphArtifact<string[], {}, "lab">>();
same<typeof lab.artifacts.years.one, GraphArtifact<number, {}, "lab">>();

// 17. A wired value may have more columns than are asked for.
const Rich = artifact({ schema: z.array(Transaction.extend({ note: z.string() })), partitionBy: { date: daily() } });
export const rich = graph("rich", () => {
  const transactions = Rich.from(local("rich/{date}.json"));
  return {
    transactions,
    days: sumDay({ transactions }),
    twice: twice({ x: sumDay({ transactions }) }),
    all: counted({ x: sumDay({ transactions }) }),
  };
});

// 18. Names known only at run time; one graph's artifact in another.
export function named(name: string): GraphDefinition<string, { days: WiredArtifact<number, { date: Daily }> }> {
  return graph(name, () => ({ days: spend.artifacts.days }));
}

// 19. The tree of a graph.
same<typeof spend.artifacts.total, GraphArtifact<{ total: number; days: number }, {}, "spend">>();
same<
  typeof spend.artifacts.vendor.transactions,
  GraphArtifact<{ id: number; date: string; amount: number }[], { date: Daily }, "spend">
>();

// 20. Reading: this graph's artifacts, with a key exactly where there are dimensions.
declare function read<V, D>(
  artifact: GraphArtifact<V, D, "spend">,
  ...key: keyof D extends never ? [] : [key: Key<D>]
): Promise<V>;
export async function reads(): Promise<number> {
  const { total } = await read(spend.artifacts.total);
  return total + (await read(spend.artifacts.days, { date: "2026-01-02" }));
}

// 21. Deriving: a name is given another artifact of its type, settings are changed, a producer is replaced.
export const rehearsal = spend.with((draft) => {
  draft.artifacts.vendor.transactions = Transactions.from(local("fixtures/{date}.json"));
  draft.artifacts.days = twice({ x: draft.artifacts.days });
  draft.producer(sumDay).version = "2.0.0";
  draft.producer("sum-all").retries = 3;
  draft.replace(twice, doubled("thrice", DailySpend, DailySpend));
});
same<typeof rehearsal, typeof spend>();

// 22. Deriving with other names: what the function returns.
export const wider = spend.with(({ artifacts }) => ({ ...artifacts, twice: twice({ x: artifacts.days }) }));
same<typeof wider.artifacts.twice, GraphArtifact<number, { date: Daily }, "spend">>();
same<typeof wider.artifacts.total, GraphArtifact<{ total: number; days: number }, {}, "spend">>();
export const narrower = spend.with(({ artifacts: { total: _total, ...rest } }) => rest, { name: "narrow" });
same<typeof narrower.artifacts.days, GraphArtifact<number, { date: Daily }, "narrow">>();
same<keyof typeof narrower.artifacts, "vendor" | "days">();

// 23. An assignment as the whole function keeps the names.
export const swapped = spend.with(
  (draft) => (draft.artifacts.vendor.transactions = Transactions.from(local("other/{date}.json"))),
);
same<typeof swapped, typeof spend>();

// 24. Brands make wiring nominal.
const Euro = artifact({ schema: z.number().brand<"Euro">() });
producer({ name: "euro", version: "1", inputs: { e: Euro }, output: Euro, build: ({ e }) => (e + 1) as typeof e });

// 25. Exported without an annotation, or with one short enough to write.
export const annotated: Producer<
  { transactions: WiredArtifact<{ id: number; date: string; amount: number }[], { date: Daily }> },
  WiredArtifact<number, { date: Daily }>
> = sumDay;

// 26. Templates: components, and those only known at run time.
Regional.from(local("{region}/{date.Y}/{date.m}/{date.d}.json"));
Transactions.from(local("data/{date.iso}.json"));
artifact({ schema: z.string(), partitionBy: { who: strings() } }).from(local("{who}.txt"));

// Views: inside edges, and an output row by row.
export const viewed = producer({
  name: "viewed",
  version: "1",
  inputs: {
    rows: all(stream(Transactions)),
    path: file(Total),
    raw: bytes(Total),
    ask: lazy(Total),
    maybe: optional(latest(stream(Transactions))),
  },
  outputs: { train: stream(Train), test: Test },
  async build({ rows, path, raw, ask, maybe }) {
    same<(typeof rows)[number]["value"], AsyncIterable<{ id: number; date: string; amount: number }>>();
    same<typeof path, string>();
    same<typeof raw, Uint8Array>();
    same<typeof ask, () => Promise<{ total: number; days: number }>>();
    same<typeof maybe, AsyncIterable<{ id: number; date: string; amount: number }> | undefined>();
    for (const { value } of rows)
      for await (const row of value) {
        same<typeof row.id, number>();
        row.id.toFixed();
      }
    return { train: [(await ask()).total, raw.length, maybe === undefined ? 0 : 1], test: [path] };
  },
});
export const copied = producer({
  name: "copied",
  version: "1",
  inputs: { rows: stream(Train) },
  output: stream(Train),
  async *build({ rows }) {
    for await (const row of rows) yield row;
  },
});

// Fan-out: the key of a step is what it does not find, and the wired artifact has all dimensions.
export const fanned = producer({
  name: "fanned",
  version: "1",
  inputs: { rows: Transactions },
  output: fanOut(Regional, "region"),
  async *build({ rows }, { key }) {
    same<typeof key, { readonly date: string }>();
    key.date.slice();
    for (const { amount } of rows) yield { key: { region: amount > 0 ? "eu" : "us" }, value: amount };
  },
  validate: (amount) => amount !== 0 || "nothing was spent",
});
export const regional: WiredArtifact<number, { date: Daily; region: OneOf<"eu" | "us"> }> = fanned({
  rows: Transactions.from(local("data/{date}.json")),
});
export const listed = producer({
  name: "listed",
  version: "1",
  inputs: {},
  output: fanOut(Regional, "date", "region"),
  build: (_, { key }) => {
    same<typeof key, {}>();
    Object.keys(key);
    return [{ key: { date: "2026-01-01", region: "eu" }, value: 1 }];
  },
});

// A literal stays one where the schema wants it, also deep inside and row by row.
const Kinds = artifact({ schema: z.array(z.object({ kind: z.enum(["buy", "sell"]) })) });
export const kinds = producer({
  name: "kinds",
  version: "1",
  inputs: { kinds: Kinds },
  output: Kinds,
  build: ({ kinds }) => (kinds.length > 0 ? kinds : [{ kind: "buy" }]),
});
export const kindRows = producer({
  name: "kind-rows",
  version: "1",
  inputs: { kinds: Kinds },
  output: stream(Kinds),
  *build({ kinds }) {
    for (const { kind } of kinds) yield { kind: kind === "buy" ? "sell" : "buy" };
  },
});

// Upcasts: each is given what its old schema gave, and answers what `build` returns now; literals need no help.
const OldPrices = z.array(z.object({ id: z.int(), price: z.string().transform(Number) }));
const NewPrices = z.array(
  z.object({ id: z.int(), price: z.number(), currency: z.enum(["EUR", "USD"]).default("EUR") }),
);
export const Prices = artifact({
  upcasts: (from) => [
    from.rows(OldPrices, (row) => {
      same<typeof row, { id: number; price: number }>();
      return { ...row, currency: "USD" };
    }),
    from(
      z.string().transform((text) => text.split(",")),
      (old) => {
        same<typeof old, string[]>();
        return old.map((price, id) => ({ id, price: Number(price) }));
      },
    ),
  ],
  schema: NewPrices,
  partitionBy: { date: daily() },
});
same<ValueOf<typeof Prices>, { id: number; price: number; currency: "EUR" | "USD" }[]>();
