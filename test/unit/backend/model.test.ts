// SQLite answers every sequence of calls as the memory backend does.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Backend, Connection } from "../../../src/backend/backend.ts";
import { memory } from "../../../src/backend/memory/memory-backend.ts";
import {
  runStates,
  snapshotStates,
  type Fence,
  type PartitionId,
  type PartitionRecord,
} from "../../../src/backend/records.ts";
import { sqlite } from "../../../src/backend/sqlite/index.ts";
import { isStratigraphError } from "../../../src/errors.ts";
import { manualClock, type ManualClock } from "../../../src/testing/manual-clock.ts";
import { allPages, key, partition, print, run, runId, snapshot } from "../../../src/testing/samples.ts";
import { fc } from "../../support/random.ts";

// Few different values, so that calls meet what others wrote.
const keys = ["", "a", "b", "é", "\uffee", "😀"].map(key);
const artifacts = ["x", "y"].map(print);
const contents = ["1", "2", "3"].map(print);
const inputs = [undefined, print("i"), print("j")];
const snapshots = ["s", "t", "u"].map(print);
const graphs = ["g", "h"];
const artifactKeys = ["days", "total"];
const runs = ["r", "q", "p"].map(runId);
const leases = ["l", "m", "n"];
const tags = ["prod", "test"];

const records: fc.Arbitrary<PartitionRecord> = fc
  .record({
    artifact: fc.constantFrom(...artifacts),
    key: fc.constantFrom(...keys),
    input: fc.constantFrom(...inputs),
    content: fc.constantFrom(...contents),
    location: fc.constantFrom("data/1", "data/2"),
    run: fc.constantFrom(undefined, runs[0]),
    value: fc.constantFrom(undefined, new Uint8Array([1, 2])),
  })
  .map((change) => partition(change));

/** One backend in the model: its ids and tokens are its own, so each is known by the order in which it was given. */
interface Side {
  readonly backend: Backend;
  connection: Connection;
  readonly ids: Map<PartitionId, number>;
  readonly byNumber: PartitionId[];
  readonly fences: Fence[];
}

type Step = (on: Connection, side: Side) => Promise<unknown>;

interface Command {
  readonly name: string;
  readonly step: Step;
}

function command(name: string, step: Step): Command {
  return { name, step };
}

/** The n-th id that this side ever gave, or one that nobody has. */
function idOf(side: Side, number: number): PartitionId {
  return side.byNumber[number % (side.byNumber.length + 1)] ?? (1_000_000 as PartitionId);
}

const number = fc.nat(40);
const numbers = fc.array(number, { maxLength: 4 });
const limit = fc.constantFrom(1, 2, 1000);

