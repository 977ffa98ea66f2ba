// What every backend must do, as a list of named cases that know no test runner.

import type { ChildProcess } from "node:child_process";
import type { Backend, Connection } from "../backend/backend.ts";
import type { Clock } from "../util/clock.ts";
import { concurrencyCases } from "./backend-cases/concurrency.ts";
import { inputCases } from "./backend-cases/input.ts";
import { leaseCases } from "./backend-cases/leases.ts";
import { modelCases } from "./backend-cases/models.ts";
import { linkCases } from "./backend-cases/links.ts";
import { partitionCases } from "./backend-cases/partitions.ts";
import { processCases } from "./backend-cases/processes.ts";
import { runListCases } from "./backend-cases/run-lists.ts";
import { runCases } from "./backend-cases/runs.ts";
import { snapshotCases } from "./backend-cases/snapshots.ts";
import { markCases } from "./backend-cases/marks.ts";
import { qualityCases } from "./backend-cases/quality.ts";
import { tagCases } from "./backend-cases/tags.ts";
import { auditCases } from "./backend-cases/audit.ts";
import { eventCases } from "./backend-cases/events.ts";
import { lineageCases } from "./backend-cases/lineage.ts";
import { submissionCases } from "./backend-cases/submissions.ts";
import { taskCases } from "./backend-cases/tasks.ts";
import { versionSearchCases } from "./backend-cases/version-search.ts";
import { copyCases } from "./backend-cases/copies.ts";
import { transactionCases } from "./backend-cases/transactions.ts";

/**
 * `persistent`: what was written is there after everything was closed; needs `reopen`.
 * `multiProcess`: several processes may use one store at once; needs `spawn`.
 * `readOnly`: `connect({ readOnly: true })` is possible.
 */
export const capabilities = ["persistent", "multiProcess", "readOnly"] as const;
export type Capability = (typeof capabilities)[number];

/** A backend to be tried: how to open one with nothing in it. */
export interface BackendSubject {
  readonly name: string;
  readonly capabilities: readonly Capability[];
  /** A backend with an empty store of its own. */
  open(options?: OpenOptions): Promise<OpenStore>;
}

export interface OpenOptions {
  /** The clock that the backend is to take for leases and tags. */
  readonly clock?: Clock | undefined;
  /** Milliseconds a call may wait for other writers. */
  readonly busyTimeout?: number | undefined;
}

export interface OpenStore {
  readonly backend: Backend;
  /** A backend object of the same store that shares nothing else with the first. */
  reopen?(options?: OpenOptions): Backend;
  /**
   * A child process that opens the same store and calls `runChildTask(backend, task, args)`; its standard output is piped.
   * A killed one must be dead when its `exit` event comes.
   */
  spawn?(task: string, args: readonly string[]): ChildProcess;
  /** Removes the store; everything is closed by then. */
  dispose(): Promise<void>;
}

/** What a case works with. Everything opened through it is closed afterwards. */
export interface Trial {
  /** One store per trial, opened at the first call, whose options count. */
  store(options?: OpenOptions): Promise<OpenStore>;
  /** A new connection to it. */
  connect(options?: { readonly readOnly?: boolean }): Promise<Connection>;
}

export interface ContractCase {
  /** Short, stable: what a report lists. */
  readonly name: string;
  /** A true sentence about every backend. */
  readonly title: string;
  readonly needs?: readonly Capability[];
  /** Milliseconds that it may take on a slow machine; 30,000 unless told. */
  readonly time?: number;
  /** Throws what is wrong. */
  run(trial: Trial): Promise<void>;
}

export const backendCases: readonly ContractCase[] = [
  ...snapshotCases,
  ...tagCases,
  ...markCases,
  ...qualityCases,
  ...partitionCases,
  ...linkCases,
  ...runCases,
  ...runListCases,
  ...taskCases,
  ...lineageCases,
  ...modelCases,
  ...versionSearchCases,
  ...eventCases,
  ...auditCases,
  ...submissionCases,
  ...copyCases,
  ...leaseCases,
  ...inputCases,
  ...transactionCases,
  ...concurrencyCases,
  ...processCases,
];

/** Why a case does not apply to a subject; `undefined` where it does. */
export function notApplicable(subject: BackendSubject, { needs = [] }: ContractCase): string | undefined {
  const missing = needs.filter((need) => !subject.capabilities.includes(need));
  return missing.length === 0 ? undefined : `n/a: ${subject.name} is not ${missing.join(", ")}`;
}

/** Runs one case on a store of its own. Throws what the case throws. */
export async function runCase(subject: BackendSubject, contractCase: ContractCase): Promise<void> {
  let opening: Promise<OpenStore> | undefined;
  const connections: Connection[] = [];
  const store = (options?: OpenOptions): Promise<OpenStore> => (opening ??= subject.open(options));
  try {
    await contractCase.run({
      store,
      async connect(options) {
        const connection = await (await store()).backend.connect(options);
        connections.push(connection);
        return connection;
      },
    });
  } finally {
    for (const connection of connections) await connection.close();
    await (await opening)?.dispose();
  }
}

export interface CaseReport {
  readonly name: string;
  readonly title: string;
  /** `not run`: it applies, but cannot be tried here; never taken for passed. */
  readonly outcome: "passed" | "failed" | "n/a" | "not run";
  readonly reason: string | undefined;
  readonly error: unknown;
}

/** Thrown by a case that cannot be tried on this machine. */
export class NotRun extends Error {}

/** Runs all cases, one after the other, and tells each as it ends. */
export async function* runBackendContract(subject: BackendSubject): AsyncGenerator<CaseReport, void, void> {
  for (const contractCase of backendCases) {
    const { name, title } = contractCase;
    const reason = notApplicable(subject, contractCase);
    if (reason !== undefined) {
      yield { name, title, outcome: "n/a", reason, error: undefined };
      continue;
    }
    try {
      await runCase(subject, contractCase);
      yield { name, title, outcome: "passed", reason: undefined, error: undefined };
    } catch (error) {
      const notRun = error instanceof NotRun;
      const because = error instanceof Error ? error.message : String(error);
      yield { name, title, outcome: notRun ? "not run" : "failed", reason: because, error: notRun ? undefined : error };
    }
  }
}

/** "61 passed, 0 failed, 9 n/a, 0 not run" */
export function summarizeReports(reports: readonly CaseReport[]): string {
  const count = (outcome: CaseReport["outcome"]): string =>
    `${reports.filter((report) => report.outcome === outcome).length} ${outcome}`;
  return [count("passed"), count("failed"), count("n/a"), count("not run")].join(", ");
}
