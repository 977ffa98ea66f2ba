// What a producer makes: its one output or its named ones, checked when it is declared.

import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { DeclaredArtifact } from "./artifact.ts";
import { inputSpec } from "./edge.ts";
import { fanOutSpec, type FanOutSpec } from "./fan-out.ts";
import { sameDimensions } from "./fit.ts";
import { checkNames } from "./name.ts";
import { invalid, isPlainRecord } from "./option.ts";
import { is, says } from "./sentence.ts";
import { wireOf } from "./wired.ts";

/** The name of the slot of a producer declared with `output`. */
export const SINGLE = "output";

/** The name of the slot with the list of what a fan-out made. */
export const KEYS = "keys";

export interface Outputs {
  readonly outputs: ReadonlyMap<string, DeclaredArtifact>;
  /** The slots that are written row by row. */
  readonly streamed: ReadonlySet<string>;
  /** Where its one output is a fan-out. Then there is a slot for the list of keys as well, see `KEYS`. */
  readonly fanOut: FanOutSpec | undefined;
}

/** As they were given, of whatever type. */
interface GivenOutputs {
  readonly output?: unknown;
  readonly outputs?: unknown;
  readonly validate?: unknown;
}

/** Errors: GRAPH_INVALID, TEMPLATE_INVALID, naming the producer and the output. */
export function checkedOutputs({ output, outputs, validate }: GivenOutputs, where: string): Outputs {
  if ((output === undefined) === (outputs === undefined)) {
    const received = output === undefined ? "neither" : "both";
    throw new StratigraphError("GRAPH_INVALID", "a producer has either one output or several", {
      where,
      expected: "output: Artifact, or outputs: { name: Artifact }",
      received,
    });
  }
  const fanOut = fanOutSpec(output);
  if (fanOut !== undefined) {
    checkStorage(fanOut.artifact, `${where}, output`);
    const slots = new Map([
      [KEYS, fanOut.keys],
      [SINGLE, fanOut.artifact],
    ]);
    return { outputs: slots, streamed: new Set(), fanOut };
  }
  const named = output === undefined ? outputs : { [SINGLE]: output };
  if (!isPlainRecord(named) || Object.keys(named).length === 0) {
    invalid(where, "outputs are named", "outputs: { train: Train, test: Test }", named);
  }
  const slots = new Map<string, DeclaredArtifact>();
  const streamed = new Set<string>();
  checkNames(Object.keys(named), where, "output");
  for (const slot of Object.keys(named)) {
    const place = output === undefined ? `${where}, output '${slot}'` : `${where}, output`;
    const spec = inputSpec(named[slot]);
    if (spec === undefined || spec.edge.kind !== "same" || spec.optional) {
      throw new StratigraphError("GRAPH_INVALID", spec === undefined ? misplaced(named[slot]) : says.edgeAsOutput, {
        where: place,
      });
    }
    const { artifact, view } = spec;
    if (view === "stream") {
      const { checks, quality } = artifact;
      if (validate !== undefined || Object.keys(checks).length + Object.keys(quality.own).length > 0) {
        throw new StratigraphError("GRAPH_INVALID", says.streamedChecks, { where: place });
      }
      streamed.add(slot);
    } else if (view !== "value") throw new StratigraphError("GRAPH_INVALID", says.viewAsOutput, { where: place });
    const [first] = slots.values();
    if (first !== undefined && !sameDimensions(first.dimensions, artifact.dimensions)) {
      throw new StratigraphError("GRAPH_INVALID", says.dimensionsDiffer, { where: place });
    }
    checkStorage(artifact, place);
    slots.set(slot, artifact);
  }
  return { outputs: slots, streamed, fanOut: undefined };
}

function checkStorage({ storage, dimensions }: DeclaredArtifact, where: string): void {
  try {
    storage?.check(dimensions, "produced");
  } catch (error) {
    throw isStratigraphError(error) ? error.within(where) : error;
  }
}

/** What is wrong with something that is no declared artifact, in the compiler's words. */
export function misplaced(thing: unknown): string {
  if (wireOf(thing) !== undefined) return says.wiredAlready;
  if (fanOutSpec(thing) !== undefined) return says.fannedOut;
  return (thing as { readonly is?: unknown } | undefined)?.is === is.producer ? says.producerNamed : says.notAnArtifact;
}
