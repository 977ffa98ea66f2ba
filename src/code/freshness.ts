// Whether a value is one that nobody else has: to change it, or to call its methods, is felt by nobody else.

import { assignedIn } from "./references.ts";
import { children, isNode, keyOf, namesIn, unwrapped, type Node } from "./syntax.ts";

/** Whether a name stands for a global one whose functions change nothing but their own result. */
export type IsGlobal = (name: string) => boolean;

/** Methods that give something new, whatever they are called on. */
const copying = new Set(
  `charAt concat filter flat flatMap join map normalize padEnd padStart repeat replace replaceAll slice split substring toFixed toISOString
  toLocaleString toLowerCase toReversed toSorted toSpliced toString toUpperCase trim trimEnd trimStart`.split(/\s+/),
);

/** An expression whose value was made by it, and holds no function that somebody could call. */
export function isFresh(given: Node, isGlobal: IsGlobal): boolean {
  const node = unwrapped(given);
  const fresh = (child: unknown): boolean => !isNode(child) || isFresh(child, isGlobal);
  switch (node.type) {
    case "Literal":
    case "TemplateLiteral":
    case "UnaryExpression":
    case "BinaryExpression":
    case "UpdateExpression":
      return true;
    case "Identifier":
      return node["name"] === "undefined";
    case "ArrayExpression":
    case "ObjectExpression":
      return !holdsCode(node);
    case "AwaitExpression":
    case "ChainExpression":
      return fresh(node["argument"] ?? node["expression"]);
    case "ConditionalExpression":
      return fresh(node["consequent"]) && fresh(node["alternate"]);
    case "LogicalExpression":
      return fresh(node["left"]) && fresh(node["right"]);
    case "CallExpression":
    case "NewExpression":
      return isFreshCall(node, isGlobal);
  }
  return false;
}

function isFreshCall(node: Node, isGlobal: IsGlobal): boolean {
  const callee = unwrapped(node["callee"] as Node);
  if (callee.type === "Identifier") {
    const name = callee["name"] as string;
    return isGlobal(name) && !/^(Object|Promise)$/.test(name) && !holdsCode(node);
  }
  if (callee.type !== "MemberExpression") return false;
  const method = keyOf(callee);
  if (method !== undefined && copying.has(method)) return true;
  const object = unwrapped(callee["object"] as Node);
  if (object.type !== "Identifier" || !isGlobal(object["name"] as string)) return false;
  // `Object.freeze(x)` is x, and a promise holds what it was given.
  if (object["name"] === "Promise") return false;
  return object["name"] !== "Object" || /^(entries|fromEntries|groupBy|keys|values)$/.test(method ?? "");
}

/** Whether functions or classes are written in it. */
function holdsCode(node: Node): boolean {
  return [...children(node)].some((child) => /^(Arrow|Function|Class)/.test(child.type) || holdsCode(child));
}

/** The names that code declares and that may stand for something others have, too; by name alone, wherever it is declared. */
export function aliasesIn(nodes: readonly Node[], isGlobal: IsGlobal): ReadonlySet<string> {
  const aliases = new Set<string>();
  const add = (names: Iterable<string>): void => {
    for (const name of names) aliases.add(name);
  };
  const given = (pattern: Node, value: unknown): void => {
    // What is taken out of something new may be old.
    if (pattern.type === "Identifier" && (!isNode(value) || isFresh(value, isGlobal))) return;
    if (isNode(value)) add(namesIn(pattern));
  };
  const assigned = (target: Node): void => {
    for (const one of assignedIn(target)) if (one.type === "Identifier") aliases.add(one["name"] as string);
  };
  const visit = (node: Node): void => {
    if (node.type === "VariableDeclarator") given(unwrapped(node["id"] as Node), node["init"]);
    else if (node.type === "AssignmentExpression") {
      const left = unwrapped(node["left"] as Node);
      if (left.type !== "Identifier") assigned(left);
      else if (/^(\|\||&&|\?\?)?=$/.test(String(node["operator"]))) given(left, node["right"]);
    } else if (/^For(In|Of)Statement$/.test(node.type)) {
      const left = node["left"] as Node;
      if (left.type !== "VariableDeclaration") assigned(left);
      else for (const { id } of left["declarations"] as readonly (Node & { id: Node })[]) add(namesIn(id));
    } else if (node.type === "CatchClause" && isNode(node["param"])) add(namesIn(node["param"]));
    else if (/^(Function|Class)Declaration$/.test(node.type) && isNode(node["id"])) add(namesIn(node["id"]));
    for (const child of children(node)) visit(child);
  };
  for (const node of nodes) visit(unwrapped(node));
  return aliases;
}