const commands: fc.Arbitrary<Command> = fc.oneof(
  fc
    .array(records, { maxLength: 4 })
    .map((list) => command(`writeArtifactPartitions ${fc.stringify(list)}`, (on) => on.writeArtifactPartitions(list))),
  fc
    .tuple(fc.constantFrom(...snapshots), fc.constantFrom(...graphs), fc.constantFrom(...snapshotStates))
    .map(([id, graph, state]) =>
      command(`writeSnapshot ${id} ${graph} ${state}`, (on) => on.writeSnapshot(snapshot({ id, graph, state }))),
    ),
  fc
    .tuple(fc.constantFrom(...snapshots), fc.constantFrom(...snapshotStates))
    .map(([id, state]) => command(`setSnapshotState ${id} ${state}`, (on) => on.setSnapshotState(id, state))),
  fc
    .tuple(
      fc.constantFrom(...snapshots),
      fc.array(fc.tuple(fc.constantFrom(...artifactKeys), records), { maxLength: 3 }),
    )
    .map(([id, list]) =>
      command(`writeArtifactAndGraphPartitions ${id} ${fc.stringify(list)}`, (on) =>
        on.writeArtifactAndGraphPartitions(
          id,
          list.map(([artifactKey, record]) => ({ artifactKey, partition: record })),
        ),
      ),
    ),
  fc
    .tuple(
      fc.constantFrom(...snapshots),
      fc.constantFrom(...artifactKeys),
      numbers,
      fc.option(fc.constantFrom(...keys)),
    )
    .map(([id, artifactKey, list, wrongKey]) =>
      command(`writeSnapshotPartitions ${id} ${artifactKey} ${list.join()} ${wrongKey}`, async (on, side) => {
        const found = await on.readPartitions(list.map((one) => idOf(side, one)));
        const links = found.map((one, index) => ({
          artifactKey,
          key: wrongKey ?? one?.key ?? keys[0]!,
          partition: idOf(side, list[index]!),
        }));
        return on.writeSnapshotPartitions(id, links);
      }),
    ),
  numbers.map((list) =>
    command(`markPartitionsDamaged ${list.join()}`, (on, side) =>
      on.markPartitionsDamaged(list.map((one) => idOf(side, one))),
    ),
  ),
  numbers.map((list) =>
    command(`removeUnlinkedPartitions ${list.join()}`, (on, side) =>
      on.removeUnlinkedPartitions(list.map((one) => idOf(side, one))),
    ),
  ),
  fc.subarray(snapshots).map((ids) => command(`removeSnapshots ${ids.join()}`, (on) => on.removeSnapshots(ids))),
  fc
    .tuple(
      fc.constantFrom(...graphs),
      fc.constantFrom(...tags),
      fc.constantFrom(...snapshots),
      fc.constantFrom(undefined, null, "any" as const, ...snapshots),
    )
    .map(([graph, tag, id, expected]) =>
      command(`writeSnapshotTag ${graph} ${tag} ${id} ${String(expected)}`, (on) =>
        on.writeSnapshotTag({ graph, tag, snapshot: id, by: "ana", expected }),
      ),
    ),
  fc
    .tuple(fc.constantFrom(...graphs), fc.constantFrom(...tags), fc.constantFrom(undefined, ...snapshots))
    .map(([graph, tag, expected]) =>
      command(`removeSnapshotTag ${graph} ${tag} ${expected}`, (on) =>
        on.removeSnapshotTag({ graph, tag, by: "bo", expected }),
      ),
    ),
  fc
    .tuple(fc.constantFrom(...graphs), fc.constantFrom(...contents), fc.constantFrom(1, 2))
    .map(([name, fingerprint, description]) =>
      command(`writeGraph ${name} ${fingerprint} ${description}`, (on) =>
        on.writeGraph({ name, fingerprint, description }),
      ),
    ),
  fc
    .array(fc.tuple(fc.constantFrom(...contents), fc.constantFrom("one", "two")), { maxLength: 3 })
    .map((list) =>
      command(`writeManifests ${fc.stringify(list)}`, (on) =>
        on.writeManifests(list.map(([fingerprint, text]) => ({ fingerprint, text }))),
      ),
    ),
  fc
    .tuple(
      fc.array(fc.constantFrom(...leases), { maxLength: 3 }),
      fc.constantFrom("ana", "bo"),
      fc.constantFrom(0, 5, 100),
    )
    .map(([names, holder, ttl]) =>
      command(`acquireLeases ${names.join()} ${holder} ${ttl}`, async (on, side) => {
        const answers = await on.acquireLeases(names, { holder, ttl, isDead: (other) => other === "nobody" });
        for (const answer of answers) if (answer.granted) side.fences.push(answer.fence);
        return answers.map(({ granted, ...rest }) => (granted ? "granted" : rest));
      }),
    ),
  fc.tuple(numbers, fc.constantFrom("checkLeases", "renewLeases", "releaseLeases")).map(([list, call]) =>
    command(`${call} ${list.join()}`, (on, side) => {
      const fences = list.flatMap((one) => side.fences[one] ?? []);
      return call === "checkLeases"
        ? on.checkLeases(fences)
        : call === "renewLeases"
          ? on.renewLeases(fences, 50)
          : on.releaseLeases(fences);
    }),
  ),
  fc
    .array(
      fc.tuple(
        fc.constantFrom(...runs),
        fc.constantFrom(...runStates),
        fc.constantFrom("build" as const, "step" as const),
      ),
      { maxLength: 3 },
    )
    .map((list) =>
      command(`startRuns ${fc.stringify(list)}`, (on) =>
        on.startRuns(list.map(([id, state, kind]) => run({ id, state, kind }))),
      ),
    ),
  fc
    .tuple(fc.constantFrom(...runs), fc.constantFrom("succeeded" as const, "lost" as const))
    .map(([id, state]) =>
      command(`finishRuns ${id} ${state}`, (on) =>
        on.finishRuns([{ id, state, finishedAt: "x", attempts: 2, duration: 1.5, error: { id } }]),
      ),
    ),
  fc.tuple(fc.constantFrom(...runs), fc.constantFrom("in", "out"), numbers, numbers).map(([id, name, read, written]) =>
    command(`writeRunPartitions ${id} ${read.join()} ${written.join()}`, (on, side) => {
      const edges = (list: number[]): { run: typeof id; name: string; partition: PartitionId }[] =>
        list.map((one) => ({ run: id, name, partition: idOf(side, one) }));
      return on.writeRunPartitions({ inputs: edges(read), outputs: edges(written) });
    }),
  ),
  limit.map((n) => command(`everything, ${n} a page`, (on) => everything(on, n))),
);

