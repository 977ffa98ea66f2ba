// Walks two schemas side by side: is every value of the old one a value of the new one, and if not, where?

import { isDeepStrictEqual } from "node:util";
import type { JsonSchema } from "../json-schema.ts";
import { isDisjoint } from "./disjoint.ts";
import { isSame, readNode, type Alternative, type Node, type Place } from "./node.ts";
import { compareScalars, compareValues } from "./scalars.ts";
import { compareArrays, compareMaps, compareObjects, compareSets } from "./structures.ts";
import { change, kindsOf, shownValue, type Changes } from "./words.ts";

/** Pairs of places. Unions inside of unions multiply; what is larger than this is not worth waiting for. */
const MOST_PAIRS = 20_000;

/** Whether the places are fields, which may be absent. */
export interface Presence {
  readonly before?: boolean;
  readonly after?: boolean;
}

export class Comparison {
  readonly #open = new Map<object, Set<object>>();
  #pairs = 0;

  compare(before: JsonSchema, after: JsonSchema): Changes {
    return this.places({ schema: before, documents: [before] }, { schema: after, documents: [after] }, "");
  }

  /** `mayLack`: a field may be absent, and so `undefined`, whatever its schema says. */
  places(before: Place, after: Place, path: string, mayLack: Presence = {}): Changes {
    if (++this.#pairs > MOST_PAIRS) return change(path, "is too large to be compared", "unknown");
    const [old, now] = [readNode(before), readNode(after)];
    const found: Changes[] = [];
    if (!isDeepStrictEqual(old.defaults, now.defaults)) found.push(defaultChanges(old, now, path));
    if (now.catches) {
      if (!old.catches)
        found.push(change(path, "may be anything now: catch stands for what does not fit", "compatible"));
      return found.flat();
    }
    if (old.catches && !isAny(now)) {
      return [...found.flat(), ...change(path, "was anything, as catch stood for what did not fit", "breaking")];
    }
    const [wasOptional, isOptional] = [mayLack.before === true || old.optional, mayLack.after === true || now.optional];
    if (wasOptional && !isOptional && !isAny(old)) found.push(change(path, "may be undefined no longer", "breaking"));
    else if (wasOptional && now.clashes && !old.clashes) {
      found.push(change(path, "may be left out, but perhaps not be undefined", "unknown"));
    }
    found.push(this.#kinds(old, now, path));
    return found.flat();
  }

  /** Each kind of the old values goes to the new one that fits best. */
  #kinds(old: Node, now: Node, path: string): Changes {
    const found: Changes[] = [];
    const used = new Set<Alternative>();
    const news = now.alternatives.filter(({ kind }) => kind !== "never");
    for (const one of old.alternatives.flatMap((given) => this.#parts(given, news, path))) {
      const candidates = news.filter((other) => mayFit(one, other));
      if (candidates.length === 0) {
        const verb = old.alternatives.length > 1 ? "could be" : "was";
        const says = `${verb} ${kindsOf([one], false)}, is ${kindsOf(news, now.optional)} now`;
        found.push(change(path, says, one.kind === "code" ? "unknown" : "breaking"));
        continue;
      }
      const best = this.#best(one, candidates, path);
      used.add(best.alternative);
      found.push(best.changes);
    }
    const added = news.filter((one) => !used.has(one));
    if (added.length > 0 && used.size > 0) {
      const says = added.every(({ kind }) => kind === "object" || kind === "array")
        ? `may be another ${added[0]!.kind} now`
        : `may be ${kindsOf(added, false)} now`;
      found.push(change(path, says, "compatible"));
    }
    return found.flat();
  }

  /** Values that can be counted go one by one where no new kind takes all of them. */
  #parts(one: Alternative, news: readonly Alternative[], path: string): readonly Alternative[] {
    const { values, kind } = one;
    if (kind === "never") return [];
    const candidates = news.filter((other) => mayFit(one, other));
    if (values === undefined || values.length < 2 || candidates.length < 2) return [one];
    const { changes } = this.#best(one, candidates, path);
    if (changes.every(({ verdict }) => verdict === "compatible")) return [one];
    return values.map((value) => ({ ...one, values: [value] }));
  }

  #best(
    one: Alternative,
    candidates: readonly Alternative[],
    path: string,
  ): { readonly alternative: Alternative; readonly changes: Changes } {
    let best: { alternative: Alternative; changes: Changes; cost: number } | undefined;
    for (const alternative of candidates) {
      const changes = [...this.#alternatives(one, alternative, path), ...rivalChanges(one, alternative, path)];
      const cost = costOf(changes) + (isDisjoint(one, alternative) ? FAR : 0);
      if (best === undefined || cost < best.cost) best = { alternative, changes, cost };
    }
    return best!;
  }

  #alternatives(old: Alternative, now: Alternative, path: string): Changes {
    if (now.kind === "any") return old.kind === "any" ? [] : change(path, "may be anything now", "compatible");
    if (old.kind === "code" || now.kind === "code") {
      return old.kind === now.kind && isSame(old.keywords, now.keywords)
        ? []
        : change(path, "is decided by a pattern, a program or an intersection", "unknown");
    }
    if (old.values !== undefined) return compareValues(old.values, now, path);
    if (now.values !== undefined) {
      return change(path, `has to be ${kindsOf([now], false)} now`, "breaking");
    }
    if (old.coerced && !now.coerced)
      return change(path, `is no longer made a ${now.kind} from what is not`, "breaking");
    const coercion =
      now.coerced && !old.coerced ? change(path, `may be what becomes a ${now.kind} now`, "compatible") : [];
    if (!this.#enter(old.origin, now.origin)) return coercion;
    const rules = this.#rules(old, now, path);
    this.#open.get(old.origin)!.delete(now.origin);
    return [...coercion, ...rules];
  }

  /**
   * A pair that is being compared already is taken for compatible where it contains itself: a value has an end, so whatever breaks is
   * found without looking there again.
   */
  #enter(one: object, other: object): boolean {
    const pairs = this.#open.get(one) ?? new Set();
    this.#open.set(one, pairs);
    if (pairs.has(other)) return false;
    pairs.add(other);
    return true;
  }

