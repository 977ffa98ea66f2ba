// Plans and builds where nothing that is remembered answers: looks at everything, decides, carries out.

import { availableParallelism } from "node:os";
import type { PartitionLink, PartitionRecord, RunId, StoredPartition } from "../backend/records.ts";
import { storedPartition } from "../backend/stored-partition.ts";
import { StratigraphError } from "../errors.ts";
import type { GraphDefinition } from "../graph/graph.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import { createId } from "../util/id.ts";
import type { BuildOptions } from "./build.ts";
import { differenceTo } from "./difference.ts";
import type { BuildListener, BuildOutcome, BuildResult, StepReport } from "./events.ts";
import { ChosenExecutor } from "./chosen-executor.ts";
import { Ends } from "./ends.ts";
import { isDead } from "./holder.ts";
import { fanOutKeyChanges, keyChangesJson, sourceKeyChanges, type KeyChange } from "./key-changes.ts";
import { schemaManifests } from "./step-identity.ts";
import { warningsOf } from "./quality.ts";
import { layMore, madeBy, stepName, type Network, type SourceState, type Step } from "./network.ts";
import { layParts } from "./parts.ts";
import { describePlan, neededSteps, openOf, planNetwork, type Plan, type PlannedNetwork } from "./plan.ts";
import { checkPools } from "./pools.ts";
import { checkBudget, priceOf } from "./price.ts";
import type { StepEnd } from "./schedule.ts";
import { Scheduler } from "./scheduler.ts";
import { linksOf, orGone } from "./step-record.ts";
import { selection } from "./selection.ts";
import { tagBuilt } from "./snapshot.ts";
import { rememberStanding } from "./standing-made.ts";
import { sweepTempFolders } from "./temp-folders.ts";
import { plannedStates, type FinishedState, type PlannedState } from "./step-state.ts";
import { openForPlanning, openWorkspace, type Workspace } from "./workspace.ts";

/** How often stored bytes may turn out to be gone in the middle of a build before it gives up. */
const MOST_PASSES = 5;

/** Milliseconds, unless told. */
const LEASE_TIME = 60_000;

/** Links that one statement writes: more would only take memory. */
const MOST_LINKED = 50_000;

/** `planGraph`, for a graph of which nothing is known. */
export async function planAnew(graph: GraphDefinition, options: BuildOptions): Promise<Plan> {
  await using workspace = await openForPlanning(options);
  const planned = await planNetwork(workspace, graph, options);
  emitPlan(options.on, planned);
  const { environment } = options;
  return describePlan(
    planned,
    options.price === true ? await priceOf(workspace, planned) : undefined,
    environment === undefined ? undefined : await differenceTo(workspace.connection, planned, environment),
  );
}

/** `buildGraph`, for a graph of which nothing is known. */
export async function buildAnew(graph: GraphDefinition, options: BuildOptions): Promise<BuildResult> {
  await using workspace = await openWorkspace(options);
  // Awaited here: the workspace must stay open until the build is over.
  return await buildIn(workspace, graph, options);
}

