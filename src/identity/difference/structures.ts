// Objects, records, arrays, tuples, maps and sets: their members, and which of them have to be there.

import type { JsonSchema } from "../json-schema.ts";
import { memberPath } from "../../util/show.ts";
import type { Comparison } from "./comparison.ts";
import { innerDocument, isSame, readNode, type Alternative, type Place } from "./node.ts";
import { compareChecks, compareLimits, compareRest, sizeLimits, type Limit } from "./scalars.ts";
import { change, shownValue, type Changes } from "./words.ts";

interface Fields {
  readonly named: Readonly<Record<string, JsonSchema>>;
  readonly required: ReadonlySet<string>;
  /** Of all others; `undefined` where they are not looked at. */
  readonly others: JsonSchema | undefined;
  readonly names: JsonSchema | undefined;
}

const objectRules = ["properties", "required", "additionalProperties", "propertyNames"];

function fieldsOf({ keywords }: Alternative): Fields {
  return {
    named: (keywords["properties"] ?? {}) as Fields["named"],
    required: new Set((keywords["required"] ?? []) as readonly string[]),
    others: keywords["additionalProperties"] as JsonSchema | undefined,
    names: keywords["propertyNames"] as JsonSchema | undefined,
  };
}

/** A value has the fields that its schema names: others, which `z.object` passes over, may have been written but were never seen. */
export function compareObjects(comparison: Comparison, old: Alternative, now: Alternative, path: string): Changes {
  const [before, after] = [fieldsOf(old), fieldsOf(now)];
  const place = (schema: JsonSchema, side: Alternative): Place => ({ schema, documents: side.documents });
  const found: Changes[] = [];
  for (const [name, schema] of Object.entries(before.named)) {
    const at = memberPath(path, name);
    const isRequired = before.required.has(name);
    const [next, mustBe] = [after.named[name], after.required.has(name)];
    if (Object.hasOwn(after.named, name)) {
      const isMissed = mustBe && !isRequired;
      if (isMissed) found.push(change(at, "has to be there now", "breaking"));
      else if (isRequired && !mustBe && !hasDefault(place(next!, now)))
        found.push(change(at, "may be left out now", "compatible"));
      // What has to be there now is not told a second time.
      const presence = { before: !isRequired, after: isMissed || !mustBe };
      found.push(comparison.places(place(schema, old), place(next!, now), at, presence));
    } else if (after.others === undefined) found.push(change(at, "is not read any more", "compatible"));
    else if (after.others === false) found.push(change(at, "is not allowed any more", "breaking"));
    else {
      if (mustBe && !isRequired) found.push(change(at, "has to be there now", "breaking"));
      const presence = { before: !isRequired };
      found.push(comparison.places(place(schema, old), place(after.others, now), at, presence));
    }
  }
  for (const [name, schema] of Object.entries(after.named)) {
    if (Object.hasOwn(before.named, name)) continue;
    const at = memberPath(path, name);
    if (after.required.has(name) && !before.required.has(name)) {
      found.push(change(at, "is new, and has to be there", "breaking"));
    } else if (typeof before.others === "object" || before.others === true) {
      found.push(
        comparison.places(place(before.others, old), place(schema, now), at, { after: !after.required.has(name) }),
      );
    } else found.push(change(at, newField(place(schema, now)), "compatible"));
  }
  for (const name of after.required) {
    if (Object.hasOwn(after.named, name) || Object.hasOwn(before.named, name) || before.required.has(name)) continue;
    found.push(change(memberPath(path, name), "has to be there now", "breaking"));
  }
  found.push(compareOthers(comparison, old, now, path));
  found.push(compareRest(old.keywords, now.keywords, objectRules, path));
  return found.flat();
}

/** What a schema says of fields that it does not name. */
function compareOthers(comparison: Comparison, old: Alternative, now: Alternative, path: string): Changes {
  const [before, after] = [fieldsOf(old), fieldsOf(now)];
  const all = `${path}[*]`;
  const found: Changes[] = [];
  if (after.others !== undefined && before.others !== false) {
    if (before.others === undefined) {
      const verb = after.others === false ? "refuses" : "looks at";
      if (!takesAll(after.others, now)) found.push(change(path, `${verb} fields now that were passed over`, "unknown"));
    } else if (after.others === false) found.push(change(path, "has no further fields now", "breaking"));
    else {
      const sides = [before.others, after.others].map((schema, index) => ({
        schema,
        documents: [old, now][index]!.documents,
      }));
      found.push(comparison.places(sides[0]!, sides[1]!, all));
    }
  }
  if (after.names !== undefined)
    found.push(compareNames(comparison, before, { ...after, names: after.names }, now, path));
  return found.flat();
}

