// What a child process does to an artifact store that its parent and others use at the same time.

import { setTimeout as wait } from "node:timers/promises";
import { isStratigraphError } from "../errors.ts";
import type { ArtifactStore } from "../registry/artifact-store.ts";

type Task = (store: ArtifactStore, args: readonly string[]) => Promise<void>;

export const artifactStoreTaskNames = ["next", "pinned", "hold", "put"] as const;
export type ArtifactStoreTaskName = (typeof artifactStoreTaskNames)[number];

export const sharedModel = { namespace: "team", name: "Churn" } as const;

const nothing = { highestSequence: 0, versions: [] };

/** Each is told its arguments and says what it did on standard output, a line at a time. */
const tasks: Readonly<Record<ArtifactStoreTaskName, Task>> = {
  /** count: claims the next version that many times, and says each: version, sequence. */
  async next(store, [count = "Infinity"]) {
    for (let i = 0; i < Number(count); i++) {
      const { version, sequence } = await store.claim(sharedModel, { bump: "patch" }, nothing, async () => false);
      say(`${version} ${sequence}`);
    }
  },

  /** version: claims that one, says its sequence or the code of the refusal, and lives on. */
  async pinned(store, [version = ""]) {
    try {
      const { sequence } = await store.claim(sharedModel, { version }, nothing, async () => false);
      say(`${version} ${sequence}`);
    } catch (error) {
      if (!isStratigraphError(error)) throw error;
      say(error.code);
    }
    await wait(600_000);
  },

  /** version: claims it, says so, and lives on. */
  async hold(store, [version = ""]) {
    await store.claim(sharedModel, { version }, nothing, async () => false);
    say("holding");
    await wait(600_000);
  },

  /** name: puts folders for as long as it lives, and says the digest of each once it is durable. */
  async put(store, [name = ""]) {
    for (let i = 0; ; i++) {
      const { writeFile } = await import("node:fs/promises");
      const artifact = await store.put({
        fill: async (folder) => {
          await writeFile(`${folder}/shared.bin`, Buffer.alloc(100_000, 7));
          await writeFile(`${folder}/own.txt`, `${name} ${i}`);
        },
      });
      say(JSON.stringify(artifact));
    }
  },
};

/** Runs one of the tasks above; call it in the child process with the same store. */
export async function runArtifactStoreTask(store: ArtifactStore, task: string, args: readonly string[]): Promise<void> {
  if (!Object.hasOwn(tasks, task)) throw new Error(`no such task: ${task}`);
  await tasks[task as ArtifactStoreTaskName](store, args);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
