// Whether what a declaration stands for can be changed and keep the change: whoever reads it later may feel what was done to it.

import { isFunction } from "./evaluation.ts";
import { decoratorsOf, children, isErased, isNode, unwrapped, type Node } from "./syntax.ts";

/** `value`: what is declared; `kind`: by which word. Functions with members of their own are told by whoever uses those. */
export function keepsState(value: Node, kind: string): boolean {
  if (/^Class/.test(value.type)) return isChangingClass(value);
  if (isFunction(value)) return kind === "let" || kind === "var";
  return kind !== "const" || !isPrimitive(value);
}

function isPrimitive(node: Node): boolean {
  switch (node.type) {
    case "Literal":
      return isAbsent(node["regex"]);
    case "TemplateLiteral":
    case "BinaryExpression":
    case "UnaryExpression":
      return true;
    case "ConditionalExpression":
      return [node["consequent"], node["alternate"]].every((one) => isPrimitive(unwrapped(one as Node)));
    case "LogicalExpression":
      return [node["left"], node["right"]].every((one) => isPrimitive(unwrapped(one as Node)));
    case "MemberExpression":
      return isEnvironment(node);
  }
  return false;
}

/** `process.env.NAME`, a text. */
function isEnvironment(node: Node): boolean {
  const object = unwrapped(node["object"] as Node);
  if (object.type !== "MemberExpression" || (object["property"] as Node)["name"] !== "env") return false;
  const root = unwrapped(object["object"] as Node);
  return root.type === "Identifier" && root["name"] === "process";
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

/** Whether a class has something of its own beside methods, or is handed to somebody. */
function isChangingClass(node: Node): boolean {
  if (decoratorsOf(node).length > 0) return true;
  return ((node["body"] as Node)["body"] as readonly Node[]).some((member) => {
    if (isErased(member)) return false;
    if (decoratorsOf(member).length > 0) return true;
    if (member["static"] !== true) return member.type === "StaticBlock";
    return member.type !== "MethodDefinition" || (isNode(member["value"]) && hasThis(member["value"]["body"] as Node));
  });
}

function hasThis(node: Node): boolean {
  if (node.type === "ThisExpression" || node.type === "Super") return true;
  return [...children(node)].some(hasThis);
}