  #rules(old: Alternative, now: Alternative, path: string): Changes {
    switch (now.kind) {
      case "object":
        return compareObjects(this, old, now, path);
      case "array":
        return compareArrays(this, old, now, path);
      case "map":
        return compareMaps(this, old, now, path);
      case "set":
        return compareSets(this, old, now, path);
      default:
        return compareScalars(old, now, path);
    }
  }
}

/** More than all changes of one that is meant. */
const FAR = 1e9;

function costOf(changes: Changes): number {
  return changes.reduce(
    (cost, { verdict }) => cost + (verdict === "breaking" ? 1e6 : verdict === "unknown" ? 1e4 : 1),
    0,
  );
}

function mayFit(old: Alternative, now: Alternative): boolean {
  const numbers = (kind: string): boolean => kind === "number" || kind === "integer";
  if (now.kind === "any" || now.kind === "code") return true;
  return old.kind === now.kind || (numbers(old.kind) && numbers(now.kind));
}

function isAny({ alternatives }: Node): boolean {
  return alternatives.some(({ kind }) => kind === "any");
}

/** Of `oneOf`: whether a value may be two alternatives at once, which is refused. */
function rivalChanges(old: Alternative, { rivals }: Alternative, path: string): Changes {
  if (rivals.every((rival) => isDisjoint(old, rival))) return [];
  return change(path, "may be two of the alternatives at once, of which only one is allowed", "unknown");
}

function defaultChanges(old: Node, now: Node, path: string): Changes {
  if (now.defaults.length === 0) return change(path, `had the default ${shownValue(old.defaults[0])}`, "compatible");
  return change(path, `has the default ${shownValue(now.defaults[0])} now`, "compatible");
}
