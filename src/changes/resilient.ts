// A backend that is tried again, given up in time, and left alone when it is down.

import type { Backend, Connection } from "../backend/backend.ts";
import { isStratigraphError } from "../errors.ts";
import { isDegradable, isRetryable } from "../journal/failure.ts";
import { TimeLimit } from "../journal/time-limit.ts";
import { systemClock, type Clock } from "../util/clock.ts";
import { Circuit, type CircuitOptions, type CircuitState } from "./circuit.ts";
import type { Retry } from "./hooks.ts";
import { intercept, writes, type CallName } from "./intercept.ts";
import { withRetry, type RetryOptions } from "./with-retry.ts";

export interface ResilienceOptions {
  /** False: every call is made once. */
  readonly retry?: Omit<RetryOptions, "retryable" | "onRetry" | "name" | "signal"> | false | undefined;
  /** False: every call is made however many failed. */
  readonly breaker?: CircuitOptions | false | undefined;
  /** Milliseconds that one call, or one transaction, may take; no limit unless told. */
  readonly timeout?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly onRetry?: ((retry: Retry) => void) | undefined;
  readonly onCircuit?: ((state: CircuitState, failures: number) => void) | undefined;
}

/** Writes that may be made twice: the second time they change nothing, and answer the same. */
const idempotent: ReadonlySet<CallName> = new Set<CallName>([
  "writeGraph",
  "writeSnapshot",
  "setSnapshotState",
  "removeSnapshots",
  "writeArtifactPartitions",
  "markPartitionsDamaged",
  "writeQuality",
  "writeSnapshotPartitions",
  "writeArtifactAndGraphPartitions",
  "writeManifests",
  "acquireLeases",
  "renewLeases",
  "releaseLeases",
  "startRuns",
  "writeRunPartitions",
  "writeEvents",
]);

/** One circuit and one way of trying again, for all connections of a backend. */
export class Resilience {
  readonly #options: ResilienceOptions;
  readonly #circuit: Circuit | undefined;
  readonly #limit: TimeLimit | undefined;

  constructor(options: ResilienceOptions = {}) {
    const { breaker = {}, timeout, clock = systemClock, onCircuit } = options;
    this.#options = options;
    this.#circuit =
      breaker === false ? undefined : new Circuit(breaker, clock, (state, failures) => onCircuit?.(state, failures));
    this.#limit = timeout === undefined ? undefined : new TimeLimit(timeout);
  }

  /** "closed" also where there is no breaker. */
  get circuit(): CircuitState {
    return this.#circuit?.state ?? "closed";
  }

  /** Runs one call. `again`: which errors it may be repeated after; those of locks, time limits and the network unless told. */
  async run<T>(
    name: string,
    work: () => Promise<T>,
    again: (error: unknown) => boolean = isRetryable,
    isFailure: (error: unknown) => boolean = isBackendFailure,
  ): Promise<T> {
    const limited = this.#limit === undefined ? work : () => this.#limit!.run(work);
    const guarded = this.#circuit === undefined ? limited : () => this.#circuit!.run(limited, isFailure);
    const { retry = {}, onRetry } = this.#options;
    return retry === false ? guarded() : withRetry(guarded, { ...retry, name, onRetry, retryable: again });
  }

  connection(connection: Connection): Connection {
    return intercept(
      connection,
      (name, _args, call) =>
        this.run(name, call, !writes(name) || idempotent.has(name) ? isRetryable : isCertainlyUndone),
      { transaction: (work) => this.#transaction(connection, work) },
    );
  }

  /** Once its work has begun it is not begun again: only whoever wrote it knows what else it did. */
  #transaction<T>(connection: Connection, work: (tx: Connection) => Promise<T>): Promise<T> {
    let begun = false;
    let thrown: { readonly error: unknown } | undefined;
    const observed = async (tx: Connection): Promise<T> => {
      begun = true;
      try {
        return await work(tx);
      } catch (error) {
        thrown = { error };
        throw error;
      }
    };
    return this.run(
      "transaction",
      () => connection.transaction(observed),
      (error) => !begun && isRetryable(error),
      // What the work itself throws says nothing about the backend, unless the backend threw it first.
      (error) => isBackendFailure(error) && (thrown?.error !== error || isStratigraphError(error)),
    );
  }
}

/** The same backend, or one connection, with retries, a circuit breaker, and a time limit where told. */
export function resilient(backend: Backend, options?: ResilienceOptions): Backend;
export function resilient(connection: Connection, options?: ResilienceOptions): Connection;
export function resilient(inner: Backend | Connection, options: ResilienceOptions = {}): Backend | Connection {
  const resilience = new Resilience(options);
  if (!("connect" in inner)) return resilience.connection(inner);
  return {
    ...passedOn(inner),
    connect: (how) => resilience.run("connect", () => inner.connect(how)).then((open) => resilience.connection(open)),
  };
}

/** What a backend says of itself. */
export function passedOn(backend: Backend): Pick<Backend, "kind" | "home" | "stamp"> {
  const { kind, home } = backend;
  return { kind, home, ...(backend.stamp === undefined ? {} : { stamp: () => backend.stamp?.() }) };
}

/** It was never made, so making it again makes it once. */
function isCertainlyUndone(error: unknown): boolean {
  return isStratigraphError(error) && error.code === "BACKEND_BUSY";
}

function isBackendFailure(error: unknown): boolean {
  if (!isDegradable(error)) return false;
  return !(
    isStratigraphError(error) && ["CONNECTION_CLOSED", "TRANSACTION_INVALID", "CIRCUIT_OPEN"].includes(error.code)
  );
}