/** The same in a workspace that is open already. */
export async function buildIn(
  workspace: Workspace,
  graph: GraphDefinition,
  options: BuildOptions,
): Promise<BuildResult> {
  const started = workspace.clock.monotonic();
  const emit = options.on ?? (() => {});
  checkPools(graph, options.pools);
  const first = await planNetwork(workspace, graph, options);
  emitPlan(options.on, first);
  if (options.budget !== undefined) checkBudget(await priceOf(workspace, first), options.budget, graph.name);

  const ends = new Ends();
  const keys: KeyChange[] = [];
  const tellKeys = (changes: readonly KeyChange[]): void => {
    for (const change of changes) {
      keys.push(change);
      emit({ type: "keys-changed", ...change });
    }
  };
  let planned = first;
  let build: RunId | undefined;
  const again = async (sources: readonly SourceState[]): Promise<void> => {
    planned = await planNetwork(workspace, graph, { ...options, done: ends }, { sources, strays: planned.strays });
  };
  let healed = 0;
  const checkHealed = (): void => {
    if (++healed < MOST_PASSES) return;
    throw new StratigraphError("DATA_DAMAGED", "stored bytes keep disappearing while they are being built", {
      where: `graph '${graph.name}'`,
      hint: "Look for a program that deletes or changes files in the store, then build again.",
    });
  };
  for (;;) {
    const opened = await orGone(openSnapshot(workspace, planned, build));
    if (opened === undefined) break;
    if (opened === "gone") {
      checkHealed();
      await again(planned.network.sources.map((source) => ({ ...source, stored: source.stored.map(() => undefined) })));
      continue;
    }
    build = opened.run;
    tellKeys(opened.keys);
    const result = await carryOut(workspace, planned, { ...options, done: ends }, build);
    for (const [step, end] of result.ends) ends.set(step, end);
    const ran = [...result.ends.keys()].filter(({ state }) => state === "built");
    tellKeys(await fanOutKeyChanges(workspace, ran, planned.rebuilder));
    if (options.signal?.aborted === true) break;
    // What fan-outs made says what else there is to build.
    if (!result.healing && !(layParts(planned.network) && layMore(planned.network).length > 0)) break;
    if (result.healing) checkHealed();
    await again(planned.network.sources);
    if (!result.healing) emitPlan(options.on, planned, ends);
  }

  const summary = summarise(first, planned.network, ends, options, workspace.clock.monotonic() - started);
  const result = keys.length === 0 ? summary : { ...summary, keys };
  if (build === undefined) rememberStanding(workspace, planned, options, result);
  else await closeSnapshot(workspace, planned, result, build);
  if (result.outcome === "succeeded") {
    const { tag, move, environment, by } = options;
    const made = { graph: graph.name, id: result.snapshot };
    if (tag !== undefined) await tagBuilt(workspace.connection, made, tag, { move, by });
    if (environment !== undefined) await tagBuilt(workspace.connection, made, environment, { move: true, by });
  }
  emit({ type: "build-finished", result });
  return result;
}

async function carryOut(
  workspace: Workspace,
  planned: PlannedNetwork,
  options: BuildOptions,
  build: RunId,
): Promise<{ ends: ReadonlyMap<Step, StepEnd>; healing: boolean }> {
  sweepTempFolders(workspace.storage.home);
  const executor = new ChosenExecutor({ home: workspace.storage.home });
  try {
    return await new Scheduler(workspace, planned.network, planned.rebuilder, {
      concurrency: Math.max(1, options.concurrency ?? availableParallelism()),
      keepGoing: options.keepGoing ?? true,
      signal: options.signal ?? new AbortController().signal,
      emit: options.on ?? (() => {}),
      executor,
      snapshot: planned.manifest.fingerprint,
      build,
      forced: selection(planned.network, options).forced,
      secrets: options.secrets,
      pools: options.pools ?? {},
      leaseTime: options.leaseTime ?? LEASE_TIME,
    }).run();
  } finally {
    await executor.close();
  }
}

/**
 * Writes what is known before the first step runs: the snapshot with its sources and what is up to date already.
 * A build that changes nothing writes nothing: `undefined`.
 */