async function everything(on: Connection, limit: number): Promise<unknown> {
  const places = graphs.flatMap(() =>
    artifactKeys.flatMap((artifactKey) => keys.map((text) => ({ artifactKey, key: text }))),
  );
  const queries = artifacts.flatMap((artifact) =>
    keys.flatMap((text) => inputs.slice(1).map((input) => ({ artifact, key: text, input: input! }))),
  );
  const of = <T, R>(list: readonly T[], read: (one: T) => Promise<R>): Promise<R[]> => Promise.all(list.map(read));
  return {
    graphs: await allPages((page) => on.listGraphs(page), limit),
    graph: await of(graphs, (name) => of(contents, (fingerprint) => on.readGraph(name, fingerprint))),
    snapshots: await of([undefined, ...graphs], (graph) => allPages((page) => on.listSnapshots(graph, page), limit)),
    latestSnapshot: await of(graphs, (graph) => on.readLatestSnapshot(graph)),
    prefix: await on.findSnapshots(""),
    tags: await of([undefined, ...graphs], (graph) => allPages((page) => on.listSnapshotTags(graph, page), limit)),
    history: await of(graphs, (graph) =>
      of(tags, (tag) => allPages((page) => on.readSnapshotTagHistory(graph, tag, page), limit)),
    ),
    partitions: await of(artifacts, (artifact) =>
      allPages((page) => on.readArtifactPartitions(artifact, { page }), limit),
    ),
    filtered: await of(artifacts, (artifact) =>
      allPages(
        (page) =>
          on.readArtifactPartitions(artifact, { page, inputs: new Map(keys.map((text) => [text, inputs[1]!])) }),
        limit,
      ),
    ),
    found: await on.findPartitions(queries),
    linked: await of(snapshots, (id) =>
      of(artifactKeys, (name) => allPages((page) => on.readSnapshotPartitions(id, name, { page }), limit)),
    ),
    linkedKeys: await of(snapshots, (id) =>
      allPages((page) => on.readSnapshotPartitions(id, "days", { page, keys: [keys[5]!, keys[0]!, keys[2]!] }), limit),
    ),
    counts: await of(snapshots, async (id) =>
      [...(await on.countSnapshotPartitions(id))].map(([name, count]) => `${name}: ${count}`),
    ),
    latest: await of(graphs, (graph) => on.findLatestPartitions(graph, places)),
    unlinked: await allPages((page) => on.listUnlinkedPartitions(Number.MAX_SAFE_INTEGER, page), limit),
    locations: [...(await on.findLocations("local", ["data/2", "data/1", "data/3"]))].sort(),
    manifests: await on.readManifests(contents),
    runs: await of([{}, { kind: "build" }, { state: "running" }, { graph: "spend", kind: "step" }] as const, (filter) =>
      allPages((page) => on.listRuns(filter, page), limit),
    ),
    edges: await of(runs, (id) => on.readRunPartitions(id)),
  };
}

/** The answer or the refusal of a call, with the ids of one side as the numbers that both share. */
async function outcome(side: Side, { step }: Command, on: Connection): Promise<unknown> {
  try {
    return comparable(await step(on, side), side);
  } catch (error) {
    if (!isStratigraphError(error)) throw error;
    return [error.code, comparable(error.data, side)];
  }
}

