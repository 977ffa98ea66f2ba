// A child process at work on a store, and what it said.

import type { OpenStore } from "./backend-contract.ts";
import type { TaskName } from "./child-tasks.ts";
import { followChild, type FollowedChild } from "./followed-child.ts";

/** What it says is kept by us, outside of the store: the log of what was acknowledged. */
export function start(store: OpenStore, task: TaskName, ...args: readonly string[]): FollowedChild {
  return followChild(store.spawn!(task, args), task);
}
