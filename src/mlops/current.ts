// The functions that set, ask for and forget the current instance.

import { createMLOps, type MLOps, type MLOpsOptions } from "./mlops.ts";
import { current } from "./scope.ts";

/** `createMLOps`, and from now on the instance that `getMLOps` answers outside of any scope. */
export async function initMLOps(options?: MLOpsOptions): Promise<MLOps> {
  const instance = await createMLOps(options);
  current.setDefault(instance);
  return instance;
}

/** The instance of the scope around, else the process's own. Error: NOT_INITIALIZED. */
export function getMLOps(): MLOps {
  return current.get();
}

/** Runs `work`, and all that it awaits, with this instance as the current one. */
export function withMLOps<T>(instance: MLOps, work: () => T): T {
  return current.within(instance, work);
}

/** Forgets the process's own instance, without closing it: for tests. */
export function resetMLOps(): void {
  current.reset();
}