async function openSnapshot(
  workspace: Workspace,
  { network, rebuilder, manifest, whole }: PlannedNetwork,
  build: RunId | undefined,
): Promise<{ readonly run: RunId; readonly keys: readonly KeyChange[] } | undefined> {
  const { connection, clock, holder } = workspace;
  const { graph } = network;
  const id = manifest.fingerprint;
  const todo = someStep(network, (step) => step.needed && step.state !== "up-to-date");
  const [existing, latest] = [await connection.readSnapshot(id), await connection.readLatestSnapshot(graph.name)];
  const settled = existing?.state === "complete" || (existing?.state === "partial" && !whole);
  if (!todo && settled && latest?.id === id && build === undefined) {
    const linked = existing.state === "complete" || (await allLinked(workspace, network, id));
    if (linked) return undefined;
  }
  await markLostRuns(workspace, graph.name);
  await rebuilder.recallSources();
  const run = build ?? (createId(clock) as RunId);
  const now = new Date(clock.now()).toISOString();
  const keys = build === undefined ? await sourceKeyChanges(connection, network, manifest, latest) : [];
  await connection.transaction(async (tx) => {
    await tx.writeManifests([manifest, graph.manifest, ...schemaManifests(graph.calls)]);
    await tx.writeGraph({ name: graph.name, fingerprint: graph.fingerprint, description: graph.describe() });
    await tx.writeSnapshot({
      id,
      graph: graph.name,
      graphFingerprint: graph.fingerprint,
      state: existing?.state === "complete" && !todo ? "complete" : "open",
      createdAt: now,
    });
    if (rebuilder.damaged.size > 0) await tx.markPartitionsDamaged([...rebuilder.damaged]);
    await tx.writeSnapshotPartitions(id, await storeSources(tx, network));
    let links: PartitionLink[] = [];
    for (const step of neededSteps(network)) {
      if (step.outputs !== undefined) for (const link of linksOf(step)) links.push(link);
      if (links.length < MOST_LINKED) continue;
      await tx.writeSnapshotPartitions(id, links);
      links = [];
    }
    await tx.writeSnapshotPartitions(id, links);
    if (build === undefined && todo) {
      await tx.startRuns([
        {
          id: run,
          parent: undefined,
          kind: "build",
          graph: graph.name,
          snapshot: id,
          producer: undefined,
          version: undefined,
          key: undefined,
          input: undefined,
          state: "running",
          reason: keyChangesJson(keys),
          startedAt: now,
          finishedAt: undefined,
          attempts: 1,
          duration: undefined,
          error: undefined,
          holder,
        },
      ]);
    }
  });
  return { run, keys };
}

/** Source partitions that are new get a record; the links of all of them are returned. */
async function storeSources(tx: Workspace["connection"], network: Network): Promise<PartitionLink[]> {
  const fresh: { record: PartitionRecord; store: (partition: StoredPartition) => void }[] = [];
  for (const { node, found, stored } of network.sources) {
    found.forEach(({ keyText, content, location, value }, position) => {
      if (stored[position] !== undefined) return;
      const record: PartitionRecord = {
        artifact: node.identity,
        key: keyText,
        input: undefined,
        content: content.fingerprint,
        size: content.size,
        digest: content.digest,
        storage: node.storage.kind,
        location,
        value,
        run: undefined,
      };
      fresh.push({ record, store: (partition) => (stored[position] = partition) });
    });
  }
  const ids = await tx.writeArtifactPartitions(fresh.map(({ record }) => record));
  fresh.forEach(({ record, store }, index) => store(storedPartition(record, ids[index]!, false)));
  return network.sources.flatMap(({ node, stored, set }) =>
    stored.map((partition, position) => ({
      artifactKey: node.key,
      key: set.texts[position]!,
      partition: partition!.id,
    })),
  );
}

/** Of a partial snapshot: is what is asked for now among what was linked then? */
async function allLinked(workspace: Workspace, network: Network, snapshot: Fingerprint): Promise<boolean> {
  const counts = await workspace.connection.countSnapshotPartitions(snapshot);
  for (const { call, steps } of network.groups) {
    const needed = steps.filter((step) => step.needed).length;
    if (needed > 0 && call.outputs.some(({ node }) => counts.get(node.key) !== steps.length)) return false;
  }
  return true;
}

