// Group commit: claims of work and finished work are gathered and written in one durable transaction.

import type { Connection } from "../backend/backend.ts";
import type {
  Fence,
  Json,
  ManifestRecord,
  PartitionRecord,
  RunId,
  RunPartition,
  RunRecord,
  StoredPartition,
} from "../backend/records.ts";
import { storedPartition } from "../backend/stored-partition.ts";
import type { Storage } from "../data/storage/storage.ts";
import type { CodeVersion } from "../identity/code-version.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import { isDead } from "./holder.ts";
import { outputNode, type Step } from "./network.ts";
import { findEverything } from "./rebuilder.ts";
import { writeInspected, type Finding, type Inspected } from "./quality.ts";
import type { Workspace } from "./workspace.ts";

/** How long a round gathers while steps are at work, in milliseconds, and how many requests are enough for one. */
const GATHER_TIME = 5;
const ENOUGH = 256;

/** What became of a claim: ours to build, somebody else's, or found built meanwhile. */
export type ClaimAnswer =
  | { readonly kind: "granted"; readonly fence: Fence }
  | { readonly kind: "held"; readonly holder: string }
  | { readonly kind: "built"; readonly outputs: readonly StoredPartition[] };

/** A finished step, ready to be remembered. */
export interface StepCommit {
  readonly step: Step;
  readonly manifest: ManifestRecord;
  readonly fence: Fence;
  readonly run: RunRecord;
  /** By slot. */
  readonly outputs: readonly { readonly name: string; readonly partition: PartitionRecord }[];
  readonly inputs: readonly { readonly name: string; readonly partitions: readonly StoredPartition[] }[];
  /** To be made durable before the names are written: bytes before names. */
  readonly places: readonly WrittenPlace[];
  /** By slot. */
  readonly inspected: readonly Inspected[];
}

/** What a step made and its checks refused. */
export type Refused = Pick<StepCommit, "step" | "manifest" | "outputs" | "inputs" | "places" | "inspected"> & {
  /** By slot. */
  readonly findings: readonly (readonly Finding[])[];
};

interface Failure {
  readonly fence: Fence;
  readonly run: RunRecord;
  readonly refused: Refused | undefined;
}

/** Where bytes were written that are not yet sure to survive a power cut. */
export interface WrittenPlace {
  readonly storage: Storage;
  readonly location: string;
}

interface Waiting<Request, Answer> {
  readonly request: Request;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** The outputs as stored, or "superseded" when the lease was lost to somebody else meanwhile. */
export type CommitAnswer = readonly StoredPartition[] | "superseded";

export interface LedgerOptions {
  readonly snapshot: Fingerprint;
  /** Milliseconds until a lease of a process that cannot be seen to be dead may be taken over; held ones are renewed long before. */
  readonly leaseTime: number;
  /** Whether finding a result built meanwhile is welcome; not for a forced step. */
  readonly mayReuse: (step: Step) => boolean;
  /** Whether steps are at work that will have something to write soon. */
  readonly isBusy: () => boolean;
}

/** One per build. All its writes go through `#flush`, one at a time. */
export class Ledger {
  readonly #workspace: Workspace;
  readonly #snapshot: Fingerprint;
  readonly #leaseTime: number;
  readonly #mayReuse: LedgerOptions["mayReuse"];
  readonly #isBusy: LedgerOptions["isBusy"];
  #claims: Waiting<Step, ClaimAnswer>[] = [];
  #commits: Waiting<StepCommit, CommitAnswer>[] = [];
  #failures: Waiting<Failure, void>[] = [];
  #flushing: Promise<void> | undefined;
  /** A round is on its way: about to be written, or gathering. */
  #scheduled = false;
  #gathering: NodeJS.Timeout | undefined;
  readonly #held = new Map<string, Fence>();
  #heartbeat: NodeJS.Timeout | undefined;
  readonly #written = new Set<Fingerprint>();

  constructor(workspace: Workspace, options: LedgerOptions) {
    this.#workspace = workspace;
    this.#snapshot = options.snapshot;
    this.#leaseTime = options.leaseTime;
    this.#mayReuse = options.mayReuse;
    this.#isBusy = options.isBusy;
  }

  /** Asks to build a step: at most one process at a time is granted it. */
  claim(step: Step): Promise<ClaimAnswer> {
    return this.#enqueue(this.#claims, step);
  }

  /** Remembers a step: all its outputs, its run, its lineage and its place in the snapshot, or nothing. */
  commit(commit: StepCommit): Promise<CommitAnswer> {
    return this.#enqueue(this.#commits, commit);
  }

  /** Remembers that a step failed, puts what it made and was refused into quarantine, and lets its lease go. */
  fail(fence: Fence, run: RunRecord, refused?: Refused): Promise<void> {
    return this.#enqueue(this.#failures, { fence, run, refused });
  }

