// A history made by hand: snapshots that hold partitions, in a memory backend.

import { memory } from "../../../src/backend/memory/memory-backend.ts";
import type { PartitionRecord, StoredSnapshot } from "../../../src/backend/records.ts";
import { openWorkspace, type Workspace } from "../../../src/build/workspace.ts";
import { fingerprintText } from "../../../src/identity/fingerprint.ts";
import type { KeyText } from "../../../src/identity/partition-key.ts";

/** Content by partition key, by artifact key. */
export type Held = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface History extends AsyncDisposable {
  readonly workspace: Workspace;
  /** Writes a snapshot that holds these contents; the same content under the same keys is the same partition. */
  snapshot(name: string, held: Held, graph?: string): Promise<StoredSnapshot>;
  tag(tag: string, snapshot: StoredSnapshot): Promise<void>;
  /** Contents by place, of one snapshot. */
  held(snapshot: StoredSnapshot): Promise<Record<string, string[]>>;
}

/** By the clock of the backend a day has passed since anything was written, whenever one looks. */
export async function openHistory(): Promise<History> {
  const yesterday = { now: () => Date.UTC(2030, 0, 1), monotonic: () => 0 };
  const today = { now: () => Date.UTC(2030, 0, 2), monotonic: () => 0 };
  const workspace = await openWorkspace({ backend: memory({ clock: yesterday }), clock: today });
  const { connection } = workspace;
  return {
    workspace,
    async snapshot(name, held, graph = "spend") {
      const graphFingerprint = fingerprintText(`graph ${graph}`);
      await connection.writeGraph({
        name: graph,
        fingerprint: graphFingerprint,
        description: { format: 1, name: graph, artifacts: [], producers: [] },
      });
      const snapshot = await connection.writeSnapshot({
        id: fingerprintText(`snapshot ${name}`),
        graph,
        graphFingerprint,
        state: "complete",
        createdAt: "2026-01-01T00:00:00.000Z",
      });
      for (const [artifactKey, partitions] of Object.entries(held)) {
        const keys = Object.keys(partitions) as KeyText[];
        const ids = await connection.writeArtifactPartitions(
          keys.map((key) => record(artifactKey, key, partitions[key]!)),
        );
        await connection.writeSnapshotPartitions(
          snapshot.id,
          keys.map((key, index) => ({ artifactKey, key, partition: ids[index]! })),
        );
      }
      return snapshot;
    },
    async tag(tag, snapshot) {
      await connection.writeSnapshotTag({
        graph: snapshot.graph,
        tag,
        snapshot: snapshot.id,
        by: "ana",
        expected: "any",
      });
    },
    async held(snapshot) {
      const contents: Record<string, string[]> = {};
      for (const key of (await connection.countSnapshotPartitions(snapshot.id)).keys()) {
        const { items } = await connection.readSnapshotPartitions(snapshot.id, key);
        contents[key] = items.map(({ key: partition, value }) => `${partition} ${new TextDecoder().decode(value)}`);
      }
      return contents;
    },
    [Symbol.asyncDispose]: () => workspace.close(),
  };
}

export function record(artifact: string, key: KeyText, content: string): PartitionRecord {
  return {
    artifact: fingerprintText(`artifact ${artifact}`),
    key,
    input: fingerprintText(`input of ${content}`),
    content: fingerprintText(content),
    size: content.length,
    digest: undefined,
    storage: "literal",
    location: "",
    value: new TextEncoder().encode(content),
    run: undefined,
  };
}