/** Of a record: which names its fields may have. */
function compareNames(
  comparison: Comparison,
  before: Fields,
  after: Fields & { readonly names: JsonSchema },
  now: Alternative,
  path: string,
): Changes {
  const compare = (schema: JsonSchema): Changes =>
    comparison.places({ schema, documents: [schema] }, { schema: after.names, documents: now.documents }, path);
  const named = Object.keys(before.named).flatMap((name) => compare({ const: name, type: "string" }));
  const isOpen = before.others !== false && before.others !== undefined;
  return [
    // That other names are allowed as well is no news of these.
    ...named.filter(({ verdict }) => verdict !== "compatible"),
    ...(isOpen ? compare(before.names ?? { type: "string" }) : []),
  ].map((one) => ({ ...one, says: `a name ${one.says}` }));
}

function takesAll(schema: JsonSchema, { documents }: Alternative): boolean {
  const { catches, alternatives } = readNode({ schema, documents });
  return catches || alternatives.some(({ kind }) => kind === "any");
}

function hasDefault(place: Place): boolean {
  return readNode(place).defaults.length > 0;
}

function newField(place: Place): string {
  const { defaults } = readNode(place);
  return defaults.length === 0
    ? "is new, and may be left out"
    : `is new, ${shownValue(defaults[0])} where it is missing`;
}

interface Items {
  readonly first: readonly JsonSchema[];
  readonly rest: JsonSchema;
  readonly fewest: number;
  readonly most: number;
}

function itemsOf({ keywords }: Alternative): Items {
  const { prefixItems = [], items = true, minItems = 0, maxItems = Infinity } = keywords;
  return { first: prefixItems, rest: items, fewest: minItems, most: maxItems } as Items;
}

export function compareArrays(comparison: Comparison, old: Alternative, now: Alternative, path: string): Changes {
  const [before, after] = [itemsOf(old), itemsOf(now)];
  const found: Changes[] = [];
  const limit = (at: number, none: number): Limit | undefined => (at === none ? undefined : { at, open: false });
  const unit = "item";
  found.push(compareLimits(limit(before.fewest, 0), limit(after.fewest, 0), path, { side: "lower", unit }));
  found.push(compareLimits(limit(before.most, Infinity), limit(after.most, Infinity), path, { side: "upper", unit }));
  // Places beyond what there may be are of no account.
  const item = (one: Items, side: Alternative, index: number): Place => ({
    schema: one.first[index] ?? one.rest,
    documents: side.documents,
  });
  const named = Math.max(before.first.length, after.first.length);
  const most = Math.min(before.most, after.most);
  for (let index = 0; index < Math.min(named, most); index++) {
    found.push(comparison.places(item(before, old, index), item(after, now, index), `${path}[${index}]`));
  }
  if (most > named) {
    const [rest, next] = [item(before, old, named), item(after, now, named)];
    found.push(comparison.places(rest, next, `${path}[]`));
  }
  const rules = ["items", "prefixItems", "minItems", "maxItems"];
  found.push(compareRest(old.keywords, now.keywords, rules, path));
  return found.flat();
}

export function compareMaps(comparison: Comparison, old: Alternative, now: Alternative, path: string): Changes {
  const [keyBefore, keyAfter] = [inner(old, "key"), inner(now, "key")];
  const keys = comparison.places(keyBefore, keyAfter, path);
  return [
    ...keys.map(({ says, verdict, path: at }) => ({ path: at, says: `a key ${says}`, verdict })),
    ...comparison.places(inner(old, "value"), inner(now, "value"), `${path}[*]`),
    ...compareChecks(old.keywords, now.keywords, path),
    ...compareMerging(keyBefore, keyAfter, now, path),
  ];
}

export function compareSets(comparison: Comparison, old: Alternative, now: Alternative, path: string): Changes {
  const [before, after] = [inner(old, "value"), inner(now, "value")];
  return [
    ...comparison.places(before, after, `${path}[*]`),
    ...compareChecks(old.keywords, now.keywords, path),
    ...compareMerging(before, after, now, path),
  ];
}

function inner({ keywords, documents }: Alternative, name: "key" | "value"): Place {
  return innerDocument(keywords[name] as JsonSchema, documents);
}

/** A size is counted after members are read, and two that are read as the same value count once. */
function compareMerging(before: Place, after: Place, now: Alternative, path: string): Changes {
  const [fewest, most] = sizeLimits(now.keywords);
  const mayShrink = fewest > 1 && mayMerge(after);
  const mayGrow = most < Infinity && mayMerge(before);
  if (isSame(before.schema, after.schema) || !(mayShrink || mayGrow)) return [];
  return change(path, "may have another size now, as different members can be read as one", "unknown");
}

/** Whether two different values can be read as one: `catch`, a default and coercion put one in another's place. */
function mayMerge(place: Place): boolean {
  const { catches, optional, alternatives } = readNode(place);
  return catches || optional || alternatives.some(({ coerced }) => coerced);
}
