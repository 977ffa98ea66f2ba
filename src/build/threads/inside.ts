// Whether this is the thread of a producer: there, nothing is built.

import { StratigraphError } from "../../errors.ts";

let inside = false;
let refusal: StratigraphError | undefined;

export function enterThread(): void {
  inside = true;
}

/** What was refused here: kept, as a script may catch it, print it and end itself. */
export function refusedInThread(): StratigraphError | undefined {
  return refusal;
}

/** Error: THREAD_REFUSED. */
export function refuseInThread(graph: string): void {
  if (!inside) return;
  refusal = new StratigraphError("THREAD_REFUSED", "a thread that runs a producer cannot build", {
    where: `graph '${graph}'`,
    hint: "Keep what threads load in a module of its own, which declares and builds nothing, and build in another that imports it.",
  });
  throw refusal;
}
