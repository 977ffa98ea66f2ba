// Producers that run in threads of their own: what they must be like, and how a thread hears of those that its modules declare.

import { callSite, CodeVersion } from "../identity/code-version.ts";
import type { VersionDescription } from "../identity/version.ts";
import { StratigraphError } from "../errors.ts";
import type { InputSpec } from "./edge.ts";
import { didYouMean, invalid } from "./option.ts";
import type { ProducerDefinition } from "./producer.ts";

/** Where `build` runs: in the thread of the build, or in one of its own. */
export type ProducerExecutor = "local" | "threads";

const executors: readonly ProducerExecutor[] = ["local", "threads"];

interface Declaration {
  readonly executor: unknown;
  readonly version: VersionDescription;
  readonly inputs: ReadonlyMap<string, InputSpec>;
  readonly streamed: ReadonlySet<string>;
}

/**
 * Where the producer is declared and what its code is, for the thread that loads it again; `undefined` for one that needs no thread.
 * Error: GRAPH_INVALID.
 */
export function checkedThread(
  { executor = "local", version, inputs, streamed }: Declaration,
  where: string,
): CodeVersion | undefined {
  if (executor === "local") return undefined;
  if (executor !== "threads") {
    const guess = typeof executor === "string" ? didYouMean(executor, executors) : undefined;
    invalid(where, "there is no such executor", executors.map((one) => `"${one}"`).join(" or "), executor, guess);
  }
  for (const [name, { view }] of inputs) {
    if (view !== "stream" && view !== "lazy") continue;
    throw new StratigraphError("GRAPH_INVALID", `${view}() cannot be given to a thread`, {
      where: `${where}, input '${name}'`,
      hint: 'Take file(), bytes() or the whole value, or leave out executor: "threads".',
    });
  }
  const [slot] = streamed;
  if (slot !== undefined) {
    throw new StratigraphError("GRAPH_INVALID", "a thread cannot write an output row by row", {
      where: `${where}, output '${slot}'`,
      hint: 'Return all rows at once, or leave out executor: "threads".',
    });
  }
  return version instanceof CodeVersion ? version : new CodeVersion(siteOf(where));
}

function siteOf(where: string): ReturnType<typeof callSite> {
  try {
    return callSite(where);
  } catch (cause) {
    throw new StratigraphError("GRAPH_INVALID", "this producer is in no file, so no thread can load it", {
      where,
      cause,
    });
  }
}

let listener: ((definition: ProducerDefinition) => void) | undefined;

/** Tells of every producer that is declared from now on; a thread asks, nobody else. */
export function hearOfProducers(told: (definition: ProducerDefinition) => void): void {
  listener = told;
}

export function tellOfProducer(definition: ProducerDefinition): void {
  listener?.(definition);
}
