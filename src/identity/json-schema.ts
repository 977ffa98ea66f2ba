// One way to write a JSON Schema: names sorted, sets in order, descriptions left out, recursion named in one way only.

import { StratigraphError } from "../errors.ts";
import { canonicalText } from "../util/canonical.ts";
import { compareText } from "../util/text-order.ts";

/** A JSON Schema, draft 2020-12. */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown };

/**
 * The schema in normal form. Two schemas that say the same with names in another order, with other descriptions, or with a recursion cut
 * open at another place, have the same normal form; the order of alternatives (`anyOf`) is kept, as it can matter to a parser.
 * Recursive parts are named by number in `$defs`, in the order they are met; `#` is the whole. Understands `$ref` to `#` and `#/$defs/…`.
 */
export function normalJsonSchema(schema: JsonSchema): JsonSchema {
  const reader = new Reader(schema);
  const root = reader.read(schema);
  return reader.recursive ? writeRecursive(root) : writeTree(root);
}

/** A schema with its members apart: what is data, and which further schemas it holds where. */
interface Node {
  readonly members: readonly Member[];
  readonly children: readonly Node[];
}

type Member =
  | { readonly keyword: string; readonly form: "data"; readonly value: unknown }
  | { readonly keyword: string; readonly form: "one" }
  | { readonly keyword: string; readonly form: "list"; readonly count: number }
  | { readonly keyword: string; readonly form: "names"; readonly names: readonly string[] };

const formOfKeyword: ReadonlyMap<string, "one" | "list" | "names"> = new Map([
  ...["items", "additionalProperties", "propertyNames", "not", "contains", "if", "then", "else"].map(
    (k) => [k, "one"] as const,
  ),
  ...["unevaluatedItems", "unevaluatedProperties", "contentSchema", "$ref"].map((k) => [k, "one"] as const),
  ...["anyOf", "oneOf", "allOf", "prefixItems"].map((k) => [k, "list"] as const),
  ...["properties", "patternProperties", "dependentSchemas"].map((k) => [k, "names"] as const),
]);

/** What people are told and validators do not look at, and what `Reader` follows instead. */
const passedOver: ReadonlySet<string> = new Set([
  ...[
    "$schema",
    "$id",
    "$comment",
    "id",
    "title",
    "description",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$defs",
  ],
]);

/** Lists that are sets. */
const unordered: ReadonlySet<string> = new Set(["required", "enum", "type"]);

class Reader {
  readonly #root: JsonSchema;
  readonly #nodes = new Map<object, Node>();
  readonly #following = new Set<object>();
  recursive = false;

  constructor(root: JsonSchema) {
    this.#root = root;
  }

