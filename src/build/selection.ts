// Which steps were asked for, and which are to run whatever is remembered.

import { selectNodes } from "../graph/selector.ts";
import type { KeyText } from "../identity/partition-key.ts";
import { StratigraphError } from "../errors.ts";
import { type Chosen, type Network, type NodeState, type Step } from "./network.ts";
import { placeText } from "./place.ts";

export interface SelectionOptions {
  /** Selectors ("total", "vendor.*", "days[2026-01-02]"); everything unless told. What they need is built as well. */
  readonly select?: readonly string[] | undefined;
  /** Run these whatever is remembered: all of what is asked for, or what these selectors name. */
  readonly force?: boolean | readonly string[] | undefined;
  /** Why they are forced: kept with their runs. */
  readonly why?: string | undefined;
  /** Steps that this build has carried out already, which nothing forces again. */
  readonly done?: { has(step: Step): boolean } | undefined;
}

export interface Selection {
  readonly chosen: Chosen;
  readonly forced: (step: Step) => boolean;
  readonly whole: boolean;
}

/** Errors: SELECTOR_UNKNOWN for a name that nothing has, PARTITION_NOT_BUILT for a partition that does not exist. */
export function selection(network: Network, { select, force, done }: SelectionOptions): Selection {
  const whole = select === undefined || select.length === 0;
  const chosen = whole ? () => true : chooser(network, select);
  return { chosen, forced: forcing(network, chosen, force, done), whole };
}

function forcing(
  network: Network,
  chosen: Chosen,
  force: SelectionOptions["force"],
  done: SelectionOptions["done"],
): Selection["forced"] {
  if (force === undefined || force === false) return () => false;
  const named = force === true ? chosen : chooser(network, force);
  return (step) => {
    if (done?.has(step) === true) return false;
    const { outputs, parts } = step.group.call;
    // What a fan-out will make is not known before it has run: it is forced whole.
    return (
      outputs.some(({ node }) => named(node, step.position)) || (parts !== undefined && named(parts.node, undefined))
    );
  };
}

function chooser(network: Network, selectors: readonly string[]): Chosen {
  const { keys, partitions } = selectNodes(network.graph, selectors);
  const wanted = new Map<string, Set<number>>();
  for (const [key, texts] of partitions) {
    const state = network.states.get(network.graph.nodes.get(key)!);
    if (state !== undefined) wanted.set(key, new Set(texts.map((text) => positionOf(state, key, text))));
  }
  return (node, position) =>
    (position === undefined ? undefined : wanted.get(node.key)?.has(position)) ?? keys.has(node.key);
}

function positionOf({ set }: NodeState, key: string, text: KeyText): number {
  const position = set.positions.get(text);
  if (position !== undefined) return position;
  const some = set.texts.slice(0, 3).join(", ");
  throw new StratigraphError("PARTITION_NOT_BUILT", `there is no partition ${placeText(key, text)}`, {
    expected:
      set.texts.length === 0
        ? "some partition, but there is none"
        : `one of ${some}${set.texts.length > 3 ? ", …" : ""}`,
    received: text,
    hint: `See them: strata ls ${key}`,
  });
}
