// A child process at work on a store, and what it said.

import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { OpenStore } from "./backend-contract.ts";
import type { TaskName } from "./child-tasks.ts";

export interface Child {
  /** The lines it has said so far, whole ones only. */
  readonly lines: readonly string[];
  /** Resolves when it has said this many. */
  said(count: number): Promise<void>;
  /** Resolves when it has ended well. */
  readonly done: Promise<void>;
  /** Kills it as if the machine had gone, and waits until it is dead. */
  kill(): Promise<void>;
}

/** What it says is kept by us, outside of the store: the log of what was acknowledged. */
export function start(store: OpenStore, task: TaskName, ...args: readonly string[]): Child {
  const child: ChildProcess = store.spawn!(task, args);
  const lines: string[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  let rest = "";
  let errors = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    for (const line of parts) lines.push(line);
    for (const { count, resolve } of waiting) if (lines.length >= count) resolve();
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const closed = once(child, "close") as Promise<[code: number | null, signal: string | null]>;
  const done = closed.then(([code, signal]) =>
    assert.equal(code, 0, `${task} ended with ${code ?? signal}: ${errors}`),
  );
  done.catch(() => undefined);
  return {
    lines,
    done,
    said: (count) =>
      new Promise((resolve, reject) => {
        if (lines.length >= count) resolve();
        else waiting.push({ count, resolve });
        done.then(() => reject(new Error("it ended before")), reject);
      }),
    async kill() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}
