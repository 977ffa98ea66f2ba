// What every artifact store must do, as a list of named cases that know no test runner.

import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ArtifactStore } from "../registry/artifact-store.ts";
import { systemClock, type Clock } from "../util/clock.ts";
import { byteCases } from "./artifact-store-cases/bytes.ts";
import { claimCases } from "./artifact-store-cases/claims.ts";
import { processCases } from "./artifact-store-cases/processes.ts";
import { sweepCases } from "./artifact-store-cases/sweep.ts";

/** An artifact store to be tried: how to open one with nothing in it. */
export interface ArtifactStoreSubject {
  readonly name: string;
  open(options: { readonly clock: Clock }): Promise<OpenArtifactStore>;
}

export interface OpenArtifactStore {
  readonly store: ArtifactStore;
  /** Changes one byte of a stored object, or takes the object away, behind the store's back. */
  damage(digest: string, how: "flip a byte" | "remove"): Promise<void>;
  /**
   * A child process that opens the same store and calls `runArtifactStoreTask(store, task, args)`; its standard output is piped. Left out
   * by stores that one process alone can use.
   */
  spawn?(task: string, args: readonly string[]): ChildProcess;
  dispose(): Promise<void>;
}

/** What a case works with. */
export interface ArtifactStoreTrial extends OpenArtifactStore {
  /** Goes with the system's clock, and ahead of it as told. */
  readonly clock: Clock & { advance(milliseconds: number): void };
  /** An empty folder, removed afterwards. */
  readonly folder: string;
}

export interface ArtifactStoreCase {
  /** Short, stable: what a report lists. */
  readonly name: string;
  /** A true sentence about every store. */
  readonly title: string;
  /** Only for stores that several processes can use. */
  readonly processes?: boolean;
  /** Milliseconds that it may take on a slow machine; 30,000 unless told. */
  readonly time?: number;
  /** Throws what is wrong. */
  run(trial: ArtifactStoreTrial): Promise<void>;
}

export const artifactStoreCases: readonly ArtifactStoreCase[] = [
  ...byteCases,
  ...claimCases,
  ...sweepCases,
  ...processCases,
];

/** Runs one case on a store of its own; false where it is about processes and the store is not. Throws what the case throws. */
export async function runArtifactStoreCase(
  subject: ArtifactStoreSubject,
  { run, processes = false }: ArtifactStoreCase,
): Promise<boolean> {
  const clock = movableClock();
  const opened = await subject.open({ clock });
  const folder = await mkdtemp(join(tmpdir(), "strata-case-"));
  try {
    if (processes && opened.spawn === undefined) return false;
    await run({ ...opened, clock, folder });
    return true;
  } finally {
    await opened.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Files have the system's times whatever clock the store is given, so this one begins with them. */
function movableClock(): ArtifactStoreTrial["clock"] {
  let ahead = 0;
  return {
    now: () => systemClock.now() + ahead,
    monotonic: () => systemClock.monotonic(),
    advance: (milliseconds) => void (ahead += milliseconds),
  };
}
