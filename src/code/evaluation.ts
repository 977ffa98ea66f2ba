// Whether running code changes anything outside of it, as far as its text can tell: what a module does while it is loaded must be harmless.

import { assignedIn, declaredIn, readingMethods } from "./references.ts";
import { children, isErased, isNode, keyOf, namesIn, unwrapped, type Node } from "./syntax.ts";

export interface Evaluation {
  /** The free names whose functions or methods it calls, "new " before those of classes: harmless if those are. */
  readonly calls: readonly string[];
  /** Whether it does something whose reach cannot be told. */
  readonly effect: boolean;
}

/** What a call does that changes nothing but its own result. */
const harmlessGlobals = new Set(
  `Array BigInt Boolean Date Error Intl JSON Map Math Number Object Promise RangeError RegExp Set String Symbol TextDecoder TextEncoder
  TypeError URL URLSearchParams WeakMap WeakSet atob btoa console decodeURIComponent encodeURIComponent isFinite isNaN parseFloat
  parseInt structuredClone`.split(/\s+/),
);
const changing = new Set(["apply", "assign", "call", "defineProperties", "defineProperty", "setPrototypeOf"]);

/** What is known of the module that the code stands in. */
export interface Surroundings {
  /** The names it declares or imports. */
  readonly declared: ReadonlySet<string>;
  /** Whether what this name stands for keeps the functions it is given for later, and does not run them at once. */
  keeps(name: string): boolean;
}

export function evaluationOf(nodes: readonly Node[], around: Surroundings): Evaluation {
  const run = new Run(around);
  for (const node of nodes) run.visit(node);
  return { calls: [...run.calls], effect: run.effect };
}

/** The same of a function, when it is called. */
export function bodyEvaluation(node: Node, around: Surroundings): Evaluation {
  const run = new Run(around);
  run.body(node);
  return { calls: [...run.calls], effect: run.effect };
}

/** The same of a class, when an instance of it is made. */
export function instanceEvaluation(node: Node, around: Surroundings): Evaluation {
  const run = new Run(around);
  run.instance(node);
  return { calls: [...run.calls], effect: run.effect };
}

export function isFunction(node: Node): boolean {
  return /^(ArrowFunctionExpression|FunctionExpression|FunctionDeclaration)$/.test(node.type);
}

/** The name at the left end of a chain of calls and members: `z` of `z.object(…).strict()`. */
export function chainRoot(given: Node): string | undefined {
  let node = unwrapped(given);
  for (;;) {
    if (node.type === "Identifier") return node["name"] as string;
    const next = node["callee"] ?? node["object"] ?? node["argument"] ?? node["expression"] ?? node["tag"];
    if (!/^(Call|New|Member|Await|Chain|TaggedTemplate)Expression$/.test(node.type) || !isNode(next)) return undefined;
    node = unwrapped(next);
  }
}

