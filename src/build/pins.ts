// Pins: the steps whose result stays the one that somebody chose, whatever changed.

import { everyItem } from "../backend/pages.ts";
import type { MarkRecord, StoredPartition } from "../backend/records.ts";
import { StratigraphError } from "../errors.ts";
import type { ProducedNode } from "../graph/graph.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { Network, Step } from "./network.ts";
import { placeText } from "./place.ts";
import type { Workspace } from "./workspace.ts";

export interface Pin {
  /** By slot. */
  readonly outputs: readonly StoredPartition[];
  readonly why: string;
}

/** What pins add to a snapshot's identity: the same graph and sources give another result with them. */
export type PinnedContents = readonly (readonly [place: string, content: Fingerprint])[];

export interface Pins {
  readonly steps: ReadonlyMap<Step, Pin>;
  readonly contents: PinnedContents;
}

/** The pins of a graph that hold, by step; those of partitions that do not exist any more are passed over. Error: PIN_INVALID. */
export async function readPins({ connection }: Workspace, network: Network): Promise<Pins> {
  const { graph, states } = network;
  const filter = { graph: graph.name, kind: "pin", open: true } as const;
  const marks: { mark: MarkRecord; step: Step; slot: number }[] = [];
  const unlaid: { place: string; mark: MarkRecord }[] = [];
  for await (const mark of everyItem((page) => connection.listMarks(filter, page))) {
    const node = graph.nodes.get(graph.keyNow(mark.artifactKey));
    const state = node === undefined ? undefined : states.get(node);
    if (node?.kind === "produced" && state === undefined) unlaid.push({ place: placeText(node.key, mark.key), mark });
    if (state?.kind !== "steps") continue;
    const position = state.set.positions.get(mark.key);
    if (position === undefined) continue;
    const slot = state.call.outputs.findIndex((output) => output.node === node);
    marks.push({ mark, step: state.steps[position]!, slot });
  }
  const stored = await connection.readPartitions([...marks, ...unlaid].map(({ mark }) => mark.partition));
  const pins = new Map<Step, { outputs: StoredPartition[]; why: string }>();
  for (const [index, { mark, step, slot }] of marks.entries()) {
    const { node } = step.group.call.outputs[slot]!;
    const pin = pins.get(step) ?? { outputs: [], why: mark.why };
    pin.outputs[slot] = usable(node, mark, stored[index]);
    pins.set(step, pin);
  }
  for (const [step, { outputs }] of pins) {
    for (const [slot, { node }] of step.group.call.outputs.entries()) {
      if (outputs[slot] !== undefined) continue;
      throw invalid(placeText(node.key, step.group.set.texts[step.position]!), "the producer has an output more now");
    }
  }
  const steps: ReadonlyMap<Step, Pin> = pins;
  // Of what a fan-out will say, as it is marked: a snapshot must not have another id once that is known.
  const contents = [
    ...pinnedContents(steps),
    ...unlaid.flatMap(({ place }, index): PinnedContents => {
      const content = stored[marks.length + index]?.content;
      return content === undefined ? [] : [[place, content]];
    }),
  ];
  return { steps, contents: contents.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) };
}

function usable(node: ProducedNode, mark: MarkRecord, stored: StoredPartition | undefined): StoredPartition {
  const place = placeText(mark.artifactKey, mark.key);
  if (stored === undefined) throw invalid(place, "it is not stored any more");
  if (stored.damaged) throw invalid(place, "its stored bytes are gone or not the ones recorded");
  if (stored.artifact !== node.identity)
    throw invalid(place, "it has another schema, format or producer than declared");
  return stored;
}

export function invalid(place: string, why: string): StratigraphError {
  return new StratigraphError("PIN_INVALID", `the pinned result cannot be used: ${why}`, {
    where: place,
    hint: `Let builds decide again: strata unpin '${place}'`,
  });
}

function pinnedContents(pins: ReadonlyMap<Step, Pin>): PinnedContents {
  const contents: [string, Fingerprint][] = [];
  for (const [step, { outputs }] of pins) {
    for (const [slot, { node }] of step.group.call.outputs.entries()) {
      contents.push([placeText(node.key, step.group.set.texts[step.position]!), outputs[slot]!.content]);
    }
  }
  return contents;
}
