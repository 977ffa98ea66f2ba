// A fact base with lineage in it: the days and total of a spending graph, built on real files, and a host over it.

import { z } from "zod";
import {
  all,
  artifact,
  daily,
  graph,
  local,
  memory,
  producer,
  type Backend,
  type Connection,
  type Graph,
} from "stratigraph";
import { versionFacts, type VersionRecord } from "../../../src/backend/model-records.ts";
import type { KeyText } from "../../../src/identity/partition-key.ts";
import { createHost, type Host } from "../../../src/changes/host.ts";
import { manualClock, type ManualClock } from "../../../src/testing/manual-clock.ts";
import { Folder } from "../../support/folder.ts";

export interface Spending extends AsyncDisposable {
  readonly folder: Folder;
  readonly backend: Backend;
  readonly connection: Connection;
  readonly graph: ReturnType<typeof spendGraph>;
  build(): Promise<string>;
}

const Transactions = artifact({ schema: z.array(z.number()), partitionBy: { date: daily() } });
const Rates = artifact({ schema: z.object({ factor: z.number() }) });
const Days = artifact({ schema: z.number(), partitionBy: { date: daily() } });
const Total = artifact({ schema: z.number() });
const Report = artifact({ schema: z.string() });

/** raw transactions and rates → days → total → report: three steps, two raw inputs. */
export function spendGraph(version = "1.0.0") {
  const sumDay = producer({
    name: "sum-day",
    version,
    inputs: { transactions: Transactions, rates: Rates },
    output: Days,
    build: ({ transactions, rates }) => transactions.reduce((sum, one) => sum + one * rates.factor, 0),
  });
  const sumAll = producer({
    name: "sum-all",
    version: "1.0.0",
    inputs: { days: all(Days) },
    output: Total,
    build: ({ days }) => days.reduce((sum, day) => sum + day.value, 0),
  });
  const tell = producer({
    name: "tell",
    version: "2.1.0",
    inputs: { total: Total },
    output: Report,
    build: ({ total }) => `spent ${total}`,
  });
  return graph("spend", () => {
    const transactions = Transactions.from(local("data/{date}.json"));
    const rates = Rates.from(local("rates.json"));
    const days = sumDay({ transactions, rates });
    const total = sumAll({ days });
    return { vendor: { transactions }, rates, days, total, report: tell({ total }) };
  });
}

/** Three days; nothing is built yet. */
export async function openSpending(backend: Backend = memory(), version?: string): Promise<Spending> {
  const folder = new Folder();
  folder.write("rates.json", '{"factor":2}');
  folder.write("data/2026-01-01.json", "[12.5,7.25]");
  folder.write("data/2026-01-02.json", "[4.75]");
  folder.write("data/2026-01-03.json", "[31,2.5]");
  const connection = await backend.connect();
  const own = spendGraph(version);
  return {
    folder,
    backend,
    connection,
    graph: own,
    build: async () => (await own.build({ backend, root: folder.path })).id,
    async [Symbol.asyncDispose]() {
      await connection.close();
      folder[Symbol.dispose]();
    },
  };
}

export type { Graph };

/** A host that writes at once, on a clock that stands still until told. */
export async function openHost(
  options: { readonly backend?: Backend; readonly engineVersion?: string; readonly clock?: ManualClock } = {},
): Promise<{ readonly host: Host; readonly connection: Connection; readonly clock: ManualClock }> {
  const clock = options.clock ?? manualClock(Date.parse("2026-03-01T10:00:00Z"));
  const connection = await (options.backend ?? memory()).connect();
  const host = createHost({ connection, clock, actor: "ana", engineVersion: options.engineVersion ?? "0.1.0" });
  return { host, connection, clock };
}

/** Registers a version of a model straight as rows, made from one stored partition. */
export async function writeVersion(
  connection: Connection,
  given: { readonly name?: string; readonly version?: string; readonly sequence?: number } & Partial<
    Omit<VersionRecord, "revision" | "name" | "version" | "sequence">
  >,
): Promise<VersionRecord> {
  const { name = "forecast", version = "1.0.0", sequence = 1, ...more } = given;
  const model = { namespace: "team", name };
  const at = "2026-03-01T10:00:00.000Z";
  const [known] = await connection.readModels([model]);
  if (known === undefined) {
    const facts = { description: undefined, labels: {}, gates: undefined, createdAt: at, createdBy: "ana" };
    await connection.writeModel({ ...model, ...facts }, undefined);
  }
  const plain = {
    ...model,
    id: `v-${name}-${version}` as VersionRecord["id"],
    version,
    sequence,
    stage: "development",
    stagedAt: sequence,
    createdAt: at,
    createdBy: "ana",
    engineVersion: "0.1.0",
    run: undefined,
    source: undefined,
    artifact: undefined,
    ...versionFacts({}),
    deleted: undefined,
  } as const;
  const [written] = await connection.writeVersions([{ version: { ...plain, ...more }, expected: undefined }]);
  return written!;
}

/** The partition an artifact has in the latest snapshot, as a version is tied to it. */
export async function sourceOf(
  connection: Connection,
  artifactKey: string,
  key = "",
): Promise<NonNullable<VersionRecord["source"]>> {
  const snapshot = (await connection.readLatestSnapshot("spend"))!;
  const { items } = await connection.readSnapshotPartitions(snapshot.id, artifactKey, { keys: [key as KeyText] });
  const { id: partition, content } = items[0]!;
  return { graph: "spend", snapshot: snapshot.id, artifactKey, key: key as KeyText, partition, content };
}