/** Builds whose process is gone without having said how they ended. */
async function markLostRuns(workspace: Workspace, graph: string): Promise<void> {
  const { connection, clock } = workspace;
  const { items } = await connection.listRuns({ graph, kind: "build", state: "running" });
  const lost = items.filter(({ holder }) => isDead(holder));
  if (lost.length === 0) return;
  const finishedAt = new Date(clock.now()).toISOString();
  await connection.finishRuns(
    lost.map(({ id, attempts }) => ({
      id,
      state: "lost",
      finishedAt,
      attempts,
      duration: undefined,
      error: undefined,
    })),
  );
}

async function closeSnapshot(
  workspace: Workspace,
  { network, whole }: PlannedNetwork,
  result: BuildResult,
  build: RunId,
): Promise<void> {
  const { connection, clock } = workspace;
  const everything = whole || (network.unlaid.length === 0 && !someStep(network, (step) => !step.needed));
  const state =
    result.outcome === "failed"
      ? "failed"
      : result.outcome === "cancelled"
        ? "open"
        : everything
          ? "complete"
          : "partial";
  const current = await connection.readSnapshot(result.snapshot);
  await connection.transaction(async (tx) => {
    // A part built again does not make a complete snapshot less complete, unless it failed.
    if (!(state === "partial" && current?.state === "complete")) await tx.setSnapshotState(result.snapshot, state);
    await tx.finishRuns([
      {
        id: build,
        state:
          result.outcome === "succeeded" && result.steps.some(({ warnings }) => warnings !== undefined)
            ? "warning"
            : result.outcome,
        finishedAt: new Date(clock.now()).toISOString(),
        attempts: 1,
        duration: result.duration,
        error: result.failed === 0 ? undefined : { failed: result.failed, skipped: result.skipped },
      },
    ]);
  });
}

function someStep(network: Network, test: (step: Step) => boolean): boolean {
  return network.groups.some(({ steps }) => steps.some(test));
}

/** How each output partition ended: what ran in any pass counts before what the last pass found up to date. */
function summarise(
  first: PlannedNetwork,
  network: Network,
  ends: Ends,
  options: BuildOptions,
  duration: number,
): BuildResult {
  const counts = { built: 0, reused: 0, skipped: 0, failed: 0 };
  const steps: StepReport<FinishedState>[] = [];
  for (const step of neededSteps(network)) {
    const ended = ends.get(step);
    const state = (ended?.step.state ?? "reused") as FinishedState;
    const { reason } = ended?.step ?? step;
    for (const { node, partition } of madeBy(step)) {
      counts[state]++;
      steps.push({
        key: node.key,
        partition,
        state,
        reason,
        error: ended?.end.error,
        duration: ended?.end.duration,
        ...warningsOf(ended?.step ?? step, node.key, partition),
      });
    }
  }
  const outcome: BuildOutcome =
    options.signal?.aborted === true && counts.skipped > 0 ? "cancelled" : counts.failed > 0 ? "failed" : "succeeded";
  const { name } = network.graph;
  return { graph: name, snapshot: first.manifest.fingerprint, outcome, ...counts, steps, ...openOf(network), duration };
}

/** `done`: what was told of already, in what comes to a plan. */
function emitPlan(on: BuildListener | undefined, { network, manifest }: PlannedNetwork, done?: Ends): void {
  if (on === undefined) return;
  const zero = (): Record<PlannedState, number> =>
    Object.fromEntries(Object.keys(plannedStates).map((state) => [state, 0])) as Record<PlannedState, number>;
  const counts = zero();
  const byKey = new Map<string, Record<PlannedState, number>>();
  for (const step of neededSteps(network)) {
    if (done?.has(step) === true) continue;
    const { key } = stepName(step);
    let mine = byKey.get(key);
    if (mine === undefined) byKey.set(key, (mine = zero()));
    mine[step.planned!]++;
    counts[step.planned!]++;
  }
  const more = done === undefined ? {} : { more: true as const };
  on({ type: "planned", ...more, graph: network.graph.name, snapshot: manifest.fingerprint, counts, byKey });
}
