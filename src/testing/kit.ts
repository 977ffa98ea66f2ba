// A list of cases for one kind of plugin, and the way to run it: knows no test runner.

import assert from "node:assert/strict";
import { isStratigraphError, type ErrorCode } from "../errors.ts";
import type { CaseReport } from "./backend-contract.ts";

/** Something to be tried: how to make one with nothing in it. */
export interface KitSubject<Made> {
  readonly name: string;
  /** One of its own for each case. */
  open(): Promise<OpenSubject<Made>>;
}

export interface OpenSubject<Made> {
  readonly made: Made;
  /** Removes what it left behind. */
  dispose?(): Promise<void>;
}

export interface KitCase<Made> {
  /** Short, stable: what a report lists. */
  readonly name: string;
  /** A true sentence about every one of them. */
  readonly title: string;
  /** Throws what is wrong. */
  run(made: Made): Promise<void>;
}

/** Runs one case on a fresh one. Throws what the case throws. */
export async function runKitCase<Made>(subject: KitSubject<Made>, kitCase: KitCase<Made>): Promise<void> {
  const opened = await subject.open();
  try {
    await kitCase.run(opened.made);
  } finally {
    await opened.dispose?.();
  }
}

/** Runs all cases, one after the other, and tells each as it ends. */
export async function* runKit<Made>(
  subject: KitSubject<Made>,
  cases: readonly KitCase<Made>[],
): AsyncGenerator<CaseReport, void, void> {
  for (const kitCase of cases) {
    const { name, title } = kitCase;
    try {
      await runKitCase(subject, kitCase);
      yield { name, title, outcome: "passed", reason: undefined, error: undefined };
    } catch (error) {
      yield { name, title, outcome: "failed", reason: error instanceof Error ? error.message : String(error), error };
    }
  }
}

/** The refusal, which must be one of ours with this code: what is swallowed, or thrown as something else, is no refusal. */
export async function refused(work: Promise<unknown>, code: ErrorCode): Promise<void> {
  const outcome = await work.then(
    () => "nothing was refused",
    (error: unknown) => error,
  );
  assert.ok(isStratigraphError(outcome), `expected ${code}, got ${String(outcome)}`);
  assert.equal(outcome.code, code);
}