  /** Writes what is waiting, and lets go of every lease. */
  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    while (this.#flushing !== undefined) await this.#flushing;
    const left = [...this.#held.values()];
    this.#held.clear();
    if (left.length > 0) await this.#workspace.connection.releaseLeases(left);
  }

  #enqueue<Request, Answer>(queue: Waiting<Request, Answer>[], request: Request): Promise<Answer> {
    return new Promise((resolve, reject) => {
      queue.push({ request, resolve, reject });
      this.#schedule();
      if (this.#waiting() >= ENOUGH) this.hurry();
    });
  }

  /** Nothing is running that could add to the round that is gathering: write it now. */
  hurry(): void {
    if (this.#gathering === undefined) return;
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    setImmediate(() => this.#flush());
  }

  #schedule(): void {
    if (this.#scheduled || this.#flushing !== undefined) return;
    this.#scheduled = true;
    // While other steps are at work they will soon have something to write as well, and share the transaction and its disk sync.
    if (this.#isBusy()) this.#gathering = setTimeout(() => this.hurry(), GATHER_TIME);
    else setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    this.#flushing = this.#writeRound().finally(() => {
      this.#flushing = undefined;
      // Whoever the round answered may have asked again before it counted as over.
      if (this.#waiting() > 0) this.#schedule();
    });
  }

  #waiting(): number {
    return this.#claims.length + this.#commits.length + this.#failures.length;
  }

  async #writeRound(): Promise<void> {
    const claims = this.#claims.splice(0);
    const commits = this.#commits.splice(0);
    const failures = this.#failures.splice(0);
    try {
      await settle(
        [
          ...commits.flatMap(({ request }) => request.places),
          ...failures.flatMap(({ request }) => request.refused?.places ?? []),
        ],
        this.#workspace,
      );
      const answers = await this.#workspace.connection.transaction(async (tx) => ({
        commits: await this.#writeCommits(
          tx,
          commits.map(({ request }) => request),
        ),
        failures: await this.#writeFailures(
          tx,
          failures.map(({ request }) => request),
        ),
        claims: await this.#writeClaims(
          tx,
          claims.map(({ request }) => request),
        ),
      }));
      for (const { request } of [...commits, ...failures]) this.#held.delete(request.fence.name);
      commits.forEach(({ resolve }, index) => resolve(answers.commits[index]!));
      failures.forEach(({ resolve }) => resolve());
      claims.forEach(({ resolve }, index) => {
        const answer = answers.claims[index]!;
        if (answer.kind === "granted") this.#hold(answer.fence);
        resolve(answer);
      });
    } catch (error) {
      for (const { reject } of [...claims, ...commits, ...failures]) reject(error);
    }
  }

  async #writeCommits(tx: Connection, commits: readonly StepCommit[]): Promise<CommitAnswer[]> {
    if (commits.length === 0) return [];
    const holds = await tx.checkLeases(commits.map(({ fence }) => fence));
    const kept = commits.filter((_, index) => holds[index]);
    await tx.writeManifests(this.#newManifests(kept));
    await tx.startRuns(kept.map(({ run }) => run));
    const records = kept.flatMap(({ outputs }) => outputs.map(({ partition }) => partition));
    const ids = await tx.writeArtifactPartitions(records);
    const inputs: RunPartition[] = [];
    const outputs: RunPartition[] = [];
    const links = [];
    const stored = new Map<StepCommit, readonly StoredPartition[]>();
    let next = 0;
    for (const commit of kept) {
      const run = commit.run.id;
      for (const { name, partitions } of commit.inputs) {
        for (const { id } of partitions) inputs.push({ run, name, partition: id });
      }
      const mine = commit.outputs.map(({ partition }) => storedPartition(partition, ids[next++]!, false));
      for (const [slot, { id, key }] of mine.entries()) {
        outputs.push({ run, name: commit.outputs[slot]!.name, partition: id });
        links.push({ artifactKey: outputNode(commit.step, slot).key, key, partition: id });
      }
      stored.set(commit, mine);
    }
    await tx.writeRunPartitions({ inputs, outputs });
    const written = kept.filter(({ inspected }) => inspected.some(isKept));
    await writeInspected(
      tx,
      written.flatMap((commit) => stored.get(commit)!),
      written.flatMap(({ inspected }) => inspected),
    );
    await tx.writeSnapshotPartitions(this.#snapshot, links);
    await tx.releaseLeases(kept.map(({ fence }) => fence));
    return commits.map((commit) => stored.get(commit) ?? "superseded");
  }

  /** Step manifests are new each time; a producer's and its schemas are written with its first step. */
  #newManifests(commits: readonly Pick<StepCommit, "step" | "manifest">[]): ManifestRecord[] {
    const manifests: ManifestRecord[] = [];
    for (const { step, manifest } of commits) {
      manifests.push(manifest);
      const { producer } = step.group;
      if (this.#written.has(producer.fingerprint)) continue;
      this.#written.add(producer.fingerprint);
      manifests.push(producer);
      // What was counted of its code, so that a later change can be told by name.
      const { known } = step.group.call.producer.version as Partial<CodeVersion>;
      if (known !== undefined) manifests.push(known.manifest);
    }
    return manifests;
  }

  async #writeFailures(tx: Connection, failures: readonly Failure[]): Promise<void> {
    if (failures.length === 0) return;
    await tx.startRuns(failures.map(({ run }) => run));
    const refused = failures.filter(({ refused }) => refused !== undefined);
    if (refused.length > 0) {
      // Who has lost the lease may have been refused what another process made and was not.
      const holds = await tx.checkLeases(refused.map(({ fence }) => fence));
      for (const [index, { run, refused: one }] of refused.entries()) {
        if (holds[index] === true) await this.#quarantine(tx, run, one!);
      }
    }
    await tx.releaseLeases(failures.map(({ fence }) => fence));
  }

  async #quarantine(tx: Connection, { id: run, graph }: RunRecord, refused: Refused): Promise<void> {
    const { step, outputs, inputs, inspected, findings } = refused;
    await tx.writeManifests(this.#newManifests([refused]));
    const ids = await tx.writeArtifactPartitions(outputs.map(({ partition }) => partition));
    await tx.writeRunPartitions({
      inputs: inputs.flatMap(({ name, partitions }) => partitions.map(({ id }) => ({ run, name, partition: id }))),
      outputs: outputs.map(({ name }, slot) => ({ run, name, partition: ids[slot]! })),
    });
    const stored = outputs.map(({ partition }, slot) => storedPartition(partition, ids[slot]!, true));
    await writeInspected(tx, stored, inspected);
    await tx.writeQuarantine(
      stored.map(({ id, key }, slot) => ({
        graph,
        artifactKey: outputNode(step, slot).key,
        key,
        partition: id,
        run,
        findings: findings[slot]!.map(({ name, severity, text }) => ({ name, severity, text })),
      })),
    );
  }

  async #writeClaims(tx: Connection, steps: readonly Step[]): Promise<ClaimAnswer[]> {
    if (steps.length === 0) return [];
    const found = await findEverything(this.#workspaceWithin(tx), steps);
    const answers: ClaimAnswer[] = new Array<ClaimAnswer>(steps.length);
    const wanted: number[] = [];
    steps.forEach((step, index) => {
      const outputs = found[index];
      if (outputs !== undefined && this.#mayReuse(step)) answers[index] = { kind: "built", outputs };
      else wanted.push(index);
    });
    const leases = await tx.acquireLeases(
      wanted.map((index) => `step:${steps[index]!.input!}`),
      { holder: this.#workspace.holder, ttl: this.#leaseTime, isDead },
    );
    leases.forEach((lease, at) => {
      answers[wanted[at]!] = lease.granted
        ? { kind: "granted", fence: lease.fence }
        : { kind: "held", holder: lease.holder };
    });
    return answers;
  }

  #workspaceWithin(tx: Connection): Workspace {
    return { ...this.#workspace, connection: tx };
  }

  #hold(fence: Fence): void {
    this.#held.set(fence.name, fence);
    if (this.#heartbeat !== undefined) return;
    this.#heartbeat = setInterval(() => {
      const fences = [...this.#held.values()];
      // A beat that fails is not the end: the lease lives on for a while, and the commit checks it in any case.
      if (fences.length > 0) this.#workspace.connection.renewLeases(fences, this.#leaseTime).catch(() => {});
    }, this.#leaseTime / 6);
    this.#heartbeat.unref();
  }
}

function isKept({ statistics, findings }: Inspected): boolean {
  return statistics !== undefined || findings.length > 0;
}

/** Each storage syncs each folder once, however many files were written to it. */
async function settle(places: readonly WrittenPlace[], workspace: Workspace): Promise<void> {
  const byKind = new Map<string, WrittenPlace[]>();
  for (const place of places) {
    const same = byKind.get(place.storage.kind);
    if (same === undefined) byKind.set(place.storage.kind, [place]);
    else same.push(place);
  }
  for (const same of byKind.values()) {
    await same[0]!.storage.settle(
      same.map(({ location }) => location),
      workspace.storage,
    );
  }
}

/** The part of a run that does not depend on how it went. */
export function runOf(
  step: Step,
  facts: { id: RunId; parent: RunId; graph: string; snapshot: Fingerprint; holder: string },
): Pick<
  RunRecord,
  "id" | "parent" | "kind" | "graph" | "snapshot" | "producer" | "version" | "key" | "input" | "reason" | "holder"
> {
  const { producer } = step.group.call;
  return {
    ...facts,
    kind: "step",
    producer: producer.name,
    version: producer.version.text,
    key: step.group.set.texts[step.position]!,
    input: step.input!,
    reason: step.reason as unknown as Json,
  };
}
