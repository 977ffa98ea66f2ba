// What an operation is given and cannot use is refused in one sentence.

import { afterAll, expect, it } from "vitest";
import { graph, local } from "../../../src/index.ts";
import { bisect, collectGarbage, diffDeclared, diffSnapshots, exportSnapshot, importSnapshot, replay, reproduce, verify } from "../../../src/operations/index.ts"; // prettier-ignore
import { at, days, openPlace, removePlaces, spend, Total, total } from "./spend.ts";

afterAll(removePlaces);

const place = openPlace();
const other = graph("other", () => ({ total: Total.from(local("other.json")) }));
const record = { id: "0".repeat(32), graph: "spend" };
const foreign = { id: "0".repeat(32), graph: "other" };

const calls: readonly (readonly [title: string, call: () => Promise<unknown>, message: string])[] = [
  [
    "no graph",
    () => replay({} as never, {} as never),
    "replay(): its first argument is a graph; expected what graph(…) returned, received an object",
  ],
  [
    "no options",
    () => replay(spend, undefined as never),
    "replay(): options are given as one object; expected { artifact, key, snapshot, … }, received nothing",
  ],
  [
    "an option that there is not",
    () => verify(spend, { repiar: true } as never),
    "verify(): there is no such option; expected 'snapshots', 'repair', 'signal', 'on', 'backend', 'root', 'integrity', 'clock', received \"repiar\". Did you mean 'repair'?",
  ],
  [
    "no artifact",
    () => replay(spend, {} as never),
    "replay(): it is about one artifact; expected { artifact: spend.artifacts.… }, received nothing",
  ],
  [
    "another graph's artifact",
    () => replay(spend, { artifact: other.artifacts.total } as never),
    "graph 'spend': this artifact belongs to another graph; expected one of those in 'spend.artifacts', received 'total' of graph 'other'",
  ],
  [
    "no key",
    () => replay(spend, { artifact: days } as never),
    "the partition key lacks dimension 'date'; expected date=…, received no key",
  ],
  [
    "a key that is a text",
    () => replay(spend, { artifact: days, key: "2026-01-01" } as never),
    'replay(), key: a key is an object, a value for each dimension; expected { date: … }, received "2026-01-01"',
  ],
  [
    "a key that was not built",
    () => replay(spend, { artifact: days, key: { date: "2020-01-01" }, ...at(place) }),
    "graph 'spend': the snapshot has no days[date=2020-01-01]. Name one of snapshot.keys(…).",
  ],
  [
    "a snapshot that names none",
    () => reproduce(spend, { snapshot: 7 as never, ...at(place) }),
    'reproduce(), snapshot: this names no snapshot; expected "latest", a tag, the first characters of an id, or a snapshot, received 7',
  ],
  [
    "another graph's record",
    () => reproduce(spend, { snapshot: foreign as never, ...at(place) }),
    "reproduce(), snapshot: this is a snapshot of another graph; expected one of graph 'spend', received 00000000 of graph 'other'",
  ],
  [
    "another backend's snapshot",
    () => verify(spend, { snapshots: [record as never], ...at(place) }),
    "verify(), snapshots: snapshot 00000000 is not in this backend. Name the backend that it was built in, as { backend }.",
  ],
  [
    "a repair that is a text",
    () => verify(spend, { repair: "yes" as never, ...at(place) }),
    'verify(), repair: that is no answer; expected true, false or { secrets, … }, received "yes"',
  ],
  [
    "a limit below zero",
    () => diffSnapshots(spend, { before: "latest", limit: -1 }),
    "diffSnapshots(), limit: that is no such number; expected a whole number of partitions, at least 0, received -1",
  ],
  [
    "nothing to compare with",
    () => diffSnapshots(spend, {} as never),
    'diffSnapshots(), before: this names no snapshot; expected "latest", a tag, the first characters of an id, or a snapshot, received nothing',
  ],
  [
    "a second snapshot, where there is one",
    () => diffDeclared(spend, { before: "latest", after: "latest" } as never),
    "diffDeclared(): there is no such option; expected 'before', 'backend', 'root', 'integrity', 'clock', received \"after\"",
  ],
  [
    "no such check",
    () => bisect(spend, { artifact: total, check: "knwon", ...at(place) }),
    "artifact 'total' has no check 'knwon'; expected known. Did you mean 'known'?",
  ],
  [
    "no checks",
    () => bisect(spend, { artifact: days, key: { date: "2026-01-01" }, ...at(place) }),
    "artifact 'days' has no checks; expected an artifact with checks, or another question",
  ],
  [
    "two questions",
    () => bisect(spend, { artifact: total, check: "known", judge: () => true } as never),
    "bisect(): check and judge exclude each other",
  ],
  [
    "a question that is none",
    () => bisect(spend, { artifact: total, judge: "x" } as never),
    'bisect(), judge: a question is a function; expected (value) => true or what is wrong, received "x"',
  ],
  [
    "an answer that is none",
    () => bisect(spend, { artifact: total, judge: () => 7 as never, ...at(place) }),
    "bisect(): judge() gave no answer; expected true, false, a sentence, or undefined, received 7",
  ],
  [
    "no folder",
    () => exportSnapshot(spend, { to: "" }),
    'exportSnapshot(), to: a folder is named by its path; expected a path, or a URL that begins with file:, received ""',
  ],
  [
    "a folder elsewhere",
    () => importSnapshot({ from: new URL("https://example.org/x") }),
    'importSnapshot(), from: a folder is named by its path; expected a path, or a URL that begins with file:, received "https://example.org/x"',
  ],
  [
    "nothing kept",
    () => collectGarbage({ keep: 0 }),
    "collectGarbage(), keep: that is no such number; expected a whole number of snapshots, at least 1, received 0",
  ],
  [
    "a grace that is no number",
    () => collectGarbage({ grace: Number.NaN, remove: true }),
    "collectGarbage(), grace: that is no such number; expected a number of milliseconds, at least 0, received NaN",
  ],
];

it.each(calls)("%s", async (_title, call, message) => {
  await spend.build(at(place));
  const error: unknown = await call().then(
    () => "nothing was thrown",
    (thrown: unknown) => thrown,
  );

  expect((error as Error).message ?? error).toContain(message);
});