  read(schema: JsonSchema): Node {
    if (typeof schema === "boolean") return { members: [{ keyword: "", form: "data", value: schema }], children: [] };
    const { $ref, ...others } = schema;
    if (typeof $ref === "string" && Object.keys(others).every((keyword) => passedOver.has(keyword))) {
      if (this.#following.has(schema)) throw unsupported("the schema refers to nothing but itself");
      this.#following.add(schema);
      const target = this.read(this.#follow($ref));
      this.#following.delete(schema);
      return target;
    }
    const known = this.#nodes.get(schema);
    if (known !== undefined) return known;
    const [members, children]: [Member[], Node[]] = [[], []];
    const node: Node = { members, children };
    this.#nodes.set(schema, node); // before its children, which may lead back here
    for (const keyword of Object.keys(schema).sort(compareText)) {
      if (!passedOver.has(keyword)) this.#readMember(keyword, schema[keyword], members, children);
    }
    return node;
  }

  #readMember(keyword: string, value: unknown, members: Member[], children: Node[]): void {
    const form = formOfKeyword.get(keyword);
    if (form === "one") {
      members.push({ keyword, form });
      children.push(this.read(keyword === "$ref" ? this.#follow(value as string) : (value as JsonSchema)));
    } else if (form === "list") {
      members.push({ keyword, form, count: (value as JsonSchema[]).length });
      for (const child of value as JsonSchema[]) children.push(this.read(child));
    } else if (form === "names") {
      const schemas = value as { readonly [name: string]: JsonSchema };
      const names = Object.keys(schemas).sort(compareText);
      members.push({ keyword, form, names });
      for (const name of names) {
        const child = schemas[name] as JsonSchema;
        children.push(this.read(keyword === "properties" ? withoutOptional(child) : child));
      }
    } else {
      members.push({ keyword, form: "data", value: unordered.has(keyword) ? inOrder(value) : value });
    }
  }

  #follow(reference: string): JsonSchema {
    this.recursive = true;
    if (reference === "#") return this.#root;
    const name = reference.slice("#/$defs/".length).replace(/~1/g, "/").replace(/~0/g, "~");
    const definitions =
      typeof this.#root === "object" ? (this.#root.$defs as Record<string, JsonSchema> | undefined) : undefined;
    const target =
      reference.startsWith("#/$defs/") && Object.hasOwn(definitions ?? {}, name) ? definitions?.[name] : undefined;
    if (target === undefined) throw unsupported(`the schema refers to '${reference}', which it does not define`);
    return target;
  }
}

/** Of a property, `required` already says whether it may be left out. */
function withoutOptional(schema: JsonSchema): JsonSchema {
  const tag = typeof schema === "object" ? (schema.$zod as { readonly optional?: true } | undefined) : undefined;
  if (typeof schema === "boolean" || tag?.optional !== true) return schema;
  const { optional: _, ...rest } = tag;
  const { $zod: __, ...others } = schema;
  return Object.keys(rest).length === 0 ? others : { ...others, $zod: rest };
}

function inOrder(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const entries = value.map((member: unknown) => ({ member, text: canonicalText(member) }));
  return entries.sort((a, b) => compareText(a.text, b.text)).map(({ member }) => member);
}

/** Puts a node together again, its children already written. */
function assemble({ members }: Node, written: readonly JsonSchema[]): JsonSchema {
  const schema: Record<string, unknown> = {};
  let next = 0;
  for (const member of members) {
    switch (member.form) {
      case "data":
        if (member.keyword === "") return member.value as boolean;
        schema[member.keyword] = member.value;
        break;
      case "one":
        schema[member.keyword] = written[next++];
        break;
      case "list":
        schema[member.keyword] = written.slice(next, (next += member.count));
        break;
      case "names":
        schema[member.keyword] = Object.fromEntries(member.names.map((name) => [name, written[next++]]));
        break;
    }
  }
  return schema;
}

function writeTree(node: Node): JsonSchema {
  return assemble(node, node.children.map(writeTree));
}

/**
 * Where a recursion is cut open depends on where somebody came in, so the nodes are first sorted into classes that no path of keywords can
 * tell apart (Moore's algorithm for the smallest automaton), and the classes are written. Named are those that a walk in order of
 * names meets again inside themselves.
 */
function writeRecursive(root: Node): JsonSchema {
  const classes = classify(root);
  const classOf = (node: Node): number => classes.get(node) as number;
  const named = findNamed(root, classOf);
  const numbers = new Map<number, number>();
  const definitions: Record<string, JsonSchema> = {};

  const body = (node: Node): JsonSchema => assemble(node, node.children.map(reference));
  const reference = (node: Node): JsonSchema => {
    const own = classOf(node);
    if (own === classOf(root)) return { $ref: "#" };
    if (!named.has(own)) return body(node);
    let number = numbers.get(own);
    if (number === undefined) {
      number = numbers.size + 1;
      numbers.set(own, number);
      definitions[number] = body(node);
    }
    return { $ref: `#/$defs/${number}` };
  };

  const whole = body(root);
  return numbers.size === 0 || typeof whole === "boolean" ? whole : { ...whole, $defs: definitions };
}

/** Every circle of classes has one of these on it. */
function findNamed(root: Node, classOf: (node: Node) => number): ReadonlySet<number> {
  const named = new Set<number>();
  const seen = new Set<number>();
  const around = new Set<number>();
  const walk = (node: Node): void => {
    const own = classOf(node);
    if (around.has(own)) named.add(own);
    if (seen.has(own)) return;
    seen.add(own);
    around.add(own);
    for (const child of node.children) walk(child);
    around.delete(own);
  };
  walk(root);
  return named;
}

function classify(root: Node): ReadonlyMap<Node, number> {
  const nodes = new Set([root]);
  for (const node of nodes) for (const child of node.children) nodes.add(child);
  const number = (text: (node: Node) => string): Map<Node, number> => {
    const seen = new Map<string, number>();
    const classes = new Map<Node, number>();
    for (const node of nodes) {
      const key = text(node);
      const known = seen.get(key) ?? seen.size;
      seen.set(key, known);
      classes.set(node, known);
    }
    return classes;
  };
  let classes = number((node) => canonicalText(node.members));
  for (let count = 0; count < countOf(classes);) {
    count = countOf(classes);
    const current = classes;
    classes = number((node) => [node, ...node.children].map((member) => current.get(member)).join(" "));
  }
  return classes;
}

function countOf(classes: ReadonlyMap<Node, number>): number {
  return new Set(classes.values()).size;
}

function unsupported(what: string): StratigraphError {
  return new StratigraphError("SCHEMA_UNSUPPORTED", what);
}
