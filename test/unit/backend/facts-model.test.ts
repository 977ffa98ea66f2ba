// SQLite answers every sequence of calls about models, tasks, events, audit and submissions as the memory backend does.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Connection } from "../../../src/backend/backend.ts";
import { memory } from "../../../src/backend/memory/memory-backend.ts";
import { stages } from "../../../src/backend/model-records.ts";
import { runStates, type EndState } from "../../../src/backend/records.ts";
import { sqlite } from "../../../src/backend/sqlite/index.ts";
import { isStratigraphError } from "../../../src/errors.ts";
import { annotation, auditEntry, event, model, task, transition, version } from "../../../src/testing/fact-samples.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { allPages, runId } from "../../../src/testing/samples.ts";
import { fc } from "../../support/random.ts";

interface Command {
  readonly name: string;
  step(on: Connection): Promise<unknown>;
}

const names = fc.constantFrom("a", "b", "nobody");
const revision = fc.constantFrom(undefined, 1, 2, 3);
const some = fc.nat({ max: 4 });
const at = "2026-01-02T03:04:05.000Z";
const times = fc.constantFrom(at, "2026-01-02T03:04:06.000Z", "2026-01-02T05:04:05+02:00");

function commandOf<T>(arbitrary: fc.Arbitrary<T>, call: string, step: (on: Connection, given: T) => Promise<unknown>) {
  return arbitrary.map((given): Command => ({ name: `${call} ${fc.stringify(given)}`, step: (on) => step(on, given) }));
}

const commands: fc.Arbitrary<Command> = fc.oneof(
  commandOf(fc.tuple(fc.constantFrom("a", "b"), revision), "writeModel", (on, [name, expected]) =>
    on.writeModel(model({ name, description: String(expected) }), expected),
  ),
  commandOf(
    fc.array(
      fc.record({
        name: names,
        n: some,
        sequence: fc.option(some, { nil: undefined, freq: 8 }),
        stage: fc.constantFrom(...stages),
        expected: revision,
        deleted: fc.constantFrom(undefined, undefined, undefined, { at, by: "ana", why: undefined }),
        metrics: fc.constantFrom({}, { auc: 1 }, { auc: 2, f1: 0.1 }),
      }),
      { maxLength: 3 },
    ),
    "writeVersions",
    (on, list) =>
      on.writeVersions(
        list.map(({ n, expected, sequence, ...facts }) => ({
          version: version(n, { ...facts, ...(sequence === undefined ? {} : { sequence }), stagedAt: n % 3 }),
          expected,
        })),
      ),
  ),
  commandOf(fc.array(fc.tuple(names, some), { maxLength: 2 }), "writeTransitions", (on, list) =>
    on.writeTransitions(list.map(([name, n]) => transition(n, { name }))),
  ),
  commandOf(
    fc.tuple(
      names,
      fc.constantFrom("x", "y"),
      fc.option(some, { nil: undefined }),
      fc.option(fc.constantFrom(null, "1.0.0", "1.1.0"), { nil: undefined }),
    ),
    "writeAlias",
    (on, [name, alias, n, expected]) =>
      on.writeAlias({
        ...{ namespace: "team", name, alias, version: n === undefined ? undefined : `1.${n}.0` },
        ...{ at, by: "ana", expected },
      }),
  ),
  commandOf(fc.tuple(names, fc.option(some, { nil: undefined })), "writeAnnotations", (on, [name, n]) =>
    on.writeAnnotations([annotation({ name, version: n === undefined ? undefined : `1.${n}.0` })]),
  ),
  commandOf(fc.array(fc.tuple(some, times), { maxLength: 3 }), "writeEvents", (on, list) =>
    on.writeEvents(list.map(([n, time]) => event(n, { at: time, type: n < 2 ? "model.x" : "other" }))),
  ),
  commandOf(times, "countEvents", (on, time) => on.countEvents(Date.parse(time))),
  commandOf(times, "removeEvents", (on, time) => on.removeEvents(Date.parse(time))),
  commandOf(fc.array(some, { maxLength: 3 }), "writeAudit", (on, list) =>
    on.writeAudit(list.map((n) => auditEntry(n))),
  ),
  commandOf(fc.array(fc.constantFrom("k", "l", "m"), { maxLength: 3 }), "takeSubmissions", (on, list) =>
    on.takeSubmissions(list),
  ),
  commandOf(
    fc.array(
      fc.record({
        id: fc.constantFrom("r", "s"),
        state: fc.constantFrom(...runStates),
        recordedAt: times,
        name: names,
      }),
      { maxLength: 4 },
    ),
    "writeTasks",
    (on, list) =>
      on.writeTasks(
        list.map(({ id, state, recordedAt, name }) =>
          task({ id: runId(id), state }, { recordedAt, name, labels: { name } }),
        ),
      ),
  ),
  commandOf(fc.constantFrom<EndState>("succeeded", "skipped"), "finishRuns", (on, state) =>
    on.finishRuns([{ id: runId("r"), state, finishedAt: at, attempts: 1, duration: undefined, error: undefined }]),
  ),
  commandOf(times, "removeTasks", (on, time) => on.removeTasks(Date.parse(time))),
);