/** Ids and sequence numbers are each backend's own; what they are for is order, which the lists show. */
function comparable(value: unknown, side: Side): unknown {
  if (Array.isArray(value))
    return value.map((one) => (typeof one === "number" ? numberOf(one, side) : comparable(one, side)));
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== "sequence")
      .map(([name, one]) => [
        name,
        name === "id" && typeof one === "number" ? numberOf(one, side) : comparable(one, side),
      ]),
  );
}

function numberOf(id: number, side: Side): number {
  const known = side.ids.get(id as PartitionId);
  if (known !== undefined) return known;
  if (id === 1_000_000) return -1;
  side.ids.set(id as PartitionId, side.byNumber.length);
  side.byNumber.push(id as PartitionId);
  return side.byNumber.length - 1;
}

async function openSide(backend: Backend): Promise<Side> {
  return { backend, connection: await backend.connect(), ids: new Map(), byNumber: [], fences: [] };
}

type Happening =
  | { readonly kind: "call"; readonly command: Command }
  | { readonly kind: "transaction"; readonly commands: readonly Command[]; readonly fails: boolean }
  | { readonly kind: "wait"; readonly time: number }
  | { readonly kind: "reopen" };

const happenings: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 12, arbitrary: commands.map((one): Happening => ({ kind: "call", command: one })) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.array(commands, { maxLength: 5 }), fc.boolean())
      .map(([list, fails]): Happening => ({ kind: "transaction", commands: list, fails })),
  },
  { weight: 1, arbitrary: fc.constantFrom(1, 10, 60).map((time): Happening => ({ kind: "wait", time })) },
  { weight: 1, arbitrary: fc.constant<Happening>({ kind: "reopen" }) },
);

class Stop extends Error {}

async function happen(side: Side, happening: Happening): Promise<unknown> {
  switch (happening.kind) {
    case "call":
      return outcome(side, happening.command, side.connection);
    case "wait":
      return undefined;
    case "reopen":
      await side.connection.close();
      side.connection = await side.backend.connect();
      return undefined;
    case "transaction": {
      const answers: unknown[] = [];
      // What a transaction that came to nothing was given, nobody has.
      const before = { ids: new Map(side.ids), length: side.byNumber.length, fences: side.fences.length };
      try {
        await side.connection.transaction(async (tx) => {
          for (const one of happening.commands) answers.push(await outcome(side, one, tx));
          if (happening.fails) throw new Stop("stop");
        });
        return [answers, "done"];
      } catch (error) {
        if (!(error instanceof Stop) && !isStratigraphError(error)) throw error;
        side.ids.clear();
        for (const [id, position] of before.ids) side.ids.set(id, position);
        side.byNumber.length = before.length;
        side.fences.length = before.fences;
        return [answers, isStratigraphError(error) ? error.code : "stopped"];
      }
    }
  }
}

function show(happening: Happening): string {
  if (happening.kind === "call") return happening.command.name;
  if (happening.kind === "wait") return `wait ${happening.time}`;
  if (happening.kind === "reopen") return "reopen";
  return `transaction${happening.fails ? " (fails)" : ""}: ${happening.commands.map(({ name }) => name).join("; ")}`;
}

it("SQLite and memory answer any sequence of calls alike", { timeout: 240_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "strata-model-"));
  let count = 0;
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(happenings, { maxLength: 40 }), async (list) => {
        const clocks: ManualClock[] = [manualClock(), manualClock()];
        const file = join(folder, `${count++}.db`);
        const model = await openSide(memory({ clock: clocks[0] }));
        const real = await openSide(sqlite(file, { clock: clocks[1], durability: "normal" }));
        const done: string[] = [];
        for (const happening of [
          ...list,
          { kind: "call", command: command("everything", (on) => everything(on, 3)) } as const,
        ]) {
          done.push(show(happening));
          if (happening.kind === "wait") for (const clock of clocks) clock.advance(happening.time);
          const [expected, received] = [await happen(model, happening), await happen(real, happening)];
          expect(received, done.join("\n")).toEqual(expected);
        }
        await model.connection.close();
        await real.connection.close();
        rmSync(file, { force: true });
      }),
      { numRuns: Number(process.env["STRATA_RUNS"] ?? 120) },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
