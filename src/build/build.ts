// The door of the build layer: plan, carry out, and say what happened.

import { availableParallelism } from "node:os";
import type { PartitionLink, PartitionRecord, RunId, StoredPartition } from "../backend/records.ts";
import { StratigraphError } from "../errors.ts";
import type { GraphDefinition } from "../graph/graph.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import { systemClock } from "../util/clock.ts";
import { createId } from "../util/id.ts";
import type { BuildListener, BuildOutcome, BuildResult, StepReport } from "./events.ts";
import { isDead } from "./holder.ts";
import { schemaManifests } from "./step-identity.ts";
import { LocalExecutor } from "./local-executor.ts";
import { placeText, stepName, type Network, type Step } from "./network.ts";
import { describePlan, neededSteps, planNetwork, type Plan, type PlannedNetwork, type PlanOptions } from "./plan.ts";
import { linksOf, Scheduler, type StepEnd } from "./scheduler.ts";
import { selection } from "./selection.ts";
import { checkTag, tagSnapshot } from "./snapshot.ts";
import { planFrom, recallStanding, rememberStanding, resultFrom } from "./standing-build.ts";
import { plannedStates, type FinishedState, type PlannedState } from "./step-state.ts";
import { openForPlanning, openWorkspace, type Workspace, type WorkspaceOptions } from "./workspace.ts";

export interface BuildOptions extends WorkspaceOptions, PlanOptions {
  /** Steps running at once; the number of processors unless told. */
  readonly concurrency?: number | undefined;
  /** After a failure, finish what does not depend on it. True unless told. */
  readonly keepGoing?: boolean | undefined;
  /** Cancels: nothing more is started, running producers get their signal. */
  readonly signal?: AbortSignal | undefined;
  /** Tags the snapshot once everything has succeeded. */
  readonly tag?: string | undefined;
  /** Moves the tag if it names another snapshot. False unless told. */
  readonly move?: boolean | undefined;
  /** Who builds, for tags; the user of the process unless told. */
  readonly by?: string | undefined;
}

/** How often stored bytes may turn out to be gone in the middle of a build before it gives up. */
const MOST_PASSES = 5;

/** What a build would do. Writes nothing. */
export async function planGraph(graph: GraphDefinition, options: BuildOptions = {}): Promise<Plan> {
  const standing = await recallStanding(graph, options);
  if (standing !== undefined) return planFrom(standing, graph, options.on);
  await using workspace = await openForPlanning(options);
  const planned = await planNetwork(workspace, graph, options);
  emitPlan(options.on, planned);
  return describePlan(planned);
}

/**
 * Brings a graph up to date. Steps that fail are in the result, not thrown.
 * Errors: what stops everything, such as SOURCE_MISSING, SELECTOR_UNKNOWN or BACKEND_….
 */
export async function buildGraph(graph: GraphDefinition, options: BuildOptions = {}): Promise<BuildResult> {
  const clock = options.clock ?? systemClock;
  const started = clock.monotonic();
  // A name that can be none is refused before the work, not after it.
  if (options.tag !== undefined) checkTag(options.tag);
  const standing = await recallStanding(graph, options);
  if (standing !== undefined) return resultFrom(standing, graph, options.on, clock.monotonic() - started);
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
  const first = await planNetwork(workspace, graph, options);
  emitPlan(options.on, first);

  const ends = new Map<string, { step: Step; end: StepEnd }>();
  let planned = first;
  let build: RunId | undefined;
  for (let pass = 1; ; pass++) {
    const opened = await openSnapshot(workspace, planned, build);
    build ??= opened;
    if (build === undefined) break;
    const result = await carryOut(workspace, planned, options, build);
    for (const [step, end] of result.ends) ends.set(placeOf(step), { step, end });
    if (!result.healing || options.signal?.aborted === true) break;
    if (pass === MOST_PASSES) {
      throw new StratigraphError("DATA_DAMAGED", "stored bytes keep disappearing while they are being built", {
        where: `graph '${graph.name}'`,
        hint: "Look for a program that deletes or changes files in the store, then build again.",
      });
    }
    const scan = { sources: planned.network.sources, strays: planned.strays };
    planned = await planNetwork(workspace, graph, { ...options, force: undefined }, scan);
  }

  const result = summarise(first, planned.network, ends, options, workspace.clock.monotonic() - started);
  if (build === undefined) rememberStanding(workspace, first, options, result);
  else await closeSnapshot(workspace, planned, result, build);
  if (options.tag !== undefined && result.outcome === "succeeded") {
    const { tag, move, by } = options;
    await tagSnapshot(workspace.connection, { graph: graph.name, id: result.snapshot }, tag, { move, by });
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
  const executor = new LocalExecutor();
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
    }).run();
  } finally {
    executor.close();
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
): Promise<RunId | undefined> {
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
  await connection.transaction(async (tx) => {
    await tx.writeManifests([manifest, graph.manifest, ...network.groups.flatMap(({ call }) => schemaManifests(call))]);
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
    const links: PartitionLink[] = [];
    for (const step of neededSteps(network)) {
      if (step.outputs !== undefined) for (const link of linksOf(step)) links.push(link);
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
          reason: undefined,
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
  return run;
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
  fresh.forEach(({ record, store }, index) => store({ ...record, id: ids[index]!, damaged: false }));
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
  const everything = whole || !someStep(network, (step) => !step.needed);
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
        state: result.outcome,
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

function placeOf(step: Step): string {
  const { key, partition } = stepName(step);
  return placeText(key, partition);
}

/** How each output partition ended: what ran in any pass counts before what the last pass found up to date. */
function summarise(
  first: PlannedNetwork,
  network: Network,
  ends: ReadonlyMap<string, { step: Step; end: StepEnd }>,
  options: BuildOptions,
  duration: number,
): BuildResult {
  const counts = { built: 0, reused: 0, skipped: 0, failed: 0 };
  const steps: StepReport<FinishedState>[] = [];
  for (const step of neededSteps(network)) {
    const ended = ends.get(placeOf(step));
    const state = (ended?.step.state ?? "reused") as FinishedState;
    const { reason } = ended?.step ?? step;
    for (const { node } of step.group.call.outputs) {
      counts[state]++;
      steps.push({
        key: node.key,
        partition: step.group.set.texts[step.position]!,
        state,
        reason,
        error: ended?.end.error,
        duration: ended?.end.duration,
      });
    }
  }
  const outcome: BuildOutcome =
    options.signal?.aborted === true && counts.skipped > 0 ? "cancelled" : counts.failed > 0 ? "failed" : "succeeded";
  return { graph: network.graph.name, snapshot: first.manifest.fingerprint, outcome, ...counts, steps, duration };
}

function emitPlan(on: BuildListener | undefined, { network, manifest }: PlannedNetwork): void {
  if (on === undefined) return;
  const zero = (): Record<PlannedState, number> =>
    Object.fromEntries(Object.keys(plannedStates).map((state) => [state, 0])) as Record<PlannedState, number>;
  const counts = zero();
  const byKey = new Map<string, Record<PlannedState, number>>();
  for (const step of neededSteps(network)) {
    const { key } = stepName(step);
    let mine = byKey.get(key);
    if (mine === undefined) byKey.set(key, (mine = zero()));
    mine[step.planned!]++;
    counts[step.planned!]++;
  }
  on({ type: "planned", graph: network.graph.name, snapshot: manifest.fingerprint, counts, byKey });
}
