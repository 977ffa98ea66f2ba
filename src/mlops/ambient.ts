// The instance that code works with where nobody hands it one: that of the scope around it, else the process's default.

import { AsyncLocalStorage } from "node:async_hooks";
import { StratigraphError } from "../errors.ts";

/** One kind of instance: who is current, for everything that was started inside a scope. */
export interface Ambient<Instance> {
  /** Runs `work`, and all that it awaits, with this instance as the current one. Scopes may be inside each other, and beside each other. */
  within<T>(instance: Instance, work: () => T): T;
  /** That of the innermost scope, else the default; `undefined` where there is neither. */
  find(): Instance | undefined;
  /** The same. Error: NOT_INITIALIZED. */
  get(): Instance;
  /** For everything outside of a scope, until it is another; answers the one before. */
  setDefault(instance: Instance | undefined): Instance | undefined;
  /** Forgets the default. Scopes stay as they are. */
  reset(): void;
}

/** `what`: how errors name the instance; `hint`: what to do where there is none. */
export function createAmbient<Instance extends object>(what: string, hint: string): Ambient<Instance> {
  const scope = new AsyncLocalStorage<Instance>();
  let standard: Instance | undefined;
  const find = (): Instance | undefined => scope.getStore() ?? standard;
  return {
    within: (instance, work) => scope.run(instance, work),
    find,
    get() {
      const instance = find();
      if (instance !== undefined) return instance;
      throw new StratigraphError("NOT_INITIALIZED", `there is no current ${what}`, { hint });
    },
    setDefault(instance) {
      const before = standard;
      standard = instance;
      return before;
    },
    reset() {
      standard = undefined;
    },
  };
}