async function everything(on: Connection, limit: number): Promise<unknown> {
  const models = ["a", "b"].map((name) => ({ namespace: "team", name }));
  const of = <T, R>(list: readonly T[], read: (one: T) => Promise<R>): Promise<R[]> => Promise.all(list.map(read));
  return {
    models: await allPages((page) => on.listModels({}, page), limit),
    versions: await of([{}, { deleted: true }, ...models, { orderBy: { metric: "auc", descending: true } }], (filter) =>
      allPages((page) => on.listVersions(filter, page), limit),
    ),
    numbers: await of(models, (name) => on.readVersionNumbers(name)),
    found: await of(models, (name) =>
      on.findVersions([
        ...stages.map((stage) => ({ ...name, ref: { kind: "stage", stage } as const })),
        { ...name, ref: { kind: "latest" } },
        ...["x", "y"].map((alias) => ({ ...name, ref: { kind: "alias", alias } as const })),
      ]),
    ),
    history: await of(models, async (name) => [
      await allPages((page) => on.listTransitions(name, page), limit),
      await allPages((page) => on.listAliases(name, page), limit),
      await allPages((page) => on.readAliasHistory({ ...name, alias: "x" }, page), limit),
      await allPages((page) => on.listAnnotations(name, page), limit),
    ]),
    events: await allPages((page) => on.listEvents({ types: ["model.*", "other"] }, page), limit),
    later: await allPages((page) => on.listEvents({ after: 0 }, page), limit),
    audit: await allPages((page) => on.listAudit({}, page), limit),
    chain: await on.readAudit(1, 100),
    runs: await of([{}, { kind: "task", name: "a" }, { labels: { name: "b" }, state: "running" }] as const, (filter) =>
      allPages((page) => on.listRuns(filter, page), limit),
    ),
  };
}

/** Numbers are each backend's own, but for those of the audit log; what they are for is order, which the lists show. */
function comparable(answer: unknown): unknown {
  return JSON.parse(
    JSON.stringify(answer, (name, given: unknown) => (name === "number" && typeof given === "number" ? 0 : given)) ??
      "0",
  );
}

async function outcome(on: Connection, { step }: Command): Promise<unknown> {
  try {
    return comparable(await step(on));
  } catch (error) {
    if (!isStratigraphError(error)) throw error;
    return [error.code, error.message, error.data];
  }
}

class Stop extends Error {}

/** Several commands in a transaction, which at the end may come to nothing. */
async function together(on: Connection, list: readonly Command[], fails: boolean): Promise<unknown> {
  const answers: unknown[] = [];
  try {
    await on.transaction(async (tx) => {
      for (const one of list) answers.push(await outcome(tx, one));
      answers.push(comparable(await everything(tx, 2)));
      if (fails) throw new Stop("stop");
    });
    return [answers, "done"];
  } catch (error) {
    if (!(error instanceof Stop) && !isStratigraphError(error)) throw error;
    return [answers, error.message];
  }
}

it("any sequence of calls has one answer", { timeout: 240_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "strata-facts-"));
  let count = 0;
  const happening = fc.oneof(
    { weight: 5, arbitrary: fc.tuple(fc.tuple(commands), fc.constant(undefined)) },
    { weight: 1, arbitrary: fc.tuple(fc.array(commands, { maxLength: 4 }), fc.boolean()) },
  );
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 40, size: "max" }), async (list) => {
        const file = join(folder, `${count++}.db`);
        const sides = [
          await memory({ clock: manualClock() }).connect(),
          await sqlite(file, { clock: manualClock(), durability: "normal" }).connect(),
        ];
        const done: string[] = [];
        for (const [several, fails] of list) {
          done.push(
            `${fails === undefined ? "" : `transaction (${fails ? "fails" : "ends"}): `}${several.map(({ name }) => name).join("; ")}`,
          );
          const [expected, received] = await Promise.all(
            sides.map((on) => (fails === undefined ? outcome(on, several[0]) : together(on, several, fails))),
          );
          expect(received, done.join("\n")).toEqual(expected);
        }
        const [expected, received] = await Promise.all(sides.map((on) => everything(on, 3)));
        expect(comparable(received), done.join("\n")).toEqual(comparable(expected));
        for (const on of sides) await on.close();
        rmSync(file, { force: true });
      }),
      { numRuns: Number(process.env["STRATA_RUNS"] ?? 80) },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
