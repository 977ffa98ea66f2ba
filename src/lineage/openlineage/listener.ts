// OpenLineage events of a build as it runs: a listener to hand to `build({ on })`.

import type { Backend, Connection } from "../../backend/backend.ts";
import type { RunId } from "../../backend/records.ts";
import type { BuildEvent, BuildListener } from "../../build/events.ts";
import { packageVersion } from "../../changes/package-version.ts";
import type { StratigraphError } from "../../errors.ts";
import { systemClock, type Clock } from "../../util/clock.ts";
import { NameBook } from "../names.ts";
import type { RunEvent } from "./event.ts";
import { stepFacts } from "../step-facts.ts";
import { EventWriter, type EventRun, type OpenLineageNames } from "./writer.ts";

export interface OpenLineageOptions extends Omit<OpenLineageNames, "engineVersion"> {
  /** Called with every event, in order; one after the other where it answers a promise. */
  readonly emit: (event: RunEvent) => void | Promise<void>;
  /** The build's own: with it the end of a step says what it read and wrote, with contents. Without it there are no data sets. */
  readonly backend?: Backend | undefined;
  /** Told of an event that could not be made or emitted; the build goes on. A process warning unless told. */
  readonly onError?: ((error: unknown) => void) | undefined;
  readonly clock?: Clock | undefined;
  readonly engineVersion?: string | undefined;
}

/** A listener that must be flushed before the program ends. */
export interface OpenLineageListener extends BuildListener {
  /** Resolves when everything told so far has been emitted, and lets go of the backend. */
  flush(): Promise<void>;
}

interface OpenBuild {
  readonly run: EventRun;
  /** Steps that have begun and not ended. */
  readonly steps: Map<RunId, EventRun>;
}

/** Listens to any number of builds, one after the other. Never throws, and holds no build up. */
export function openLineage(options: OpenLineageOptions): OpenLineageListener {
  const { emit, backend, clock = systemClock } = options;
  const { onError = (error: unknown) => process.emitWarning(String(error), "StratigraphWarning") } = options;
  const writer = new EventWriter({ ...options, engineVersion: options.engineVersion ?? packageVersion() });
  let queue: Promise<void> = Promise.resolve();
  let connection: Promise<Connection> | undefined;
  let planned: Extract<BuildEvent, { type: "planned" }> | undefined;
  let build: OpenBuild | undefined;

  const later = (work: () => Promise<RunEvent> | RunEvent): void => {
    queue = queue.then(async () => emit(await work())).catch(onError);
  };
  const now = (): string => new Date(clock.now()).toISOString();

  const begin = (id: RunId): OpenBuild => {
    const run: EventRun = { ...empty, id, kind: "build", graph: planned?.graph ?? "", snapshot: planned?.snapshot };
    const at = now();
    later(() => writer.event("START", at, run));
    return { run, steps: new Map() };
  };

  const endStep = (id: RunId, type: "COMPLETE" | "FAIL" | "ABORT", error: StratigraphError | undefined): void => {
    const { run: parent, steps } = build!;
    const known = steps.get(id)!;
    steps.delete(id);
    const at = now();
    const told = error === undefined ? known : { ...known, error: { code: error.code, message: error.message } };
    later(async () => {
      const open = type === "COMPLETE" && backend !== undefined ? await (connection ??= backend.connect()) : undefined;
      const stored = await open?.readRun(id);
      // A book of its own: a snapshot's description does not change, but another build may have written another one.
      const step =
        open === undefined || stored === undefined ? undefined : await stepFacts(open, new NameBook(open), stored);
      return writer.event(type, at, stored ?? told, { parent, step });
    });
  };

  const listener = (event: BuildEvent): void => {
    switch (event.type) {
      case "planned":
        planned = event;
        return;
      case "step-started": {
        const { run, build: of, step } = event;
        if (run === undefined || of === undefined) return;
        if (build?.run.id !== of) build = begin(of);
        const { run: parent, steps } = build;
        const { graph, snapshot } = parent;
        const { producer, partition } = step;
        const started: EventRun = {
          ...empty,
          id: run,
          parent: of,
          kind: "step",
          graph,
          snapshot,
          producer,
          key: partition as EventRun["key"],
        };
        steps.set(run, started);
        const at = now();
        later(() => writer.event("START", at, started, { parent }));
        return;
      }
      case "step-finished":
        if (event.run !== undefined && build?.steps.has(event.run) === true)
          endStep(event.run, event.state === "failed" ? "FAIL" : "COMPLETE", event.error);
        return;
      case "build-finished": {
        if (build === undefined) return;
        // What began and was never heard of again was stopped, or begins anew because what it needed was gone.
        for (const id of build.steps.keys()) endStep(id, "ABORT", undefined);
        const { outcome, failed, skipped } = event.result;
        const message = `${failed} failed, ${skipped} skipped`;
        const run = outcome === "failed" ? { ...build.run, error: { message } } : build.run;
        const at = now();
        const type = outcome === "succeeded" ? "COMPLETE" : outcome === "failed" ? "FAIL" : "ABORT";
        later(() => writer.event(type, at, run));
        build = undefined;
        return;
      }
      default:
        return;
    }
  };

  return Object.assign(listener, {
    async flush(): Promise<void> {
      for (let seen: Promise<void> | undefined; seen !== queue;) {
        seen = queue;
        await seen;
      }
      const open = connection;
      connection = undefined;
      if (open !== undefined) await (await open).close();
    },
  });
}

const empty = {
  parent: undefined,
  snapshot: undefined,
  producer: undefined,
  version: undefined,
  key: undefined,
  input: undefined,
  error: undefined,
} as const;
