// Functions over the state of a memory backend as calls, counted.

import { counters } from "../../util/counters.ts";
import type { MemoryState } from "./state.ts";

export type Bound<Functions> = {
  [Name in keyof Functions]: Functions[Name] extends (state: MemoryState, ...args: infer Args) => infer Answer
    ? (...args: Args) => Answer
    : never;
};

type Functions = Readonly<Record<string, (state: MemoryState, ...args: never[]) => unknown>>;

/** Each function with the state as its first argument. */
export function bind<Given extends Functions>(state: MemoryState, functions: Given): Bound<Given> {
  const bound = Object.entries(functions).map(([name, call]) => {
    const counted = (...args: never[]): unknown => {
      counters.statements++;
      return call(state, ...args);
    };
    return [name, counted] as const;
  });
  return Object.fromEntries(bound) as Bound<Given>;
}
