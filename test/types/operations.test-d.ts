// What the operations infer, and what they refuse: a key with exactly the artifact's dimensions, and nothing of another graph.

import { z } from "zod";
import {
  artifact,
  daily,
  graph,
  literal,
  local,
  oneOf,
  type Daily,
  type Key,
  type OneOf,
  type Snapshot,
} from "stratigraph";
import {
  bisect,
  diffDeclared,
  diffSnapshots,
  exportSnapshot,
  replay,
  reproduce,
  verify,
  type Replayed,
  type StoredSnapshot,
} from "stratigraph/operations";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(..._proof: Same<A, B> extends true ? [] : [left: A, right: B]): void {}
/** The same of a value: `is<string>()(name)`. */
const is =
  <Wanted>() =>
  <Value>(_value: Value, ..._proof: Same<Value, Wanted> extends true ? [] : [wanted: Wanted]): void => {};

const Days = artifact({ schema: z.number(), partitionBy: { date: daily() } });
const Regional = artifact({ schema: z.string(), partitionBy: { date: daily(), region: oneOf("eu", "us") } });
const Total = artifact({ schema: z.object({ total: z.number() }) });

const spend = graph("spend", () => ({
  days: Days.from(local("days/{date}.json")),
  regional: Regional.from(local("regional/{date}/{region}.json")),
  total: Total.from(literal({ total: 1 })),
}));
const other = graph("other", () => ({ total: Total.from(literal({ total: 2 })) }));
const { days, regional, total } = spend.artifacts;

declare const mine: Snapshot<"spend">;
declare const theirs: Snapshot<"other">;
declare const stored: StoredSnapshot;

// 1. The value and the key are those of the artifact.
export const day = replay(spend, { artifact: days, key: { date: "2026-01-02" } });
same<typeof day, Promise<Replayed<number, { date: Daily }>>>();
export const both = await replay(spend, { artifact: regional, key: { date: "2026-01-02", region: "eu" } });
same<typeof both, Replayed<string, { date: Daily; region: OneOf<"eu" | "us"> }>>();
same<(typeof both)["key"], Key<{ date: Daily; region: OneOf<"eu" | "us"> }>>();
is<{ total: number }>()((await replay(spend, { artifact: total })).value);

// 2. A key that lacks a dimension, has another value or another name, or is there without dimensions.
// @ts-expect-error the key is missing
void replay(spend, { artifact: days });
// @ts-expect-error a dimension is missing
void replay(spend, { artifact: regional, key: { date: "2026-01-02" } });
// @ts-expect-error no such region
void replay(spend, { artifact: regional, key: { date: "2026-01-02", region: "asia" } });
// @ts-expect-error no such dimension
void replay(spend, { artifact: days, key: { day: "2026-01-02" } });
// @ts-expect-error it has no dimensions
void replay(spend, { artifact: total, key: { date: "2026-01-02" } });

// 3. Another graph's artifacts and snapshots.
// @ts-expect-error an artifact of another graph
void replay(spend, { artifact: other.artifacts.total });
// @ts-expect-error a snapshot of another graph
void replay(spend, { artifact: total, snapshot: theirs });
// @ts-expect-error a snapshot of another graph
void diffSnapshots(spend, { before: theirs });
// @ts-expect-error a snapshot of another graph
void diffDeclared(spend, { before: theirs });
// @ts-expect-error a snapshot of another graph
void verify(spend, { snapshots: [mine, theirs] });

// 4. A snapshot is named by a text, by what a build returned, or by a record.
for (const snapshot of ["prod", mine, stored]) {
  void replay(spend, { artifact: total, snapshot });
  void reproduce(spend, { snapshot });
  void verify(spend, { snapshots: snapshot });
  void diffSnapshots(spend, { before: snapshot, after: snapshot });
  void diffDeclared(spend, { before: snapshot });
  void exportSnapshot(spend, { to: "folder", snapshot });
}

// 5. A question gets the artifact's value and key; there is one question.
void bisect(spend, {
  artifact: regional,
  key: { date: "2026-01-02", region: "us" },
  judge(value, { key, snapshot }) {
    is<string>()(value);
    is<"eu" | "us">()(key.region);
    is<StoredSnapshot>()(snapshot);
    return value !== "" || "it is empty";
  },
});
void bisect(spend, { artifact: total, check: "positive", good: mine });
// @ts-expect-error two questions
void bisect(spend, { artifact: total, check: "positive", judge: () => true });
// @ts-expect-error no answer
void bisect(spend, { artifact: total, judge: ({ total: sum }) => sum });

// 6. What is missing or misspelt.
// @ts-expect-error compared with what?
void diffSnapshots(spend, { after: "prod" });
// @ts-expect-error no such option
void verify(spend, { repiar: true });
// @ts-expect-error secrets are of the repair
void verify(spend, { secrets: () => "abc" });
void verify(spend, { repair: { secrets: () => "abc", pools: { door: 1 } } });