class Run {
  readonly calls = new Set<string>();
  effect = false;
  readonly #around: Surroundings;
  /** Names that the code itself declares, and those of them that others gave: changing what those hold is felt outside. */
  readonly #own: Set<string>[] = [];
  readonly #given: Set<string>[] = [];
  /** Whether `this` is an instance that nobody else has yet. */
  #makesThis = false;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  visit(given: Node): void {
    const node = unwrapped(given);
    if (isErased(node)) return;
    switch (node.type) {
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        return; // declared, not run
      case "MethodDefinition":
        if (node["computed"] === true) this.visit(node["key"] as Node);
        return;
      case "PropertyDefinition":
      case "AccessorProperty":
        // What is not static is evaluated with each instance, as the constructor is.
        if (node["computed"] === true) this.visit(node["key"] as Node);
        if (node["static"] === true && isNode(node["value"])) this.visit(node["value"]);
        return;
      case "Decorator":
      case "WithStatement":
      case "TSModuleDeclaration":
      case "ImportExpression":
      case "YieldExpression":
      case "ThrowStatement":
        this.effect = true;
        return;
      case "AssignmentExpression":
        this.#assign(node["left"] as Node);
        return this.#each(node);
      case "UpdateExpression":
        this.#assign(node["argument"] as Node);
        return;
      case "UnaryExpression":
        if (node["operator"] === "delete") this.effect = true;
        return this.#each(node);
      case "CallExpression":
      case "NewExpression":
        return this.#call(node, node["callee"] as Node, node["arguments"] as readonly Node[]);
      case "TaggedTemplateExpression":
        return this.#call(node, node["tag"] as Node, (node["quasi"] as Node)["expressions"] as readonly Node[]);
      case "ForInStatement":
      case "ForOfStatement":
        this.#assign(node["left"] as Node);
    }
    this.#own.push(new Set(declaredIn(node)));
    this.#each(node);
    this.#own.pop();
  }

  body(node: Node): void {
    this.#own.push(new Set(declaredIn(node)));
    const given = new Set<string>();
    for (const parameter of node["params"] as readonly Node[])
      for (const name of namesIn(unwrapped(parameter))) given.add(name);
    this.#given.push(given);
    for (const parameter of node["params"] as readonly Node[]) this.visit(parameter);
    this.visit(node["body"] as Node);
    this.#given.pop();
    this.#own.pop();
  }

  instance(node: Node): void {
    this.#makesThis = true;
    const parent = node["superClass"];
    if (isNode(parent)) {
      if (parent.type === "Identifier") this.calls.add(`new ${parent["name"] as string}`);
      else this.effect = true;
    }
    for (const member of (node["body"] as Node)["body"] as readonly Node[]) {
      if (isErased(member) || member["static"] === true || !isNode(member["value"])) continue;
      if (member.type === "PropertyDefinition" || member.type === "AccessorProperty") this.visit(member["value"]);
      else if (member["kind"] === "constructor") this.body(member["value"]);
    }
  }

  #each(node: Node): void {
    for (const child of children(node)) this.visit(child);
  }

  #assign(target: Node): void {
    for (const node of assignedIn(target)) {
      if (node.type !== "MemberExpression") {
        if (!this.#isOwn(node["name"] as string)) this.effect = true;
        continue;
      }
      if (this.#makesThis && unwrapped(node["object"] as Node).type === "ThisExpression") continue;
      const root = chainRoot(node);
      if (root === undefined || !this.#isOwn(root) || this.#isGiven(root)) this.effect = true;
    }
  }

  #call(node: Node, givenCallee: Node, parameters: readonly Node[]): void {
    const callee = unwrapped(givenCallee);
    const root = chainRoot(callee);
    const method = callee.type === "MemberExpression" ? keyOf(callee) : undefined;
    const reads = method !== undefined && readingMethods.has(method);
    if (isFunction(callee)) this.body(callee);
    else if (callee.type !== "Identifier") this.visit(callee);
    const global = root !== undefined && harmlessGlobals.has(root) && !this.#around.declared.has(root);
    if (this.#makesThis && callee.type === "Super") {
      // Told by the class's parent.
    } else if (reads || isFunction(callee)) {
      // Harmless, whatever it is called on.
    } else if (root === undefined) this.effect = true;
    else if (this.#isOwn(root)) {
      // To call what was given, or to change it, may do anything.
      if (this.#isGiven(root) || callee.type === "Identifier") this.effect = true;
    } else if (!global) {
      this.calls.add(node.type === "NewExpression" && callee.type === "Identifier" ? `new ${root}` : root);
    } else if (method !== undefined && changing.has(method)) this.effect = true;
    const kept = root !== undefined && !reads && this.#around.keeps(root);
    for (const [index, parameter] of parameters.entries()) {
      const untouched = kept || (global && (root === "console" || (index === 0 && root !== "Promise")));
      this.#argument(unwrapped(parameter), kept, untouched);
    }
  }

  /** What is given to a call may be called by it. What was given to this code itself was looked at where that was done. */
  #argument(node: Node, kept: boolean, untouched: boolean): void {
    if (isFunction(node)) {
      if (!kept) this.body(node);
      return;
    }
    this.visit(node);
    if (untouched || !/^(Identifier|MemberExpression)$/.test(node.type)) return;
    const root = chainRoot(node);
    if (root === undefined) this.effect = true;
    else if (!this.#isOwn(root) && (!harmlessGlobals.has(root) || this.#around.declared.has(root)))
      this.calls.add(root);
  }

  #isOwn(name: string): boolean {
    return this.#own.some((names) => names.has(name));
  }

  #isGiven(name: string): boolean {
    return this.#given.some((names) => names.has(name));
  }
}
