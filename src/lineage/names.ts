// What people call partitions: the artifact keys of the graph that a run was part of, as its snapshot's description has them.

import type { Connection } from "../backend/backend.ts";
import { readDescription } from "../backend/description.ts";
import type {
  LineageEdge,
  PartitionId,
  RunId,
  RunRecord,
  StoredPartition,
  StoredSnapshot,
} from "../backend/records.ts";
import type { GraphDescription, ProducerDescription } from "../graph/describe.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { KeyText } from "../identity/partition-key.ts";

/** An artifact as a graph calls it. */
export interface ArtifactName {
  readonly graph: string;
  readonly key: string;
}

interface Declared {
  readonly snapshot: StoredSnapshot;
  readonly description: GraphDescription;
  readonly identities: ReadonlyMap<string, string>;
  readonly calls: ReadonlyMap<string, readonly ProducerDescription[]>;
}

/** Reads each snapshot's description once. */
export class NameBook {
  readonly #connection: Connection;
  readonly #declared = new Map<Fingerprint, Promise<Declared | undefined>>();
  readonly #byGraph = new Map<string, Promise<Omit<Declared, "snapshot"> | undefined>>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** What a snapshot's graph declared; `undefined` where the snapshot is gone or its graph was never written. */
  declared(snapshot: Fingerprint): Promise<Declared | undefined> {
    let found = this.#declared.get(snapshot);
    if (found === undefined) this.#declared.set(snapshot, (found = this.#read(snapshot)));
    return found;
  }

  /**
   * The call of a producer that a step was: by its name, by which artifacts it read and wrote, and, where two calls are alike in all of
   * that, by which of them the snapshot links its output under. `undefined` where nothing is remembered.
   */
  async callOf(
    run: RunRecord,
    outputs: readonly StoredPartition[],
    inputs: readonly { readonly name: string; readonly partition: StoredPartition }[],
  ): Promise<{ readonly call: ProducerDescription; readonly declared: Declared } | undefined> {
    const declared = run.snapshot === undefined ? undefined : await this.declared(run.snapshot);
    const named = run.producer === undefined ? undefined : declared?.calls.get(run.producer);
    if (declared === undefined || named === undefined) return undefined;
    let fitting = named;
    if (fitting.length > 1) {
      const { identities } = declared;
      fitting = named.filter(
        (call) =>
          outputs.every(({ artifact }) => call.outputs.some(({ key }) => identities.get(key) === artifact)) &&
          inputs.every(({ name, partition }) =>
            call.inputs.some((input) => input.name === name && identities.get(input.from) === partition.artifact),
          ),
      );
    }
    if (fitting.length > 1) fitting = await this.#linking(declared, fitting, outputs);
    return fitting[0] === undefined ? undefined : { call: fitting[0], declared };
  }

  async #linking(
    { snapshot }: Declared,
    calls: readonly ProducerDescription[],
    outputs: readonly StoredPartition[],
  ): Promise<readonly ProducerDescription[]> {
    const [output] = outputs;
    if (output === undefined) return calls;
    for (const call of calls) {
      for (const { key } of call.outputs) {
        const keys: readonly KeyText[] = [output.key];
        const { items } = await this.#connection.readSnapshotPartitions(snapshot.id, key, { keys });
        if (items.some(({ id }) => id === output.id)) return [call];
      }
    }
    return calls;
  }

  async #read(id: Fingerprint): Promise<Declared | undefined> {
    const snapshot = await this.#connection.readSnapshot(id);
    if (snapshot === undefined) return undefined;
    let known = this.#byGraph.get(`${snapshot.graphFingerprint} ${snapshot.graph}`);
    if (known === undefined) {
      known = readDescription(this.#connection, snapshot).then((description) =>
        description === undefined ? undefined : indexed(description),
      );
      this.#byGraph.set(`${snapshot.graphFingerprint} ${snapshot.graph}`, known);
    }
    const found = await known;
    return found === undefined ? undefined : { snapshot, ...found };
  }
}

function indexed(description: GraphDescription): Omit<Declared, "snapshot"> {
  const calls = new Map<string, ProducerDescription[]>();
  for (const call of description.producers) {
    const same = calls.get(call.name);
    if (same === undefined) calls.set(call.name, [call]);
    else same.push(call);
  }
  const identities = new Map(description.artifacts.map(({ key, identity }) => [key, identity]));
  return { description, identities, calls };
}

/** What was walked over, by run: the partitions each read and wrote. */
export interface RunEnds {
  readonly inputs: readonly { readonly name: string; readonly partition: StoredPartition }[];
  readonly outputs: readonly StoredPartition[];
}

/**
 * The name of every partition of a walk. One that was read or written in several graphs has the name it was first met under, nearest
 * first; one that no remembered run touched has none.
 */
export async function namePartitions(
  book: NameBook,
  runs: Iterable<RunRecord>,
  ends: ReadonlyMap<RunId, RunEnds>,
  given: ReadonlyMap<PartitionId, ArtifactName>,
): Promise<Map<PartitionId, ArtifactName>> {
  const names = new Map(given);
  const take = (id: PartitionId, name: ArtifactName): void => {
    if (!names.has(id)) names.set(id, name);
  };
  for (const run of runs) {
    const { inputs, outputs } = ends.get(run.id) ?? { inputs: [], outputs: [] };
    const found = await book.callOf(run, outputs, inputs);
    if (found === undefined) continue;
    const { call, declared } = found;
    for (const { id, artifact } of outputs) {
      const slot = call.outputs.find(({ key }) => declared.identities.get(key) === artifact);
      if (slot !== undefined) take(id, { graph: run.graph, key: slot.key });
    }
    for (const { name, partition } of inputs) {
      const input = call.inputs.find((one) => one.name === name);
      if (input !== undefined) take(partition.id, { graph: run.graph, key: input.from });
    }
  }
  return names;
}

/** What each run of a walk read and wrote; one that reads nothing has no edges, but its output knows it. */
export function endsOf(
  edges: Iterable<LineageEdge>,
  partitions: ReadonlyMap<PartitionId, StoredPartition>,
): Map<RunId, RunEnds> {
  const found = new Map<RunId, OpenEnds>();
  const of = (run: RunId): OpenEnds => {
    let ends = found.get(run);
    if (ends === undefined) found.set(run, (ends = { read: new Set(), inputs: [], written: new Set(), outputs: [] }));
    return ends;
  };
  const write = ({ written, outputs }: OpenEnds, partition: StoredPartition): void => {
    if (written.has(partition.id)) return;
    written.add(partition.id);
    outputs.push(partition);
  };
  for (const { run, name, input, output } of edges) {
    const ends = of(run);
    const [from, to] = [partitions.get(input), partitions.get(output)];
    if (from !== undefined && !ends.read.has(`${input} ${name}`)) {
      ends.read.add(`${input} ${name}`);
      ends.inputs.push({ name, partition: from });
    }
    if (to !== undefined) write(ends, to);
  }
  for (const partition of partitions.values()) if (partition.run !== undefined) write(of(partition.run), partition);
  return found;
}

interface OpenEnds {
  readonly read: Set<string>;
  readonly inputs: { readonly name: string; readonly partition: StoredPartition }[];
  readonly written: Set<PartitionId>;
  readonly outputs: StoredPartition[];
}
