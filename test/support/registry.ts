// A registry for tests: a fact base and a store of its own, and everything that happened in it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memory } from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import type { Backend, Connection } from "../../src/backend/backend.ts";
import { createHost, type Host, type HostOptions } from "../../src/changes/host.ts";
import type { ArtifactStore } from "../../src/registry/artifact-store.ts";
import type { RegistryOptions } from "../../src/registry/core.ts";
import { createRegistry, type ModelRegistry } from "../../src/registry/registry.ts";
import { localStore } from "../../src/registry/store/local-store.ts";
import { manualClock, type ManualClock } from "../../src/testing/manual-clock.ts";

export interface RegistryOpened extends AsyncDisposable {
  readonly folder: string;
  readonly connection: Connection;
  readonly host: Host;
  readonly store: ArtifactStore;
  readonly registry: ModelRegistry;
  readonly clock: ManualClock;
  /** What a blocked promotion said. */
  readonly lines: readonly string[];
  /** Another registry over the same facts. */
  again(options?: Partial<RegistryOptions>): ModelRegistry;
}

export interface OpenRegistryOptions extends Partial<Omit<RegistryOptions, "host" | "store">> {
  readonly backend?: Backend | "memory" | "sqlite" | undefined;
  readonly host?: Partial<HostOptions> | undefined;
}

/** Nothing is left to the writer unless told. */
export async function openRegistry(options: OpenRegistryOptions = {}): Promise<RegistryOpened> {
  const { backend: wanted = "memory", host: hostOptions, ...rest } = options;
  const folder = mkdtempSync(join(tmpdir(), "stratigraph-registry-"));
  const backend = wanted === "memory" ? memory() : wanted === "sqlite" ? sqlite(join(folder, "strata.db")) : wanted;
  const clock = manualClock();
  const connection = await backend.connect();
  const host = createHost({ connection, clock, actor: "ana", mode: "auto", writer: false, ...hostOptions });
  const store = localStore(join(folder, "registry"), { clock });
  const lines: string[] = [];
  const common = { host, store, log: (line: string) => void lines.push(line), ...rest };
  return {
    folder,
    connection,
    host,
    store,
    registry: createRegistry(common),
    clock,
    lines,
    again: (more = {}) => createRegistry({ ...common, ...more }),
    async [Symbol.asyncDispose]() {
      await host.close();
      await connection.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Types of all stored events, oldest first. */
export async function eventTypesOf(connection: Connection): Promise<readonly string[]> {
  const { items } = await connection.listEvents({ after: 0 }, { limit: 10_000 });
  return items.map(({ type }) => type);
}

/** "action status" of all audit rows, oldest first. */
export async function auditOf(connection: Connection): Promise<readonly string[]> {
  return (await connection.readAudit(1, 10_000)).map(({ action, status }) => `${action} ${status}`);
}

/** "version stage" of all versions, oldest first. */
export async function stagesOf(registry: ModelRegistry, name: string): Promise<readonly string[]> {
  const { items } = await registry.listVersions(name);
  return items.map(({ version, stage }) => `${version} ${stage}`).reverse();
}
